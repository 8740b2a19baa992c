import type { Database } from "../db/database.ts";
import type { Job, JobFailure, JobLogLine, JobResult, PlannedFacts } from "../domain/job.ts";
import type { SegmentBoard } from "./segment-board.ts";
import type { Lease } from "./job-queue.ts";

/** One worker's right to run one job; it ends when the job does, when it is handed back, or when it is not renewed in time. */
export type JobClaim = {
  readonly job: Job;
  readonly lease: Lease;
  /** Starts of this job so far, this one included. */
  readonly attempt: number;
  /** Engine processes that crashed on it before. */
  readonly crashes: number;
  /** Failures so far that were worth another try. */
  readonly retries: number;
  /** Of the run that made the first segments; undefined where none was made. */
  readonly encoderThreads: number | undefined;
};

export type JobProgress = { readonly framesDone: number; readonly framesTotal: number };

/** How a claim stands: still this worker's, or not, because the job was cancelled or was given to another worker. */
export type ClaimState = "held" | "cancelled" | "lost";

export type JobCounts = { readonly queued: number; readonly running: number; readonly oldestQueuedAt: Date | undefined };

/** The inside of jobs, as the worker sees it. */
export interface JobRunner {
  /** Starts the next job that may start now: priority, then age; never more of an account's than its limit. */
  claim(): Promise<JobClaim | undefined>;
  /** Keeps the claim and says what has been done; to be called about every second. */
  renew(claim: JobClaim, progress?: JobProgress): Promise<ClaimState>;
  /** Says what the job's video is and will become.  Throws: AppError `input_too_long`, and what listeners throw. */
  recordPlan(claim: JobClaim, planned: PlannedFacts): Promise<void>;
  /** The segments of the jobs that run. */
  readonly segments: SegmentBoard;
  log(jobId: string, level: JobLogLine["level"], message: string): Promise<void>;
  /** Counts an engine crash; the number so far. */
  recordCrash(claim: JobClaim): Promise<number>;
  succeed(claim: JobClaim, result: JobResult, report: unknown): Promise<ClaimState>;
  fail(claim: JobClaim, failure: JobFailure): Promise<ClaimState>;
  /** Puts the job back into the queue, keeping its place; `delaySeconds` also counts as one retry. */
  handBack(claim: JobClaim, delaySeconds?: number): Promise<void>;
  /** Fails what could not start in time. The number of such jobs. */
  sweep(): Promise<number>;
  report(jobId: string): Promise<unknown>;
  counts(): Promise<JobCounts>;
  /** Calls back when this process changed a job: submitted, ended or handed it back. Other processes' changes are not heard. */
  onChange(listener: (jobId: string) => void): Disposable;
  /** Finished jobs whose stored result is older than its lifetime and was not removed yet. */
  expiredResults(defaultLifetimeSeconds: number): Promise<readonly Job[]>;
  markResultRemoved(jobId: string): Promise<void>;
  /** Forgets a batch of jobs that ended before then and have no result any more, and of removed ones; how many. */
  forgetOld(endedBefore: Date): Promise<number>;
  /** Object keys that unfinished jobs still read. */
  sourcesInUse(): Promise<ReadonlySet<string>>;
  /** Which of these jobs are not finished. */
  unfinished(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Inside an `onFinished` listener: what the job cost in the end. */
  setPrice(jobId: string, priceMicros: bigint, database: Database): Promise<void>;
}
