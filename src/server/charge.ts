import type { Accounts } from "../accounts/accounts.ts";
import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import { type PricedResult, type PriceSettings, priceMicros } from "../domain/pricing.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { JobFinishedListener, JobListener } from "../jobs/job-service.ts";

export type ChargeParts = {
  readonly ledger: Accounts["ledger"];
  readonly jobs: Pick<JobRunner, "setPrice">;
  readonly prices: PriceSettings;
};

/** What a job costs that makes `result`; by the source's own length where it is known, as it was quoted. */
function priceOf(job: Job, result: PricedResult, prices: PriceSettings): bigint {
  const durationSeconds = job.planned?.durationSeconds ?? result.durationSeconds;
  return job.isFree ? 0n : priceMicros(job.dialect, job.request, { ...result, durationSeconds }, prices);
}

/** Holds the price that follows from what the video turned out to be.  Throws: AppError `credits_exhausted`. */
export function createHoldByPlan({ ledger, prices }: Omit<ChargeParts, "jobs">): JobListener {
  return async (job, database) => {
    if (job.planned !== undefined) await ledger.hold(job.accountId, job.id, priceOf(job, job.planned, prices), database);
  };
}

/** Settles a finished job by its dialect's price rule, in the transaction in which it ends: what was made is paid for,
 *  everything else is given back. */
export function createCharge({ ledger, jobs, prices }: ChargeParts): JobFinishedListener {
  return async ({ job }, database: Database) => {
    if (job.state === "succeeded" && job.result !== undefined) {
      const price = priceOf(job, job.result, prices);
      await ledger.settle(job.id, price, database);
      await jobs.setPrice(job.id, price, database);
      return;
    }
    await ledger.refund(job.id, database);
    await jobs.setPrice(job.id, 0n, database);
  };
}
