import { errorFacts, type Logger } from "../core/logger.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { findTold, insertProgress, lockMessages } from "./progress-table.ts";

export type ProgressParts = {
  readonly database: Database;
  readonly encoders: DeliveryParts["encoders"];
  readonly isTarget: (url: string) => boolean;
  readonly onWritten: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Writes what a dialect has to tell of an unfinished job. Whatever goes wrong with it is logged and is not the job's concern. */
export function createProgressListener(parts: ProgressParts): (job: Job) => Promise<void> {
  return async (job) => {
    try {
      if (await tellProgress(job, parts)) parts.onWritten();
    } catch (error) {
      parts.logger.warn("progress not told", { jobId: job.id, dialect: job.dialect, ...errorFacts(error) });
    }
  };
}

async function tellProgress(job: Job, { database, encoders, isTarget, clock }: ProgressParts): Promise<boolean> {
  const { id: jobId, accountId, dialect, webhookUrl: url } = job;
  const encode = encoders[dialect]?.encodeProgress;
  if (encode === undefined || url === undefined || !isTarget(url)) return false;
  return await database.transaction(async (transaction) => {
    await lockMessages(transaction, { jobId, url });
    const { hasEnded, told } = await findTold(transaction, { jobId, url });
    const now = clock.now();
    const message = hasEnded ? undefined : encode(job, told, now);
    if (message === undefined) return false;
    await insertProgress(transaction, { jobId, accountId, dialect, url, message }, now);
    return true;
  });
}
