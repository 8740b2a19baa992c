import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import type { WebhookEncoder } from "../domain/webhook.ts";
import { defaultRetrySchedule, type Delivery, type NewDelivery } from "./delivery.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import { DeliveryLoop } from "./delivery-loop.ts";
import { countDeliveries, insertDelivery, listDeliveries, removeOldDeliveries, resetDelivery } from "./delivery-table.ts";
import { createProgressListener } from "./progress.ts";
import { dropWaitingProgress, lockMessages } from "./progress-table.ts";

export interface DeliveryService {
  /** Begins to send what is due, also what an earlier process left. */
  start(): void;
  /** Ends after the attempts under way. */
  stop(): Promise<void>;
  /** Sends everything that is due now; resolves when each has its outcome. */
  runDue(): Promise<void>;
  /** Writes a delivery of something that is no job, in the caller's transaction. */
  enqueue(database: Database, delivery: NewDelivery): Promise<void>;
  list(accountId: string, options?: { readonly jobId?: string; readonly limit?: number }): Promise<readonly Delivery[]>;
  /** Sends a job's end again with all its attempts; false where the account has no such delivery. */
  resend(accountId: string, id: string): Promise<boolean>;
  /** How many there are of each state, over all accounts. */
  counts(): Promise<Readonly<Record<Delivery["state"], number>>>;
  /** Forgets deliveries that ended before `before`; how many. */
  removeOld(before: Date): Promise<number>;
}

/** Tells webhook targets that a job has ended: written in the transaction that ends it, retried for hours, over restarts.
 *  Dialects that want it also tell how an unfinished job gets on, once each and before its end. */
export function createDelivery(parts: DeliveryParts): DeliveryService {
  const { database, jobs, encoders, clock, logger } = parts;
  const loop = new DeliveryLoop({ ...parts, retry: parts.retry ?? defaultRetrySchedule });

  const enqueue = async (transaction: Database, delivery: NewDelivery): Promise<void> => {
    if (!isHttpUrl(delivery.url)) {
      logger.warn("webhook url is not http, nothing is sent", { jobId: delivery.jobId, dialect: delivery.dialect });
      return;
    }
    await insertDelivery(transaction, delivery, clock.now());
    loop.wakeSoon();
  };

  jobs.onFinished(async ({ job }, transaction) => {
    const encoder = encoders[job.dialect];
    const delivery = deliveryOf(job, encoder);
    if (delivery === undefined) return;
    if (encoder?.encodeProgress !== undefined) {
      await lockMessages(transaction, delivery);
      await dropWaitingProgress(transaction, delivery);
    }
    await enqueue(transaction, delivery);
  });

  jobs.onProgress(
    createProgressListener({ database, encoders, isTarget: isHttpUrl, onWritten: () => loop.wakeSoon(), clock, logger }),
  );

  return {
    start: () => loop.start(),
    stop: () => loop.stop(),
    runDue: () => loop.runDue(),
    enqueue,
    list: (accountId, options) => listDeliveries(database, accountId, options),
    resend: async (accountId, id) => {
      const found = await resetDelivery(database, accountId, id, clock.now());
      if (found) loop.wakeSoon();
      return found;
    },
    counts: () => countDeliveries(database),
    removeOld: (before) => removeOldDeliveries(database, before),
  };
}

function deliveryOf(job: Job, encoder: WebhookEncoder | undefined): NewDelivery | undefined {
  if (job.webhookUrl === undefined || encoder === undefined) return undefined;
  const message = encoder.encode(job);
  if (message === undefined) return undefined;
  return { jobId: job.id, accountId: job.accountId, dialect: job.dialect, url: job.webhookUrl, message };
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}
