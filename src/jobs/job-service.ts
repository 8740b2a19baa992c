import type { Database } from "../db/database.ts";
import type { ErrorCode } from "../domain/errors.ts";
import type { DialectName, Job, JobLogLine, JobSource } from "../domain/job.ts";
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
  /** Refuse with `queue_full` when more than this many of the account's jobs are waiting. */
  readonly maxQueueLength?: number;
};

export type JobEvent =
  | { readonly type: "state"; readonly job: Job }
  | { readonly type: "progress"; readonly job: Job; readonly framesDone: number; readonly framesTotal: number }
  | { readonly type: "log"; readonly jobId: string; readonly line: JobLogLine };

export type CancelOutcome = "cancelled" | "already_finished" | "not_found";

/** The durable life of jobs, as dialects and the native API see it. Another account's job does not exist. */
export interface JobService {
  /** Throws: AppError `queue_full`, `credits_exhausted`. When it returns, the job survives any crash. */
  submit(job: SubmitJob): Promise<Job>;
  get(accountId: string, id: string): Promise<Job | undefined>;
  list(
    accountId: string,
    options?: { readonly limit?: number; readonly before?: Date; readonly dialect?: DialectName },
  ): Promise<readonly Job[]>;
  /** Jobs of any account that start before this one; 0 when it is next. */
  queuePosition(job: Job): Promise<number>;
  cancel(accountId: string, id: string): Promise<CancelOutcome>;
  /** Log lines with a higher sequence than `after`. */
  logs(id: string, after?: number): Promise<readonly JobLogLine[]>;
  /** Every event of one job from now on, ending after the event of its last state. */
  watch(id: string, signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Called in the transaction in which a job reaches its last state: price, refund and callbacks are decided there. */
  onFinished(listener: JobFinishedListener): void;
}

export type FinishedJob = { readonly job: Job; readonly errorCode: ErrorCode | undefined };
export type JobFinishedListener = (finished: FinishedJob, database: Database) => Promise<void>;
