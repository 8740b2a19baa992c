import type { Job, JobState } from "../../domain/job.ts";
import { deleteArtifact, isOver, withArtifacts } from "./artifacts.ts";
import { type Call, type Handler, notFound, requireOwn, type UseapiParts } from "./context.ts";
import { decodeId, decodePage, decodeStatuses } from "./decode.ts";
import { encodeTask, encodeTracked, statusOf, type TaskView } from "./encode-task.ts";
import { refusal } from "./errors.ts";
import { getLocalAccount } from "./local-accounts.ts";
import { removeLeftovers } from "./media.ts";
import { noContent, ok, type Reply } from "./reply.ts";
import { taskDataOf } from "./task-data.ts";
import type { TaskStatus } from "./wire.ts";

/** `GET /tasks/{taskId}`. */
export const readTask: Handler = (call, parts) => taskReply(call.item, call, parts);

/** `DELETE /tasks/{taskId}`: its result is gone at once, unless another task still has to read it. */
export const deleteTask: Handler = async (call, parts) => {
  const { accountId } = call.caller;
  const { id } = await ownTask(call.item, call, parts);
  const removed = await parts.jobs.remove(accountId, id);
  if (removed === undefined) throw notFound();
  await deleteArtifact(removed, parts);
  await removeLeftovers(parts);
  return noContent;
};

const mostTasks = 1000;

/** `GET /tasks/`: the newest first, or one by its id. */
export const listTasks: Handler = async (call, parts) => {
  const { caller, query } = call;
  const taskId = query.get("taskId");
  if (taskId !== null) return await taskReply(taskId, call, parts);
  const page = decodePage(query, mostTasks);
  const statuses = decodeStatuses(query);
  const email = query.get("email") ?? "";
  const filter = {
    dialect: "useapi" as const,
    ...(email !== "" && { group: (await getLocalAccount(parts.database, caller.accountId, email)).email }),
    ...(statuses !== undefined && { states: [...new Set(statuses.map((status) => stateOf[status]))] }),
  };
  // What waits is told apart by its place in the queue, which a filter does not know.
  const isMixed = statuses !== undefined && statuses.includes("PENDING") !== statuses.includes("THROTTLED");
  if (!isMixed)
    return ok({ tasks: await encodeAll(await parts.jobs.list(caller.accountId, { ...filter, ...page }), call, parts) });
  const waiting = await parts.jobs.count(caller.accountId, { ...filter, states: ["queued"] });
  const limit = page.offset + page.limit + waiting;
  const views = await viewsOf(await parts.jobs.list(caller.accountId, { ...filter, limit }), call, parts);
  const wanted = views.filter((view) => statuses.includes(statusOf(view))).slice(page.offset, page.offset + page.limit);
  return ok({ tasks: wanted.map((view) => encodeTask(view, parts)) });
};

/** `GET /scheduler/`. */
export const listScheduled: Handler = async ({ caller }, { jobs }) => {
  const unfinished = await jobs.list(caller.accountId, { dialect: "useapi", states: ["queued", "running"], limit: mostTasks });
  return ok(unfinished.map(encodeTracked));
};

/** `DELETE /scheduler/{taskId}`: only unfinished tasks are there. */
export const cancelTask: Handler = async (call, parts) => {
  const { id } = await ownTask(call.item, call, parts);
  if ((await parts.jobs.cancel(call.caller.accountId, id)) !== "cancelled") throw notFound();
  return noContent;
};

const stateOf: Readonly<Record<TaskStatus, JobState>> = {
  PENDING: "queued",
  THROTTLED: "queued",
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELLED: "cancelled",
};

async function taskReply(taskId: string, call: Call, parts: UseapiParts): Promise<Reply> {
  const job = await ownTask(taskId, call, parts);
  if (isOver(job, parts.clock.now(), parts)) return refusal(410, "Job has expired");
  return ok((await encodeAll([job], call, parts))[0]);
}

/** Throws: AppError `bad_request` for what is no id of a task, `unauthorized` for another user's, `job_not_found`. */
async function ownTask(text: string, { caller }: Call, { jobs }: UseapiParts): Promise<Job> {
  const id = decodeId(text, "task", "taskId");
  requireOwn(id, caller, "taskId");
  const job = await jobs.get(caller.accountId, id.uuid);
  if (job === undefined || job.dialect !== "useapi" || taskDataOf(job).email !== id.email) throw notFound();
  return job;
}

async function encodeAll(jobs: readonly Job[], call: Call, parts: UseapiParts): Promise<readonly unknown[]> {
  return (await viewsOf(jobs, call, parts)).map((view) => encodeTask(view, parts));
}

async function viewsOf(jobs: readonly Job[], { publicBase }: Call, parts: UseapiParts): Promise<readonly TaskView[]> {
  const reachable = await withArtifacts(jobs, parts);
  const nextId = await findNext(jobs, parts);
  return jobs.map((job) => ({ job, isNext: job.id === nextId, hasArtifact: reachable.has(job.id), publicBase }));
}

/** Of these jobs, the one that starts next of all. */
async function findNext(jobs: readonly Job[], { jobs: service }: UseapiParts): Promise<string | undefined> {
  // Of those that wait it can only be the oldest of the highest priority.
  const waiting = jobs.filter(({ state }) => state === "queued").toReversed();
  const first = waiting.find(({ priority }) => priority === "normal") ?? waiting[0];
  return first !== undefined && (await service.queuePosition(first)) === 0 ? first.id : undefined;
}
