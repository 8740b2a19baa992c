import { errorFacts } from "../core/logger.ts";
import { FetchError } from "../core/safe-fetch.ts";
import { displayUrl } from "../ingest/download-error.ts";
import type { DeliveryParts } from "./delivery-parts.ts";
import type { RetrySchedule } from "../domain/webhook.ts";
import type { Delivery } from "./delivery.ts";
import { type AttemptOutcome, claimDue, nextDueAt, recordAttempt } from "./delivery-table.ts";

const attemptsAtOnce = 8;
const longestIdleMs = 5_000;
/** Long enough for the transaction that wrote a delivery to end. */
const wakeDelayMs = 100;

export type DeliveryLoopParts = Omit<DeliveryParts, "jobs"> & { readonly retry: RetrySchedule };

/** Sends due deliveries until stopped. */
export class DeliveryLoop {
  readonly #parts: DeliveryLoopParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #rest = new AbortController();

  constructor(parts: DeliveryLoopParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Looks for due deliveries a moment from now rather than at the next poll. */
  wakeSoon(): void {
    if (this.#running === undefined) return;
    const rest = this.#rest;
    void this.#parts.clock.sleep(wakeDelayMs, this.#stopping.signal).then(() => rest.abort());
  }

  async runDue(): Promise<void> {
    const { database, clock } = this.#parts;
    const leaseMs = this.#longestTimeoutMs() * 2;
    const underWay = new Set<Promise<void>>();
    const failures: unknown[] = [];
    for (;;) {
      const isOver = this.#stopping.signal.aborted || failures.length > 0;
      const limit = isOver ? 0 : attemptsAtOnce - underWay.size;
      const due = limit === 0 ? [] : await claimDue(database, { limit, now: clock.now(), leaseMs });
      for (const delivery of due) {
        const attempt = this.#attempt(delivery)
          .catch((error: unknown) => void failures.push(error))
          .finally(() => underWay.delete(attempt));
        underWay.add(attempt);
      }
      if (underWay.size === 0) break;
      // A target that takes its time does not keep the others from being told.
      if (due.length === 0) await this.#untilOneEnds(underWay);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Waits until an attempt has ended, or until something may have become due. */
  async #untilOneEnds(underWay: ReadonlySet<Promise<void>>): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#rest.signal]);
    await Promise.race([...underWay, this.#parts.clock.sleep(longestIdleMs, signal)]);
    over.abort();
    if (this.#rest.signal.aborted) this.#rest = new AbortController();
  }

  async #run(): Promise<void> {
    const { database, clock, logger } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      this.#rest = new AbortController();
      let waitMs = longestIdleMs;
      try {
        await this.runDue();
        const due = await nextDueAt(database);
        if (due !== undefined) waitMs = Math.max(0, Math.min(due.getTime() - clock.now().getTime(), longestIdleMs));
      } catch (error) {
        // The database is away: what is due waits there and is taken up when it is back.
        logger.error("deliveries cannot be read or written", errorFacts(error));
      }
      await clock.sleep(waitMs, AbortSignal.any([this.#rest.signal, this.#stopping.signal]));
    }
  }

  #longestTimeoutMs(): number {
    const { encoders, retry } = this.#parts;
    return Math.max(retry.timeoutMs, ...Object.values(encoders).map((encoder) => encoder.retry?.timeoutMs ?? 0));
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { database, clock, logger } = this.#parts;
    const outcome = await this.#send(delivery);
    const { jobId, dialect, attempts, url } = delivery;
    const facts = { jobId, dialect, attempt: attempts, target: displayUrl(new URL(url)), status: outcome.status };
    if (outcome.state === "delivered") logger.info("webhook delivered", facts);
    else logger.warn("webhook not delivered", { ...facts, problem: outcome.error, isLast: outcome.state === "failed" });
    await recordAttempt(database, delivery.id, outcome, clock.now());
  }

  async #send({ kind, url, message, dialect, attempts }: Delivery): Promise<AttemptOutcome> {
    const { send, encoders, clock } = this.#parts;
    const encoder = encoders[dialect];
    const retry = encoder?.retry ?? this.#parts.retry;
    let status: number | undefined;
    let error: string;
    try {
      if (encoder === undefined) throw new FetchError("bad_url", `the dialect ${dialect} has no callbacks`);
      const headers = { "content-type": message.contentType, ...encoder.headers(message, clock.now()) };
      const { timeoutMs } = retry;
      const reply = await send(new URL(url), { method: "POST", headers, body: message.body, timeoutMs });
      status = reply.status;
      if (status >= 200 && status < 300) return { state: "delivered", status, nextAttemptAt: undefined, error: undefined };
      error = status >= 300 && status < 400 ? "the target redirects, which is not followed" : `the target answers ${status}`;
    } catch (cause) {
      if (!(cause instanceof FetchError)) throw cause;
      error = cause.message;
    }
    const delaySeconds = kind === "progress" ? undefined : retry.delaysSeconds[attempts - 1];
    if (delaySeconds === undefined) return { state: "failed", status, error, nextAttemptAt: undefined };
    return { state: "waiting", status, error, nextAttemptAt: new Date(clock.now().getTime() + delaySeconds * 1000) };
  }
}
