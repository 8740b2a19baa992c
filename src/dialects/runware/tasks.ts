import { errorFacts } from "../../core/logger.ts";
import type { Job } from "../../domain/job.ts";
import { type Answer, data, envelope, type Problem, refusal, type TaskName } from "./answer.ts";
import type { Caller, RunwareContext } from "./context.ts";
import { type Decoded, decodeImage, decodeMedia, decodeTaskType, decodeTaskUuid, type MediaCall, type Task } from "./decode.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { acknowledgment, jobAnswer } from "./encode.ts";
import { problemOf } from "./errors.ts";
import { findTask } from "./find-task.ts";
import { answerMedia, type MediaTaskName } from "./media.ts";
import { countedTaskTypes } from "./names.ts";
import { toDollars } from "./price.ts";
import { submitUpscale } from "./upscale.ts";
import { waitForEnd } from "./wait.ts";

export type Outcome =
  | {
      readonly kind: "answered";
      readonly answer: Answer;
      /** The job that was asked for. */
      readonly polled?: Job;
    }
  /** A synchronous task: its answer is its job's end. */
  | { readonly kind: "waits"; readonly job: Job; readonly taskUUID: string };

/** Longest text of a caller's that is repeated in an answer. */
const longestEcho = 1_000;

/** How a task is called in its answers, also where what it says is wrong. */
export function nameOf({ taskType, taskUUID }: Task): TaskName {
  return {
    ...(typeof taskUUID === "string" && { taskUUID: taskUUID.slice(0, longestEcho) }),
    ...(typeof taskType === "string" && { taskType: taskType.slice(0, 100) }),
  };
}

/** Does what one task asks for. Never rejects: what goes wrong is an answer. */
export async function acceptTask(task: Task, caller: Caller, context: RunwareContext): Promise<Outcome> {
  try {
    return await dispatch(task, caller, context);
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      context.logger.error("task failed", { dialect: "runware", ...errorFacts(error) });
    }
    return refused(problem, task);
  }
}

function answered(answer: Answer): Outcome {
  return { kind: "answered", answer };
}

function refused(problem: Problem, task: Task): Outcome {
  return answered(refusal(problem, nameOf(task)));
}

export const pong: Answer = data({ taskType: "ping", pong: true });

async function dispatch(task: Task, caller: Caller, context: RunwareContext): Promise<Outcome> {
  const taskType = decodeTaskType(task);
  if (!taskType.ok) return refused(taskType.problem, task);
  if (taskType.value === "ping") return answered(pong);
  // Asked for each task, so that each counts, and none is done for a key that was revoked meanwhile.
  const access = await context.authenticate(caller.credential, { counts: countedTaskTypes.has(taskType.value) });
  if (access === undefined) return refused(invalidApiKey, task);
  const taskUUID = decodeTaskUuid(task, context);
  if (!taskUUID.ok) return refused(taskUUID.problem, task);
  switch (taskType.value) {
    case "upscale":
      return await upscale(task, taskUUID.value, caller, context);
    case "getResponse":
      return await poll(task, taskUUID.value, caller, context);
    case "getTaskDetails":
      return await describe(task, taskUUID.value, caller, context);
    case "mediaStorage":
      return await media(decodeMedia(task), { taskType: "mediaStorage", taskUUID: taskUUID.value }, caller, context);
    case "imageUpload":
      return await media(decodeImage(task), { taskType: "imageUpload", taskUUID: taskUUID.value }, caller, context);
    case "authentication":
      return refused({ status: 400, code: "unsupportedTaskType", message: "Authentication has to come before all tasks." }, task);
  }
}

export const invalidApiKey: Problem = {
  status: 401,
  code: "invalidApiKey",
  message: "The API key is not valid; `upres keys create` makes one.",
  parameter: "apiKey",
};

export const missingApiKey: Problem = {
  status: 401,
  code: "missingApiKey",
  message: "An API key is needed; `upres keys create` makes one.",
  parameter: "apiKey",
};

async function upscale(task: Task, taskUUID: string, caller: Caller, context: RunwareContext): Promise<Outcome> {
  const submitted = await submitUpscale(task, taskUUID, caller, context);
  switch (submitted.kind) {
    case "refused":
      return refused(submitted.problem, task);
    case "quoted":
      return answered(data({ ...acknowledgment(taskUUID), cost: toDollars(submitted.micros) }));
    case "submitted":
      if (submitted.delivery === "sync") return { kind: "waits", job: submitted.job, taskUUID };
      return answered(data(acknowledgment(taskUUID)));
  }
}

/** The answer of a synchronous task, as soon as there is one. */
export async function answerInTime(
  { job, taskUUID }: { readonly job: Job; readonly taskUUID: string },
  { publicBase, signal, waitMs }: { readonly publicBase: string; readonly signal: AbortSignal; readonly waitMs: number },
  context: RunwareContext,
): Promise<Answer> {
  const name = { taskUUID, taskType: "upscale" };
  try {
    const ended = await waitForEnd(job, { waitMs, signal }, context);
    return ended === undefined ? refusal(syncTimeout, name) : jobAnswer(ended, taskUUID, { ...context, publicBase });
  } catch (error) {
    context.logger.error("task cannot be waited for", { dialect: "runware", jobId: job.id, ...errorFacts(error) });
    return refusal(syncTimeout, name);
  }
}

const syncTimeout: Problem = {
  status: 504,
  code: "syncTimeout",
  message: "The task takes longer than a request may; it goes on, and `getResponse` gives its result.",
};

async function poll(task: Task, taskUUID: string, caller: Caller, context: RunwareContext): Promise<Outcome> {
  const job = await findTask(taskUUID, caller.accountId, context);
  if (job === undefined) return refused(taskNotFound(taskUUID), task);
  return { kind: "answered", answer: jobAnswer(job, taskUUID, { ...context, publicBase: caller.publicBase }), polled: job };
}

async function describe(task: Task, taskUUID: string, caller: Caller, context: RunwareContext): Promise<Outcome> {
  const job = await findTask(taskUUID, caller.accountId, context);
  if (job === undefined) return refused(taskNotFound(taskUUID), task);
  const answer = jobAnswer(job, taskUUID, { ...context, publicBase: caller.publicBase });
  const response = answer.kind === "data" ? envelope([answer]) : { errors: [answer.entry] };
  const { original } = dialectDataOf(job);
  return answered(data({ taskType: "getTaskDetails", taskUUID, request: [original], response }));
}

function taskNotFound(taskUUID: string): Problem {
  const message = `There is no task '${taskUUID}'; it may have expired.`;
  return { status: 404, code: "taskNotFound", message, parameter: "taskUUID" };
}

async function media(call: Decoded<MediaCall>, name: MediaTaskName, caller: Caller, context: RunwareContext): Promise<Outcome> {
  if (!call.ok) return answered(refusal(call.problem, name));
  return answered(await answerMedia(call.value, name, caller, context));
}
