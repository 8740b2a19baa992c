import { randomUUID } from "node:crypto";
import type { Job, JobSource } from "../../domain/job.ts";
import { reserveMicros, runwareMicros } from "../../domain/pricing.ts";
import type { Problem } from "./answer.ts";
import type { Caller, RunwareContext } from "./context.ts";
import { decodeUpscale, type Decoded, type Task, type UpscaleCall } from "./decode.ts";
import { dialectDataOf, toDialectData } from "./dialect-data.ts";
import { problemOf } from "./errors.ts";
import { findTask, groupOf } from "./find-task.ts";
import { deleteMedia, insertMedia } from "./media-table.ts";
import { removeUnused } from "./media.ts";
import { resolveSource } from "./source.ts";

export type Submitted =
  | { readonly kind: "submitted"; readonly job: Job; readonly delivery: "async" | "sync" }
  /** A dry run: checked, priced, forgotten. */
  | { readonly kind: "quoted"; readonly micros: bigint }
  | { readonly kind: "refused"; readonly problem: Problem };

/** Takes an `upscale` task, or says what is wrong with it. A refused one leaves nothing behind, its UUID not taken.
 *  Throws: AppError `queue_full`, `credits_exhausted`. */
export async function submitUpscale(task: Task, taskUUID: string, caller: Caller, context: RunwareContext): Promise<Submitted> {
  const call = decodeUpscale(task, context.target);
  if (!call.ok) return refused(call.problem);
  if ((await findTask(taskUUID, caller.accountId, context)) !== undefined) return refused(conflict);
  if (caller.isDryRun) return await quote(call.value, caller, context);
  const source = await resolveSource(call.value.video, caller.accountId, context);
  if (!source.ok) return refused(source.problem);
  const resultId = randomUUID();
  const removeTraces = async (): Promise<void> => {
    await deleteMedia(context.database, { accountId: caller.accountId, id: resultId });
    if (call.value.video.kind === "inline" && source.value.kind === "object") await context.store.delete(source.value.key);
  };
  await removeUnused(context);
  await insertMedia(context.database, caller.accountId, { kind: "result", id: resultId, taskUUID }, context.clock.now());
  try {
    const job = await submit({ call: call.value, taskUUID, source: source.value, resultId }, caller, context);
    // The same UUID twice gives the first task's job.
    if (dialectDataOf(job).resultId === resultId) return { kind: "submitted", job, delivery: call.value.delivery };
  } catch (error) {
    await removeTraces();
    throw error;
  }
  await removeTraces();
  return refused(conflict);
}

const conflict: Problem = {
  status: 400,
  code: "conflictTaskUUID",
  message: "There is a task of this UUID already; every task needs its own.",
  parameter: "taskUUID",
};

function refused(problem: Problem): Submitted {
  return { kind: "refused", problem };
}

type Submission = {
  readonly call: UpscaleCall;
  readonly taskUUID: string;
  readonly source: JobSource;
  readonly resultId: string;
};

async function submit(
  { call, taskUUID, source, resultId }: Submission,
  caller: Caller,
  { jobs, secondMicros }: RunwareContext,
): Promise<Job> {
  const { request, webhookUrl, uploadUrl, resultLifetimeSeconds, includeCost, original } = call;
  return await jobs.submit({
    accountId: caller.accountId,
    dialect: "runware",
    request,
    source,
    reserveMicros: reserveMicros("runware", request, { runwareSecondMicros: secondMicros }),
    idempotencyKey: groupOf(taskUUID),
    group: groupOf(taskUUID),
    dialectData: toDialectData({ taskUUID, resultId, includeCost, publicBase: caller.publicBase, original }),
    ...(webhookUrl !== undefined && { webhookUrl }),
    ...(uploadUrl !== undefined && { uploadUrl }),
    ...(resultLifetimeSeconds !== undefined && { resultLifetimeSeconds }),
  });
}

/** A video is only looked at where its length makes a price. */
async function quote({ video }: UpscaleCall, { accountId }: Caller, context: RunwareContext): Promise<Submitted> {
  const { secondMicros, limits, maxUploadBytes: maxBytes } = context;
  if (secondMicros === 0 && video.kind === "url") return { kind: "quoted", micros: 0n };
  const source = await resolveSource(video, accountId, context);
  if (!source.ok) return refused(source.problem);
  const micros = await priceOf(source.value);
  if (video.kind === "inline" && source.value.kind === "object") await context.store.delete(source.value.key);
  return micros.ok ? { kind: "quoted", micros: micros.value } : refused(micros.problem);

  async function priceOf(from: JobSource): Promise<Decoded<bigint>> {
    if (secondMicros === 0) return { ok: true, value: 0n };
    try {
      const { facts, key } = await context.inspectSource(from, { timeoutMs: limits.transferMs, maxBytes });
      if (from.kind === "url") await context.store.delete(key);
      return { ok: true, value: runwareMicros(facts.durationSeconds, secondMicros) };
    } catch (error) {
      return { ok: false, problem: problemOf(error) };
    }
  }
}
