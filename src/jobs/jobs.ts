import type { Clock } from "../core/clock.ts";
import type { Database, OpenDatabase } from "../db/database.ts";
import { type DialectName, isFinished, type Job, type JobFailure, type JobLogLine, type JobResult } from "../domain/job.ts";
import { Changes } from "./changes.ts";
import { claimOne, startTimeout } from "./claim.ts";
import { finish, type FinishContext, type JobEnd, lockStates } from "./finish.ts";
import type { JobQueue } from "./job-queue.ts";
import { findRow, jobColumns, type JobRow, priorityNumbers, readLogs, toJob } from "./job-rows.ts";
import type { ClaimState, JobClaim, JobCounts, JobProgress, JobRunner } from "./job-runner.ts";
import type { CancelOutcome, JobEvent, JobFinishedListener, JobService, SubmitJob } from "./job-service.ts";
import { expiredResults, sourcesInUse } from "./stored-files.ts";
import { submit } from "./submit.ts";
import { watchJob } from "./watch.ts";

export type JobsOptions = {
  readonly database: OpenDatabase;
  readonly clock: Clock;
  readonly concurrencyLimit: (accountId: string, database: Database) => Promise<number>;
  readonly reserveCredits?: (job: Job, database: Database) => Promise<void>;
};

const defaultListLength = 100;

/** Jobs in the database and the queue, kept in step by doing both in one transaction. */
export class Jobs implements JobService, JobRunner, AsyncDisposable {
  readonly #options: JobsOptions;
  readonly #database: OpenDatabase;
  readonly #queue: JobQueue;
  readonly #listeners: JobFinishedListener[] = [];
  readonly #changes = new Changes();

  constructor(options: JobsOptions, queue: JobQueue) {
    this.#options = options;
    this.#database = options.database;
    this.#queue = queue;
  }

  async submit(job: SubmitJob): Promise<Job> {
    const { reserveCredits } = this.#options;
    const stored = await submit(job, { database: this.#database, queue: this.#queue, now: this.#now(), reserveCredits });
    this.#changes.announce(stored.id);
    return stored;
  }

  async get(accountId: string, id: string): Promise<Job | undefined> {
    const row = await findRow(this.#database, id);
    return row === undefined || row.account_id !== accountId ? undefined : toJob(row);
  }

  async list(
    accountId: string,
    options: { readonly limit?: number; readonly before?: Date; readonly dialect?: DialectName } = {},
  ): Promise<readonly Job[]> {
    const rows = await this.#database.query<JobRow>(
      `select ${jobColumns} from jobs
       where account_id = $1 and ($2::timestamptz is null or created_at < $2) and ($3::text is null or dialect = $3)
       order by created_at desc, sequence desc limit $4`,
      [accountId, options.before ?? null, options.dialect ?? null, options.limit ?? defaultListLength],
    );
    return rows.map(toJob);
  }

  async queuePosition(job: Job): Promise<number> {
    const [row] = await this.#database.query<{ ahead: bigint }>(
      `select count(*) as ahead from jobs
       where state = 'queued' and (priority > $2 or (priority = $2 and sequence < (select sequence from jobs where id = $1)))`,
      [job.id, priorityNumbers[job.priority]],
    );
    return Number(row?.ahead ?? 0n);
  }

  async cancel(accountId: string, id: string): Promise<CancelOutcome> {
    const outcome = await this.#database.transaction(async (transaction): Promise<CancelOutcome> => {
      await lockStates(transaction);
      const row = await findRow(transaction, id, "lock");
      if (row === undefined || row.account_id !== accountId) return "not_found";
      if (isFinished(row.state)) return "already_finished";
      await finish(row, { transition: "cancel" }, this.#finishContext(), transaction);
      return "cancelled";
    });
    if (outcome === "cancelled") this.#changes.announce(id);
    return outcome;
  }

