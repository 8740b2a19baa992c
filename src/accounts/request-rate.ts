import type { Clock } from "../core/clock.ts";

type Bucket = { tokens: number; filledAtMs: number };

const minuteMs = 60_000;
const mostBuckets = 10_000;

/** Counts requests by key as a bucket that fills evenly: a full minute's worth at once, then one after the other.
 *  Each process counts for itself. */
export class RequestRate {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one request; undefined when it is allowed, or else how long to wait for the next one. */
  take(key: string, requestsPerMinute: number): { readonly retryAfterSeconds: number } | undefined {
    const nowMs = this.#clock.now().getTime();
    const bucket = this.#buckets.get(key) ?? { tokens: requestsPerMinute, filledAtMs: nowMs };
    const gained = ((nowMs - bucket.filledAtMs) * requestsPerMinute) / minuteMs;
    bucket.tokens = Math.min(requestsPerMinute, bucket.tokens + gained);
    bucket.filledAtMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket); // the most recent last
    if (this.#buckets.size > mostBuckets) this.#forgetOldest();
    if (bucket.tokens < 1) {
      return { retryAfterSeconds: Math.ceil(((1 - bucket.tokens) * minuteMs) / requestsPerMinute / 1000) };
    }
    bucket.tokens -= 1;
    return undefined;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
