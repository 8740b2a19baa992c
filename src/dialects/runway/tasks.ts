import { isFinished, type Job } from "../../domain/job.ts";
import type { RunwayCall, RunwayContext } from "./context.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { fileUrl, taskBody } from "./encode.ts";
import { taskNotFound } from "./errors.ts";
import { json, noContent, type RunwayReply } from "./reply.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** How long a link to an output works; every read makes a new one. */
const linkLifetimeMs = 86_400_000;

export async function readTask(call: RunwayCall, context: RunwayContext): Promise<RunwayReply> {
  const job = await find(call, context);
  if (job === undefined) return taskNotFound(call.mount === "gateway");
  const isThrottled = call.mount === "native" && job.state === "queued" && (await isFull(call.accountId, context));
  return json(200, taskBody(job, { isThrottled, outputUrl: outputUrl(job, call.publicBase, context) }));
}

/** Stops a task that is under way; the task and its media are gone then. */
export async function deleteTask(call: RunwayCall, context: RunwayContext): Promise<RunwayReply> {
  const { jobs, store } = context;
  const found = await find(call, context);
  const removed = found === undefined ? undefined : await jobs.remove(call.accountId, found.id);
  if (removed === undefined) return taskNotFound(call.mount === "gateway");
  if (removed.result !== undefined) await store.delete(removed.result.objectKey);
  if (removed.source.kind === "object" && dialectDataOf(removed).ownsSource) await store.delete(removed.source.key);
  return noContent;
}

/** A task of this account that is still kept. */
async function find({ accountId, taskId }: RunwayCall, context: RunwayContext): Promise<Job | undefined> {
  if (!uuid.test(taskId)) return undefined;
  const job = await context.jobs.get(accountId, taskId);
  if (job?.dialect !== "runway") return undefined;
  return isFinished(job.state) && resultExpiry(job, context) <= context.clock.now() ? undefined : job;
}

async function isFull(accountId: string, { jobs, accountFacts }: RunwayContext): Promise<boolean> {
  const { maxConcurrentJobs } = await accountFacts(accountId);
  return (await jobs.count(accountId, { states: ["running"] })) >= maxConcurrentJobs;
}

function outputUrl(job: Job, publicBase: string, context: RunwayContext): string | undefined {
  if (job.result === undefined) return undefined;
  const lastMs = Math.min(context.clock.now().getTime() + linkLifetimeMs, resultExpiry(job, context).getTime());
  const token = context.links.sign({ key: job.result.objectKey, purpose: "read", expiresAt: new Date(lastMs) });
  return fileUrl(publicBase, token, job.result.fileName);
}

/** When the output is removed: a task is unknown from then on. */
function resultExpiry(job: Job, { resultLifetimeSeconds }: RunwayContext): Date {
  const seconds = job.resultLifetimeSeconds ?? resultLifetimeSeconds;
  return new Date((job.finishedAt ?? job.createdAt).getTime() + seconds * 1000);
}
