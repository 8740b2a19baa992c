import type { Job, JobResult } from "../../domain/job.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { taskError } from "./errors.ts";
import { formatId, twinOf } from "./ids.ts";
import { fileUrl } from "./links.ts";
import { artifactName, expiryOf, type TaskData, taskDataOf } from "./task-data.ts";
import type { TaskStatus } from "./wire.ts";

export type TaskView = {
  readonly job: Job;
  /** Of the jobs that wait, it is the next to start. */
  readonly isNext: boolean;
  /** Its result can still be had. */
  readonly hasArtifact: boolean;
  readonly publicBase: string;
};

export type EncodeParts = { readonly links: SignedLinks; readonly resultLifetimeSeconds: number };

export function statusOf({ job, isNext }: Pick<TaskView, "job" | "isNext">): TaskStatus {
  switch (job.state) {
    case "queued":
      return isNext ? "PENDING" : "THROTTLED";
    case "running":
      return "RUNNING";
    case "succeeded":
      return "SUCCEEDED";
    case "failed":
      return "FAILED";
    case "cancelled":
      return "CANCELLED";
  }
}

/** A string on the wire: "0" before the start, "1" at a good end, two decimals between. */
export function progressRatio({ state, startedAt, progress }: Job): string {
  if (state === "succeeded") return "1";
  if (startedAt === undefined) return "0";
  return (Math.min(99, shareDone(progress, 100)) / 100).toFixed(2);
}

/** How many of so many parts are done, whole ones; 0.58 is 58 of 100, whatever binary fractions make of it. */
export function shareDone(progress: number, parts: number): number {
  return Math.floor(progress * parts + 1e-6);
}

export function taskIdOf(job: Job): string {
  const { userId, email } = taskDataOf(job);
  return formatId({ userId, email, kind: "task", uuid: job.id });
}

/** A task as it is read. */
export function encodeTask(view: TaskView, parts: EncodeParts): Readonly<Record<string, unknown>> {
  const { job, hasArtifact, publicBase } = view;
  const data = taskDataOf(job);
  const name = `Upscaled ${data.source.name}`;
  const updatedAt = job.finishedAt ?? job.startedAt ?? job.createdAt;
  const artifact =
    hasArtifact && job.result !== undefined ? encodeArtifact(job, job.result, { data, publicBase }, parts) : undefined;
  return {
    taskId: taskIdOf(job),
    id: job.id,
    name,
    image: null,
    createdAt: job.createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    taskType: "harrods",
    options: {
      name,
      parent_asset_group_id: data.groupId,
      creationSource: "apps",
      creationSourceAppId: "upscale-video",
      asset_id: data.source.id,
      exploreMode: data.exploreMode,
      recordingEnabled: true,
    },
    status: statusOf(view),
    error: job.failure === undefined ? null : taskError(job.failure),
    progressText: null,
    progressRatio: progressRatio(job),
    estimatedTimeToStartSeconds: job.state === "queued" ? 0 : null,
    artifacts: artifact === undefined ? [] : [artifact],
    sharedAsset: null,
    sourceAssetId: null,
    ...callbackOf(data),
  };
}

/** The answer to a submit: whatever has happened meanwhile, a task begins by waiting. */
export function encodeCreated(job: Job, publicBase: string, parts: EncodeParts): Readonly<Record<string, unknown>> {
  return { ...encodeTask({ job, isNext: false, hasArtifact: false, publicBase }, parts), code: 200 };
}

/** A task where only its callback matters beside it. */
export function encodeTracked(job: Job): Readonly<Record<string, unknown>> {
  return { taskId: taskIdOf(job), ...callbackOf(taskDataOf(job)) };
}

/** A task in the way of another of the same local account. */
export function encodeRunning(job: Job): Readonly<Record<string, unknown>> {
  const data = taskDataOf(job);
  return { email: data.email, taskId: taskIdOf(job), id: job.id, ...callbackOf(data) };
}

function callbackOf({ replyUrl, replyRef }: TaskData): Readonly<Record<string, string>> {
  return { ...(replyUrl !== undefined && { replyUrl }), ...(replyRef !== undefined && { replyRef }) };
}

type ArtifactContext = { readonly data: TaskData; readonly publicBase: string };

function encodeArtifact(job: Job, result: JobResult, { data, publicBase }: ArtifactContext, parts: EncodeParts) {
  const { userId, email, groupId, source } = data;
  const id = twinOf(job.id);
  const filename = artifactName(data);
  const { width, height, durationSeconds, objectKey, sizeBytes } = result;
  const finishedAt = (job.finishedAt ?? job.createdAt).toISOString();
  const expiresAt = expiryOf(job, parts.resultLifetimeSeconds) ?? job.createdAt;
  return {
    id,
    assetId: formatId({ userId, email, kind: "asset", uuid: id }),
    taskId: taskIdOf(job),
    createdAt: finishedAt,
    updatedAt: finishedAt,
    userId,
    createdBy: userId,
    parentAssetGroupId: groupId,
    filename,
    url: fileUrl({ publicBase, key: objectKey, name: filename, expiresAt }, parts.links),
    fileSize: String(sizeBytes),
    isDirectory: false,
    previewUrls: [],
    private: true,
    privateInTeam: true,
    deleted: false,
    reported: false,
    favorite: false,
    metadata: {
      frameRate: thousandths(source.frameRate),
      duration: thousandths(durationSeconds),
      dimensions: [width, height],
      size: { width, height },
    },
  };
}

export function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
