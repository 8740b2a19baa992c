import type { DialectName } from "../domain/job.ts";
import type { RetrySchedule, WebhookMessage } from "../domain/webhook.ts";

/** One message for one target, until the target acknowledges or the attempts are used up. */
export type Delivery = {
  readonly id: string;
  /** Of a job's end there is one per target, tried again and again; of its progress there may be several, tried once. */
  readonly kind: "end" | "progress";
  readonly jobId: string;
  readonly accountId: string;
  readonly dialect: DialectName;
  readonly url: string;
  readonly message: WebhookMessage;
  readonly state: "waiting" | "delivered" | "failed";
  readonly attempts: number;
  readonly createdAt: Date;
  /** When it is tried next; undefined once it is over. */
  readonly nextAttemptAt: Date | undefined;
  readonly deliveredAt: Date | undefined;
  /** What the last attempt met: an HTTP status, or a phrase where there was none. */
  readonly lastStatus: number | undefined;
  readonly lastError: string | undefined;
};

export type NewDelivery = Pick<Delivery, "jobId" | "accountId" | "dialect" | "url" | "message">;

/** Eleven attempts over two hours. */
export const defaultRetrySchedule: RetrySchedule = {
  delaysSeconds: [10, 20, 40, 80, 160, 320, 640, 1280, 1920, 2700],
  timeoutMs: 15_000,
};
