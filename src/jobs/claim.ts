import type { Database, OpenDatabase, TransactionDatabase } from "../db/database.ts";
import { type JobFailure, isFinished, nextState } from "../domain/job.ts";
import { finish, type FinishContext, lockStates } from "./finish.ts";
import type { Lease } from "./job-queue.ts";
import { findRow, jobColumns, type JobRow, toJob } from "./job-rows.ts";
import type { JobClaim } from "./job-runner.ts";

/** A job that ended its worker's whole process this often is not started again. */
const maxInterruptions = 10;

export type ClaimContext = FinishContext & {
  readonly database: OpenDatabase;
  readonly concurrencyLimit: (accountId: string, database: Database) => Promise<number>;
};

/** `ended`: a job was in the way that could only be failed; there may be more behind it. */
export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly claim: JobClaim }
  | { readonly kind: "ended"; readonly jobId: string }
  | { readonly kind: "none" };

/** Takes the next job that may start and marks it as running, in one transaction. */
export function claimOne(context: ClaimContext): Promise<ClaimOutcome> {
  return context.database.transaction(async (transaction): Promise<ClaimOutcome> => {
    await lockStates(transaction);
    const lease = await context.queue.take(await fullAccounts(context, transaction), transaction);
    if (lease === undefined) return { kind: "none" };
    const row = await findRow(transaction, lease.jobId, "lock");
    if (row === undefined || isFinished(row.state)) {
      await context.queue.remove(lease.jobId, transaction);
      return { kind: "ended", jobId: lease.jobId };
    }
    const failure = whyNotStarted(row, context.now);
    if (failure !== undefined) {
      await finish(row, { transition: "fail", failure }, context, transaction);
      return { kind: "ended", jobId: row.id };
    }
    return { kind: "claimed", claim: await start(row, lease, context.now, transaction) };
  });
}

/** Accounts with as many running jobs as they may have. A dead worker's job counts as running until it is taken up again. */
async function fullAccounts({ concurrencyLimit }: ClaimContext, database: Database): Promise<readonly string[]> {
  const accounts = await database.query<{ account_id: string; running: bigint }>(
    "select account_id, count(*) as running from jobs where state = 'running' group by account_id",
  );
  const full: string[] = [];
  for (const { account_id: accountId, running } of accounts) {
    if (Number(running) >= (await concurrencyLimit(accountId, database))) full.push(accountId);
  }
  return full;
}

function whyNotStarted(row: JobRow, now: Date): JobFailure | undefined {
  if (row.state === "queued" && row.start_deadline !== null && row.start_deadline <= now) return startTimeout(row);
  if (row.interruptions < maxInterruptions) return undefined;
  return { code: "internal", message: "The job ended its worker again and again and was given up.", details: {} };
}

export function startTimeout(row: JobRow): JobFailure {
  return {
    code: "start_timeout",
    message: "The job could not be started in time.",
    details: { startDeadline: row.start_deadline?.toISOString() },
  };
}

async function start(row: JobRow, lease: Lease, now: Date, database: TransactionDatabase): Promise<JobClaim> {
  const wasInterrupted = row.state === "running" && !row.handed_back;
  const [started] = await database.query<JobRow>(
    `update jobs set state = $2, started_at = coalesce(started_at, $3), attempt = attempt + 1, handed_back = false,
       interruptions = interruptions + $4
     where id = $1 returning ${jobColumns}`,
    [row.id, nextState(row.state, "start"), now, wasInterrupted ? 1 : 0],
  );
  if (started === undefined) throw new Error(`job ${row.id} vanished while its row was locked`);
  const { attempt, crashes, retries, plan_threads: encoderThreads } = started;
  return { job: toJob(started), lease, attempt, crashes, retries, encoderThreads: encoderThreads ?? undefined };
}
