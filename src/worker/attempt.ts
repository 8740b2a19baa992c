import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { JobSource } from "../domain/job.ts";
import type { ProviderName } from "../inference/providers.ts";
import type { JobClaim, JobRunner } from "../jobs/job-runner.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { Engine } from "./engine.ts";
import type { JobLog } from "./job-log.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { JobFolder } from "./workspace.ts";

export type RunJobOptions = {
  readonly jobs: JobRunner;
  readonly store: ObjectStore;
  readonly dataFolder: string;
  /** Brings a job's source to a local file, whole or not at all.  Throws: AppError; `retryable` ones are tried again later. */
  readonly fetchSource: (source: JobSource, path: string, signal: AbortSignal) => Promise<void>;
  /** Sends a stored result to an address of the caller's.  Throws: AppError. */
  readonly putResult: (url: string, key: string, signal: AbortSignal) => Promise<void>;
  /** Whether other workers, here or elsewhere, may take part in a job. */
  readonly sharesSegments: boolean;
  readonly engineThreads: number;
  readonly provider: "auto" | ProviderName;
  readonly hangTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** One start of a job, with all that its steps need. */
export type Attempt = RunJobOptions & {
  readonly claim: JobClaim;
  readonly folder: JobFolder;
  readonly lease: LeaseKeeper;
  readonly log: JobLog;
  readonly engine: Engine;
  /** Aborts when the work is to end without a result: cancelled, lost, or the worker stops. */
  readonly signal: AbortSignal;
};
