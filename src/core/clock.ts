import { setTimeout as wait } from "node:timers/promises";

/** Time as parts see it, so that tests decide what time it is. */
export interface Clock {
  now(): Date;
  /** Resolves after that long, or as soon as the signal aborts; never rejects. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (durationMs, signal) => wait(durationMs, undefined, { ...(signal !== undefined && { signal }) }).catch(() => undefined),
};
