import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { SendOptions, SendReply } from "../core/safe-send.ts";
import type { Database } from "../db/database.ts";
import type { DialectName } from "../domain/job.ts";
import type { RetrySchedule, WebhookEncoder } from "../domain/webhook.ts";
import type { JobService } from "../jobs/job-service.ts";

export type DeliveryParts = {
  readonly database: Database;
  readonly jobs: Pick<JobService, "onFinished" | "onProgress">;
  /** core/safe-send with the addresses that may be called. */
  readonly send: (url: URL, options: SendOptions) => Promise<SendReply>;
  /** Dialects without callbacks have none. */
  readonly encoders: Partial<Readonly<Record<DialectName, WebhookEncoder>>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retry?: RetrySchedule;
};
