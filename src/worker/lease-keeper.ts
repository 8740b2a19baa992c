import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import type { ClaimState, JobClaim, JobProgress, JobRunner } from "../jobs/job-runner.ts";

const renewEveryMs = 1000;
/** Somewhat less than what the queue waits for before it gives the job to another worker. */
const leaseMs = 9000;

export type LeaseKeeperOptions = {
  readonly jobs: JobRunner;
  readonly claim: JobClaim;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** Renews a claim every second, with the progress made, until disposed; `lost` aborts once the claim is gone.
 *  Owns: its timer. */
export class LeaseKeeper implements AsyncDisposable {
  /** What has been done; asked before each renewal. */
  readProgress: (() => Promise<JobProgress>) | undefined;
  readonly #options: LeaseKeeperOptions;
  readonly #lost = new AbortController();
  readonly #stopped = new AbortController();
  readonly #listening: Disposable;
  readonly #loop: Promise<void>;
  #state: ClaimState = "held";
  #wake = new AbortController();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    const { jobs, claim } = options;
    this.#listening = jobs.onChange((jobId) => {
      // Only the end of the job is of interest, and renewing is itself a change.
      if (jobId === claim.job.id && !this.#isRenewing) this.#wake.abort();
    });
    this.#loop = this.#run();
  }

  #isRenewing = false;

  get state(): ClaimState {
    return this.#state;
  }

  /** Aborts when the job was cancelled or went to another worker. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    let heldAtMs = clock.now().getTime();
    while (!this.#stopped.signal.aborted) {
      await clock.sleep(renewEveryMs, AbortSignal.any([this.#stopped.signal, this.#wake.signal]));
      if (this.#stopped.signal.aborted) return;
      this.#wake = new AbortController();
      const state = await this.#renew();
      const nowMs = clock.now().getTime();
      if (state === "held") heldAtMs = nowMs;
      else if (state !== "unknown" || nowMs - heldAtMs > leaseMs) {
        this.#state = state === "unknown" ? "lost" : state;
        this.#lost.abort();
        return;
      }
    }
  }

  async #renew(): Promise<ClaimState | "unknown"> {
    const { jobs, claim, logger } = this.#options;
    this.#isRenewing = true;
    try {
      return await jobs.renew(claim, await this.readProgress?.());
    } catch (error) {
      logger.warn("claim not renewed", errorFacts(error));
      return "unknown";
    } finally {
      this.#isRenewing = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listening[Symbol.dispose]();
    this.#stopped.abort();
    await this.#loop;
  }
}
