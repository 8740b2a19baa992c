import type { TransactionDatabase } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";
import { type Job, type JobFailure, type JobResult, nextState } from "../domain/job.ts";
import { stringifyJson } from "../core/json.ts";
import { findRow, jobColumns, type JobRow, toJob } from "./job-rows.ts";
import type { JobFinishedListener } from "./job-service.ts";
import type { JobQueue } from "./job-queue.ts";

/** Every start and end of a job is decided under this one lock, so that limits are exact and no two ends meet. */
const stateLock = 7_261_502;

export async function lockStates(database: TransactionDatabase): Promise<void> {
  await database.query("select pg_advisory_xact_lock($1)", [stateLock]);
}

export type JobEnd =
  | { readonly transition: "succeed"; readonly result: JobResult; readonly report: unknown }
  | { readonly transition: "fail"; readonly failure: JobFailure }
  | { readonly transition: "cancel" };

export type FinishContext = {
  readonly queue: JobQueue;
  readonly listeners: readonly JobFinishedListener[];
  readonly now: Date;
};

/** Ends a job whose row is locked: its last state, what listeners decide from it and the queue, all or nothing.
 *  The job as it is then.  Throws: AppError `job_finished`. */
export async function finish(
  row: JobRow,
  end: JobEnd,
  { queue, listeners, now }: FinishContext,
  database: TransactionDatabase,
): Promise<Job> {
  const state = nextState(row.state, end.transition);
  const [updated] = await database.query<JobRow>(
    `update jobs set state = $2, finished_at = $3, result = $4, failure = $5, report = $6, progress = $7 where id = $1
     returning ${jobColumns}`,
    [
      row.id,
      state,
      now,
      end.transition === "succeed" ? stringifyJson(end.result) : null,
      end.transition === "fail" ? stringifyJson(end.failure) : null,
      end.transition === "succeed" ? stringifyJson(end.report ?? null) : null,
      end.transition === "succeed" ? 1 : row.progress,
    ],
  );
  if (updated === undefined) throw new AppError("job_not_found", `There is no job ${row.id}.`);
  await queue.remove(row.id, database);
  await database.query("delete from job_segments where job_id = $1", [row.id]);
  const errorCode = end.transition === "fail" ? end.failure.code : end.transition === "cancel" ? "cancelled" : undefined;
  for (const listener of listeners) await listener({ job: toJob(updated), errorCode }, database);
  // A listener may have decided the price.
  const last = await findRow(database, row.id);
  return toJob(last ?? updated);
}
