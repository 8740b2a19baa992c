import { errorFacts, type Logger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import type { JobFailure } from "../domain/job.ts";
import type { JobClaim, JobRunner } from "../jobs/job-runner.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";

export type SettleOptions = {
  readonly claim: JobClaim;
  readonly jobs: JobRunner;
  readonly logger: Logger;
  readonly lease: LeaseKeeper;
  readonly stopping: AbortSignal;
  /** What the job's owner is told. */
  readonly failure: () => JobFailure;
};

/** Waiting times before a job whose failure may pass is tried again; after the last one it fails. */
const retryDelaysSeconds = [5, 30, 120];

/** Decides what becomes of a job whose work ended with an error: nothing where it is another worker's or was cancelled, back
 *  to the queue where the worker stops or another try may help, failed otherwise. */
export async function settle(error: unknown, options: SettleOptions): Promise<"lost" | "cancelled" | "handed_back" | "failed"> {
  const { claim, jobs, logger, lease, stopping } = options;
  if (lease.state === "lost") {
    logger.warn("job lost to another worker");
    return "lost";
  }
  if (lease.state === "cancelled") {
    logger.info("job cancelled");
    return "cancelled";
  }
  if (stopping.aborted) {
    await jobs.handBack(claim);
    logger.info("job handed back");
    return "handed_back";
  }
  const delaySeconds = retryDelaysSeconds[claim.retries];
  if (error instanceof AppError && error.retryable && delaySeconds !== undefined) {
    logger.warn("job will be tried again", { delaySeconds, ...errorFacts(error) });
    await jobs.log(claim.job.id, "warn", `${error.message} Trying again in ${delaySeconds} s.`);
    await jobs.handBack(claim, delaySeconds);
    return "handed_back";
  }
  const failure = options.failure();
  logger.error("job failed", { ...errorFacts(error), failureCode: failure.code });
  await jobs.log(claim.job.id, "error", failure.message);
  const state = await jobs.fail(claim, failure);
  return state === "held" ? "failed" : state;
}
