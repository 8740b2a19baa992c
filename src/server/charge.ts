import type { Accounts } from "../accounts/accounts.ts";
import type { Database } from "../db/database.ts";
import { priceMicros } from "../domain/pricing.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { JobFinishedListener } from "../jobs/job-service.ts";

export type ChargeParts = { readonly ledger: Accounts["ledger"]; readonly jobs: Pick<JobRunner, "setPrice"> };

/** Settles a finished job by its dialect's price rule, in the transaction in which it ends: what was made is paid for,
 *  everything else is given back. */
export function createCharge({ ledger, jobs }: ChargeParts): JobFinishedListener {
  return async ({ job }, database: Database) => {
    if (job.state === "succeeded" && job.result !== undefined) {
      const price = priceMicros(job.dialect, job.request, job.result);
      await ledger.settle(job.id, price, database);
      await jobs.setPrice(job.id, price, database);
      return;
    }
    await ledger.refund(job.id, database);
    await jobs.setPrice(job.id, 0n, database);
  };
}
