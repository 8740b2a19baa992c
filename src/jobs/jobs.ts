import type { Clock } from "../core/clock.ts";
import type { Database, OpenDatabase } from "../db/database.ts";
import { stringifyJson } from "../core/json.ts";
import { AppError } from "../domain/errors.ts";
import { isFinished, type Job, type JobFailure, type JobLogLine, type JobResult, type PlannedFacts } from "../domain/job.ts";
import { Changes } from "./changes.ts";
import { claimOne, startTimeout } from "./claim.ts";
import { finish, type FinishContext, type JobEnd, lockStates } from "./finish.ts";
import type { JobQueue } from "./job-queue.ts";
import { findRow, jobColumns, type JobRow, readLogs, toJob } from "./job-rows.ts";
import type { ClaimState, JobClaim, JobCounts, JobProgress, JobRunner } from "./job-runner.ts";
import type {
  CancelOutcome,
  DayOfSpending,
  JobEvent,
  JobFilter,
  JobFinishedListener,
  JobListener,
  JobService,
  SubmitJob,
} from "./job-service.ts";
import { countJobs, listJobs, type ListOptions, spendingByDay } from "./listing.ts";
import { SegmentBoard } from "./segment-board.ts";
import { QueueRoom } from "./queue-room.ts";
import { QueuePositions } from "./queue-positions.ts";
import { expiredResults, forgetJobs, sourcesInUse } from "./stored-files.ts";
import { submit } from "./submit.ts";
import { watchJob } from "./watch.ts";

export type JobsOptions = {
  readonly database: OpenDatabase;
  readonly clock: Clock;
  readonly concurrencyLimit: (accountId: string, database: Database) => Promise<number>;
  readonly reserveCredits?: (job: Job, database: Database) => Promise<void>;
};

/** Jobs in the database and the queue, kept in step by doing both in one transaction. */
export class Jobs implements JobService, JobRunner, AsyncDisposable {
  readonly #options: JobsOptions;
  readonly #database: OpenDatabase;
  readonly #queue: JobQueue;
  readonly #listeners: JobFinishedListener[] = [];
  readonly #plannedListeners: JobListener[] = [];
  readonly #progressListeners: ((job: Job) => Promise<void>)[] = [];
  readonly #changes = new Changes();
  readonly #positions: QueuePositions;
  readonly #room: QueueRoom | undefined;
  readonly segments: SegmentBoard;

  constructor(options: JobsOptions, queue: JobQueue) {
    this.#options = options;
    this.#database = options.database;
    this.#queue = queue;
    this.#room = options.database.kind === "embedded" ? new QueueRoom() : undefined;
    this.#positions = new QueuePositions(options.database, options.clock);
    this.segments = new SegmentBoard(options.database);
  }

  async submit(job: SubmitJob): Promise<Job> {
    const { reserveCredits } = this.#options;
    const stored = await submit(job, {
      database: this.#database,
      queue: this.#queue,
      now: this.#now(),
      reserveCredits,
      room: this.#room,
    });
    this.#changes.announce(stored.id);
    return stored;
  }

  async get(accountId: string, id: string): Promise<Job | undefined> {
    const row = await findRow(this.#database, id);
    return row === undefined || row.account_id !== accountId || row.removed_at !== null ? undefined : toJob(row);
  }

  list(accountId: string, options: ListOptions = {}): Promise<readonly Job[]> {
    return listJobs(this.#database, accountId, options);
  }

  count(accountId: string, filter: JobFilter = {}): Promise<number> {
    return countJobs(this.#database, accountId, filter);
  }

  spending(accountId: string, filter: JobFilter = {}): Promise<readonly DayOfSpending[]> {
    return spendingByDay(this.#database, accountId, filter);
  }

  queuePosition(job: Job): Promise<number> {
    return this.#positions.of(job);
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

  async remove(accountId: string, id: string): Promise<Job | undefined> {
    const removed = await this.#database.transaction(async (transaction): Promise<Job | undefined> => {
      await lockStates(transaction);
      const row = await findRow(transaction, id, "lock");
      if (row === undefined || row.account_id !== accountId || row.removed_at !== null) return undefined;
      if (!isFinished(row.state)) await finish(row, { transition: "cancel" }, this.#finishContext(), transaction);
      await transaction.query("update jobs set removed_at = $2 where id = $1", [id, this.#now()]);
      return toJob(row);
    });
    if (removed !== undefined) this.#changes.announce(id);
    return removed;
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

  onPlanned(listener: JobListener): void {
    this.#plannedListeners.push(listener);
  }

  onProgress(listener: (job: Job) => Promise<void>): void {
    this.#progressListeners.push(listener);
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
      await this.#tellProgress(outcome.claim.job);
      return outcome.claim;
    }
  }

  async renew(claim: JobClaim, progress?: JobProgress): Promise<ClaimState> {
    const isLeased = await this.#queue.extend(claim.lease);
    if (isLeased && progress === undefined) return "held";
    if (isLeased && progress !== undefined) {
      const { framesDone, framesTotal } = progress;
      const [updated] = await this.#database.query<JobRow>(
        `update jobs set frames_done = $3, frames_total = $4, progress = $5 where id = $1 and attempt = $2 and state = 'running'
         returning ${jobColumns}`,
        [claim.job.id, claim.attempt, framesDone, framesTotal, framesTotal > 0 ? Math.min(1, framesDone / framesTotal) : 0],
      );
      this.#changes.announce(claim.job.id);
      if (updated !== undefined) {
        await this.#tellProgress(toJob(updated));
        return "held";
      }
    }
    const row = await findRow(this.#database, claim.job.id);
    return row?.state === "cancelled" ? "cancelled" : "lost";
  }

  async recordPlan(claim: JobClaim, planned: PlannedFacts): Promise<void> {
    const { id, maxSourceSeconds } = claim.job;
    if (maxSourceSeconds !== undefined && planned.durationSeconds > maxSourceSeconds) {
      const seconds = planned.durationSeconds.toFixed(2);
      throw new AppError("input_too_long", `The video is ${seconds} s long; the longest allowed is ${maxSourceSeconds} s.`, {
        details: { durationSeconds: planned.durationSeconds, maxSourceSeconds },
      });
    }
    await this.#database.transaction(async (transaction) => {
      const [row] = await transaction.query<JobRow>(
        `update jobs set planned = $3 where id = $1 and attempt = $2 and state = 'running' returning ${jobColumns}`,
        [id, claim.attempt, stringifyJson(planned)],
      );
      if (row === undefined) return;
      for (const listener of this.#plannedListeners) await listener(toJob(row), transaction);
    });
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

  forgetOld(endedBefore: Date): Promise<number> {
    return forgetJobs(this.#database, { endedBefore, now: this.#now() });
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

  async #tellProgress(job: Job): Promise<void> {
    for (const listener of this.#progressListeners) await listener(job);
  }

  #finishContext(): FinishContext {
    return { queue: this.#queue, listeners: this.#listeners, now: this.#now() };
  }

  #now(): Date {
    return this.#options.clock.now();
  }
}
