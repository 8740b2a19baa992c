import type { UpscaleRequest } from "../../domain/upscale-request.ts";
import type { Problem } from "./answer.ts";
import { fieldProblem, firstProblem, isRecord, unsupportedParameter } from "./fields.ts";
import { isUuid, type MediaSource, readMediaSource } from "./media-source.ts";
import { taskTypes, type TaskType } from "./names.ts";
import { Extension, ignoredKeys, ImageTask, MediaTask, UpscaleTask } from "./wire.ts";

export type Task = Readonly<Record<string, unknown>>;
export type Decoded<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: Problem };

/** More tasks in one request than anybody sends. */
export const mostTasks = 100;

function accepted<Value>(value: Value): Decoded<Value> {
  return { ok: true, value };
}

function refused(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}

/** Reads a body or a frame: an array of task objects. */
export function decodeTasks(text: string): Decoded<readonly Task[]> {
  let body: unknown;
  try {
    body = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch {
    return refused({ status: 400, code: "invalidJSON", message: "The request is not valid JSON." });
  }
  const tasks = Array.isArray(body) ? body.filter(isRecord) : [];
  if (Array.isArray(body) && tasks.length === body.length && tasks.length > 0 && tasks.length <= mostTasks)
    return accepted(tasks);
  const message = `The request has to be a JSON array of 1 to ${mostTasks} task objects.`;
  return refused({ status: 400, code: "invalidPayload", message });
}

/** Null counts as absent. */
function withoutNulls(task: Task): Task {
  return Object.fromEntries(Object.entries(task).filter(([, value]) => value !== null));
}

export function decodeTaskType(task: Task): Decoded<TaskType> {
  const { taskType } = task;
  const allowedValues = taskTypes;
  const facts = { status: 400, parameter: "taskType", type: "string", allowedValues };
  if (taskType === undefined || taskType === null) {
    return refused({ ...facts, code: "missingTaskType", message: "Missing required parameter 'taskType'." });
  }
  const known = taskTypes.find((candidate) => candidate === taskType);
  if (known !== undefined) return accepted(known);
  return refused({ ...facts, code: "unsupportedTaskType", message: "Unsupported value for 'taskType' parameter." });
}

export type UuidOptions = { readonly acceptsAnyUuidVersion: boolean };

/** The UUID of a task as it was written, which is how its answers name it. */
export function decodeTaskUuid({ taskUUID }: Task, { acceptsAnyUuidVersion }: UuidOptions): Decoded<string> {
  const facts = { status: 400, parameter: "taskUUID", type: "string" };
  if (taskUUID === undefined || taskUUID === null) {
    return refused({ ...facts, code: "missingTaskUUID", message: "Missing required parameter 'taskUUID'." });
  }
  if (typeof taskUUID === "string" && isUuid(taskUUID, { acceptsAnyVersion: acceptsAnyUuidVersion })) return accepted(taskUUID);
  const message = `Invalid value for 'taskUUID' parameter. It must be a UUID${acceptsAnyUuidVersion ? "" : " of version 4"}.`;
  return refused({ ...facts, code: "invalidTaskUUID", message });
}

export type TargetSetting = "1080p" | "2k" | "4k" | "next";

export type UpscaleCall = {
  readonly request: UpscaleRequest;
  readonly video: MediaSource;
  readonly delivery: "async" | "sync";
  readonly includeCost: boolean;
  readonly webhookUrl: string | undefined;
  readonly uploadUrl: string | undefined;
  readonly resultLifetimeSeconds: number | undefined;
  /** The task as it was written, for whoever asks for it later; without the file itself. */
  readonly original: Task;
};

const upscaleKeys = new Set(["taskType", "taskUUID", ...Object.keys(UpscaleTask.shape), ...Object.keys(ignoredKeys)]);
const inputKeys = new Set(Object.keys(UpscaleTask.shape.inputs.shape));
const extensionKeys = new Set(Object.keys(Extension.shape));

/** Reads an `upscale` task: what is to be done, or the first thing wrong with it. */
export function decodeUpscale(given: Task, target: TargetSetting): Decoded<UpscaleCall> {
  const outer = withoutNulls(given);
  const { inputs, upres } = outer;
  const task: Task = {
    ...outer,
    ...(isRecord(inputs) && { inputs: withoutNulls(inputs) }),
    ...(isRecord(upres) && { upres: withoutNulls(upres) }),
  };
  const unknown = unknownParameter(task);
  if (unknown !== undefined) return refused(unsupportedParameter(unknown));
  const parsed = UpscaleTask.safeParse(task);
  if (!parsed.success) return refused(firstProblem(parsed.error, task));
  const { data } = parsed;
  if (data.upres?.scale !== undefined && data.upres.targetResolution !== undefined) {
    return refused(fieldProblem("upres.scale", "invalid"));
  }
  const video = readMediaSource(data.inputs.video);
  if (video === undefined) return refused(fieldProblem("inputs.video", "invalid"));
  return accepted({
    request: toUpscaleRequest(data, target),
    video,
    delivery: data.deliveryMethod ?? "async",
    includeCost: data.includeCost ?? false,
    webhookUrl: data.webhookURL,
    uploadUrl: data.uploadEndpoint,
    resultLifetimeSeconds: data.ttl === undefined ? undefined : Math.min(data.ttl, longestLifetimeSeconds),
    original: video.kind === "inline" ? { ...task, inputs: { video: `${data.inputs.video.slice(0, 64)}…` } } : task,
  });
}

/** 30 years: beyond that a date may not be one. */
const longestLifetimeSeconds = 1e9;

function unknownParameter(task: Task): string | undefined {
  const { inputs, upres } = task;
  const outer = Object.keys(task).find((key) => !upscaleKeys.has(key));
  const ignored = Object.entries(ignoredKeys).find(([key, value]) => Object.hasOwn(task, key) && task[key] !== value)?.[0];
  const input = isRecord(inputs) ? Object.keys(inputs).find((key) => !inputKeys.has(key)) : undefined;
  const extension = isRecord(upres) ? Object.keys(upres).find((key) => !extensionKeys.has(key)) : undefined;
  return outer ?? ignored ?? (input === undefined ? undefined : `inputs.${input}`) ?? (extension && `upres.${extension}`);
}

const containers = { MP4: "mp4", WEBM: "webm", MOV: "mov" } as const;

function toUpscaleRequest(
  { outputFormat = "MP4", outputQuality = 95, upres = {} }: UpscaleTask,
  target: TargetSetting,
): UpscaleRequest {
  return {
    target: upres.scale === undefined ? boxTarget(upres.targetResolution ?? target) : { kind: "scale", factor: upres.scale },
    fps: upres.fps ?? "keep",
    preset: upres.preset ?? "general",
    tier: upres.tier ?? "standard",
    fidelity: upres.fidelity ?? "high",
    container: containers[outputFormat],
    quality: outputQuality,
  };
}

function boxTarget(target: TargetSetting): UpscaleRequest["target"] {
  return target === "next" ? { kind: "next_box" } : { kind: "box", box: target, keepsLarger: true };
}

export type MediaCall =
  | { readonly operation: "upload"; readonly source: MediaSource }
  /** In lower case. */
  | { readonly operation: "delete"; readonly id: string };

export function decodeMedia(given: Task): Decoded<MediaCall> {
  const task = withoutNulls(given);
  const parsed = MediaTask.safeParse(task);
  if (!parsed.success) return refused(firstProblem(parsed.error, task));
  const { operation, media } = parsed.data;
  const source = readMediaSource(media);
  if (operation === "upload") return uploadOf(source, "media");
  return source?.kind === "stored" ? accepted({ operation, id: source.id }) : refused(fieldProblem("media", "invalid"));
}

export function decodeImage(given: Task): Decoded<MediaCall> {
  const task = withoutNulls(given);
  const parsed = ImageTask.safeParse(task);
  if (!parsed.success) return refused(firstProblem(parsed.error, task));
  return uploadOf(readMediaSource(parsed.data.image), "image");
}

/** What is stored already is no upload. */
function uploadOf(source: MediaSource | undefined, parameter: "media" | "image"): Decoded<MediaCall> {
  if (source === undefined || source.kind === "stored") return refused(fieldProblem(parameter, "invalid"));
  return accepted({ operation: "upload", source });
}