  logs(id: string, after = 0): Promise<readonly JobLogLine[]> {
    return readLogs(this.#database, id, after);
  }

  watch(id: string, signal: AbortSignal): AsyncIterable<JobEvent> {
    return watchJob(id, { database: this.#database, changes: this.#changes, clock: this.#options.clock }, signal);
  }

  onFinished(listener: JobFinishedListener): void {
    this.#listeners.push(listener);
  }

  onChange(listener: (jobId: string) => void): Disposable {
    return this.#changes.listen(listener);
  }

  async claim(): Promise<JobClaim | undefined> {
    const { concurrencyLimit } = this.#options;
    for (;;) {
      const outcome = await claimOne({ ...this.#finishContext(), database: this.#database, concurrencyLimit });
      if (outcome.kind === "none") return undefined;
      if (outcome.kind === "ended") {
        this.#changes.announce(outcome.jobId);
        continue;
      }
      this.#changes.announce(outcome.claim.job.id);
      return outcome.claim;
    }
  }

  async renew(claim: JobClaim, progress?: JobProgress): Promise<ClaimState> {
    const isLeased = await this.#queue.extend(claim.lease);
    if (isLeased && progress === undefined) return "held";
    if (isLeased && progress !== undefined) {
      const { framesDone, framesTotal } = progress;
      const updated = await this.#database.query(
        `update jobs set frames_done = $3, frames_total = $4, progress = $5 where id = $1 and attempt = $2 and state = 'running'
         returning id`,
        [claim.job.id, claim.attempt, framesDone, framesTotal, framesTotal > 0 ? Math.min(1, framesDone / framesTotal) : 0],
      );
      this.#changes.announce(claim.job.id);
      if (updated.length === 1) return "held";
    }
    const row = await findRow(this.#database, claim.job.id);
    return row?.state === "cancelled" ? "cancelled" : "lost";
  }

  async log(jobId: string, level: JobLogLine["level"], message: string): Promise<void> {
    const values = [jobId, this.#now(), level, message];
    await this.#database.query("insert into job_logs (job_id, at, level, message) values ($1, $2, $3, $4)", values);
    this.#changes.announce(jobId);
  }

  async recordCrash(claim: JobClaim): Promise<number> {
    const [row] = await this.#database.query<{ crashes: number }>(
      "update jobs set crashes = crashes + 1 where id = $1 returning crashes",
      [claim.job.id],
    );
    return row?.crashes ?? 0;
  }

  succeed(claim: JobClaim, result: JobResult, report: unknown): Promise<ClaimState> {
    return this.#end(claim, { transition: "succeed", result, report });
  }

  fail(claim: JobClaim, failure: JobFailure): Promise<ClaimState> {
    return this.#end(claim, { transition: "fail", failure });
  }

  async handBack(claim: JobClaim, delaySeconds?: number): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      await lockStates(transaction);
      const counted = delaySeconds === undefined ? 0 : 1;
      const updated = await transaction.query(
        `update jobs set handed_back = true, retries = retries + $3 where id = $1 and attempt = $2 and state = 'running'
         returning id`,
        [claim.job.id, claim.attempt, counted],
      );
      if (updated.length === 1) await this.#queue.giveBack(claim.lease, delaySeconds ?? 0, transaction);
    });
    this.#changes.announce(claim.job.id);
  }

  async sweep(): Promise<number> {
    const late = await this.#database.query<{ id: string }>(
      "select id from jobs where state = 'queued' and start_deadline <= $1 order by sequence limit 1000",
      [this.#now()],
    );
    for (const { id } of late) {
      await this.#database.transaction(async (transaction) => {
        await lockStates(transaction);
        const row = await findRow(transaction, id, "lock");
        if (row?.state !== "queued") return;
        await finish(row, { transition: "fail", failure: startTimeout(row) }, this.#finishContext(), transaction);
      });
      this.#changes.announce(id);
    }
    return late.length;
  }

  async counts(): Promise<JobCounts> {
    const [row] = await this.#database.query<{ queued: bigint; running: bigint; oldest: Date | null }>(
      `select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running,
         min(created_at) filter (where state = 'queued') as oldest
       from jobs where state in ('queued', 'running')`,
    );
    return { queued: Number(row?.queued ?? 0n), running: Number(row?.running ?? 0n), oldestQueuedAt: row?.oldest ?? undefined };
  }

  async report(jobId: string): Promise<unknown> {
    const [row] = await this.#database.query<{ report: unknown }>("select report from jobs where id = $1", [jobId]);
    return row?.report ?? undefined;
  }

  expiredResults(defaultLifetimeSeconds: number): Promise<readonly Job[]> {
    return expiredResults(this.#database, this.#now(), defaultLifetimeSeconds);
  }

  async markResultRemoved(jobId: string): Promise<void> {
    await this.#database.query("update jobs set result_removed_at = $2 where id = $1", [jobId, this.#now()]);
  }

  sourcesInUse(): Promise<ReadonlySet<string>> {
    return sourcesInUse(this.#database);
  }

  async unfinished(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query<{ id: string }>(
      "select id from jobs where id::text = any($1::text[]) and state in ('queued', 'running')",
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  async setPrice(jobId: string, priceMicros: bigint, database: Database): Promise<void> {
    await database.query("update jobs set price_micros = $2 where id = $1", [jobId, priceMicros]);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#queue[Symbol.asyncDispose]();
  }

  /** Ends a claimed job, unless the claim is no longer what the job goes by. */
  async #end(claim: JobClaim, end: JobEnd): Promise<ClaimState> {
    const state = await this.#database.transaction(async (transaction): Promise<ClaimState> => {
      await lockStates(transaction);
      const row = await findRow(transaction, claim.job.id, "lock");
      if (row?.state === "cancelled") return "cancelled";
      if (row?.state !== "running" || row.attempt !== claim.attempt) return "lost";
      await finish(row, end, this.#finishContext(), transaction);
      return "held";
    });
    if (state === "held") this.#changes.announce(claim.job.id);
    return state;
  }

  #finishContext(): FinishContext {
    return { queue: this.#queue, listeners: this.#listeners, now: this.#now() };
  }

  #now(): Date {
    return this.#options.clock.now();
  }
}
