import type { Database } from "../db/database.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { DialectName, Job, JobLogLine, JobSource, JobState } from "../domain/job.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";

export type SubmitJob = {
  readonly accountId: string;
  readonly dialect: DialectName;
  readonly request: UpscaleRequest;
  readonly source: JobSource;
  readonly priority?: "normal" | "low";
  readonly startDeadline?: Date;
  readonly webhookUrl?: string;
  readonly dialectData?: Readonly<Record<string, unknown>>;
  readonly resultLifetimeSeconds?: number;
  /** Held from the account's credits until the job ends; the dialect's own price rule says how much. */
  readonly reserveMicros: bigint;
  /** The same key from the same account and dialect gives the same job, however often it is submitted. */
  readonly idempotencyKey?: string;
  /** A longer video fails with `input_too_long` once it was looked at. */
  readonly maxSourceSeconds?: number;
  /** The result is also put there, by PUT, before the job succeeds. */
  readonly uploadUrl?: string;
  /** Costs nothing, whatever the dialect's price rule says. */
  readonly isFree?: boolean;
  readonly group?: string;
  /** Refuse with `too_many_jobs` when so many unfinished jobs of this account, dialect and group are there already. */
  readonly maxUnfinished?: number;
  /** Refuse with `queue_full` when more than this many of the account's jobs are waiting. */
  readonly maxQueueLength?: number;
};

export type JobEvent =
  | { readonly type: "state"; readonly job: Job }
  | { readonly type: "progress"; readonly job: Job; readonly framesDone: number; readonly framesTotal: number }
  | { readonly type: "log"; readonly jobId: string; readonly line: JobLogLine };

/** Which of an account's jobs; everything that is given has to fit. */
export type JobFilter = {
  readonly dialect?: DialectName;
  readonly group?: string;
  readonly states?: readonly JobState[];
  /** Inclusive. */
  readonly createdAfter?: Date;
  /** Exclusive. */
  readonly createdBefore?: Date;
  /** As `sourceIdOf` says it. */
  readonly sourceId?: string;
  readonly notGroup?: string;
  /** Only what stands behind the job of this id in a list. */
  readonly after?: string;
};

/** What an account's jobs of one day (UTC, "2026-01-31") have cost, refunds taken off. */
export type DayOfSpending = {
  readonly day: string;
  readonly dialect: DialectName;
  readonly jobs: number;
  readonly micros: bigint;
};

export type CancelOutcome = "cancelled" | "already_finished" | "not_found";

/** The durable life of jobs, as dialects and the native API see it. Another account's job does not exist. */
export interface JobService {
  /** Throws: AppError `queue_full`, `too_many_jobs`, `credits_exhausted`. When it returns, the job survives any crash. */
  submit(job: SubmitJob): Promise<Job>;
  get(accountId: string, id: string): Promise<Job | undefined>;
  /** The newest first. */
  list(accountId: string, options?: JobFilter & { readonly limit?: number; readonly offset?: number }): Promise<readonly Job[]>;
  count(accountId: string, filter?: JobFilter): Promise<number>;
  /** Of jobs made in that time, by day. */
  spending(accountId: string, filter?: JobFilter): Promise<readonly DayOfSpending[]>;
  /** Jobs of any account that start before this one; 0 when it is next. */
  queuePosition(job: Job): Promise<number>;
  cancel(accountId: string, id: string): Promise<CancelOutcome>;
  /** Cancels the job if it is unfinished and forgets it; what it was, or undefined where the account has no such job.
   *  Its files go with a later clean-up: who wants the result gone at once deletes its object. */
  remove(accountId: string, id: string): Promise<Job | undefined>;
  /** Log lines with a higher sequence than `after`. */
  logs(id: string, after?: number): Promise<readonly JobLogLine[]>;
  /** Every event of one job from now on, ending after the event of its last state. */
  watch(id: string, signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Called in the transaction in which a job reaches its last state: price, refund and callbacks are decided there. */
  onFinished(listener: JobFinishedListener): void;
  /** Called in the transaction in which it becomes known how long a job's video is and what it will become; throwing
   *  fails the job. */
  onPlanned(listener: JobListener): void;
  /** Called when a job has started and whenever it got on, outside of any transaction, in the process that runs it. */
  onProgress(listener: (job: Job) => Promise<void>): void;
}

export type JobListener = (job: Job, database: Database) => Promise<void>;

export type FinishedJob = { readonly job: Job; readonly errorCode: ErrorCode | undefined };
export type JobFinishedListener = (finished: FinishedJob, database: Database) => Promise<void>;
