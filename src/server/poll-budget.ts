import type { Clock } from "../core/clock.ts";

export type PollBudgetOptions = {
  /** Whether this machine works on a job now; reads wait only then. */
  readonly isWorking: () => boolean;
  /** Cores that this process may use while reads keep coming. */
  readonly cores: number;
  readonly clock: Clock;
  /** Microseconds of processor time that this process has used; measured when left out. */
  readonly usedMicros?: () => number;
};

const stepMs = 50;
/** What may be used at once after a quiet time: who looks now and then never waits. */
const burstMs = 200;
/** A read is answered after this long in any case. */
const longestWaitMs = 2_000;
const firstGuessMs = 2;
const largestGuessMs = 10;
/** Weight of the newest measurement in the guess of what a read costs. */
const adaption = 0.2;
/** With fewer reads in a step, what the process used says nothing about them. */
const measurableReads = 3;

/** Besides what is no poll: streams, which spare polls, and pictures, which somebody waits for. */
const exempt = /^\/(?:files|healthz|readyz|metrics|control|assets)\b|^\/(?:\?|$)|\/(?:events|stream|frame)(?:\?|$)/;

/** Lets reads wait a moment when answering them would take the processor from the video: whoever polls a thousand jobs ten
 *  times a second is answered less often, and the jobs are not slower for it. */
export class PollBudget {
  readonly #options: PollBudgetOptions;
  readonly #usedMicros: () => number;
  #allowedMs = burstMs;
  #guessMs = firstGuessMs;
  #admitted = 0;
  #lastMs: number;
  #lastUsedMicros: number;
  #step: Promise<void> | undefined;

  constructor(options: PollBudgetOptions) {
    this.#options = options;
    this.#usedMicros = options.usedMicros ?? processorMicros;
    this.#lastMs = options.clock.now().getTime();
    this.#lastUsedMicros = this.#usedMicros();
  }

  /** Resolves when the request may be answered; at once for what is no read. */
  async wait({ method, url }: { readonly method: string; readonly url: string }, signal: AbortSignal): Promise<void> {
    if (method !== "GET" || exempt.test(url)) return;
    const { clock, isWorking } = this.#options;
    for (let waitedMs = 0; waitedMs < longestWaitMs && isWorking() && !signal.aborted; waitedMs += stepMs) {
      if (clock.now().getTime() - this.#lastMs >= stepMs) this.#account();
      if (this.#allowedMs > 0) break;
      // One timer for all that wait.
      this.#step ??= clock.sleep(stepMs, signal).finally(() => (this.#step = undefined));
      await this.#step;
    }
    this.#allowedMs -= this.#guessMs;
    this.#admitted += 1;
  }

  /** Adds what was earned since, and learns from what was used. */
  #account(): void {
    const nowMs = this.#options.clock.now().getTime();
    const usedMicros = this.#usedMicros();
    const earnedMs = (nowMs - this.#lastMs) * this.#options.cores;
    const usedMs = (usedMicros - this.#lastUsedMicros) / 1000;
    this.#allowedMs = Math.min(burstMs, this.#allowedMs + earnedMs);
    if (this.#admitted >= measurableReads) {
      this.#guessMs += adaption * (Math.min(largestGuessMs, usedMs / this.#admitted) - this.#guessMs);
    }
    this.#admitted = 0;
    this.#lastMs = nowMs;
    this.#lastUsedMicros = usedMicros;
  }
}

function processorMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
