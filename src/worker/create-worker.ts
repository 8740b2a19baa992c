import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import type { JobSource } from "../domain/job.ts";
import type { ProviderName } from "../inference/providers.ts";
import type { JobClaim, JobRunner } from "../jobs/job-runner.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { cleanUp } from "./clean-up.ts";
import { runJob } from "./run-job.ts";

export type WorkerOptions = {
  readonly jobs: JobRunner;
  readonly store: ObjectStore;
  /** Unfinished work lives in `<dataFolder>/work`. */
  readonly dataFolder: string;
  /** Brings a job's source to a local file, whole or not at all.  Throws: AppError; `retryable` ones are tried again later. */
  readonly fetchSource: (source: JobSource, path: string, signal: AbortSignal) => Promise<void>;
  /** Inference threads of one engine. */
  readonly engineThreads: number;
  /** Jobs run at once. */
  readonly concurrency: number;
  readonly provider: "auto" | ProviderName;
  readonly resultLifetimeSeconds: number;
  readonly inputLifetimeSeconds: number;
  readonly logger: Logger;
  readonly clock: Clock;
  /** How often to look for jobs that another process submitted; a second when left out. */
  readonly pollMs?: number;
  /** An engine that gives no sign of progress for so long is ended; half an hour when left out. */
  readonly hangTimeoutMs?: number;
};

export interface Worker {
  start(): void;
  /** Ends running engines, hands their jobs back to the queue (finished segments stay) and resolves when all is quiet. */
  stop(): Promise<void>;
}

const defaultPollMs = 1000;
const defaultHangTimeoutMs = 30 * 60_000;
const cleanUpEveryMs = 10 * 60_000;

export function createWorker(options: WorkerOptions): Worker {
  return new JobWorker(options);
}

class JobWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  #wake = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#loops.length > 0) throw new Error("a worker starts once");
    this.#loops = [this.#work(), this.#tidy()];
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the worker stops"));
    await Promise.all(this.#loops);
    await Promise.all(this.#running.values());
  }

  async #work(): Promise<void> {
    const { jobs, clock, concurrency, pollMs = defaultPollMs } = this.#options;
    using owned = new DisposableStack();
    owned.use(jobs.onChange(() => this.#wake.abort()));
    while (!this.#stopping.signal.aborted) {
      // Renewed before looking: a change during the look leads to another look.
      this.#wake = new AbortController();
      if (this.#running.size < concurrency) {
        const claim = await this.#claim();
        if (claim !== undefined) {
          this.#launch(claim);
          continue;
        }
      }
      await clock.sleep(pollMs, AbortSignal.any([this.#wake.signal, this.#stopping.signal]));
    }
  }

  async #claim(): Promise<JobClaim | undefined> {
    const { jobs, logger } = this.#options;
    try {
      await jobs.sweep();
      return await jobs.claim();
    } catch (error) {
      logger.error("no job could be claimed", errorFacts(error));
      return undefined;
    }
  }

  #launch(claim: JobClaim): void {
    const { id } = claim.job;
    const earlier = this.#running.get(id);
    const run = this.#run(claim, earlier).finally(() => {
      if (this.#running.get(id) === run) this.#running.delete(id);
      this.#wake.abort();
    });
    this.#running.set(id, run);
  }

  /** A claim lost by being too slow can come back to this very worker: one engine at a time in a job's folder. */
  async #run(claim: JobClaim, earlier: Promise<void> | undefined): Promise<void> {
    const { logger, hangTimeoutMs = defaultHangTimeoutMs } = this.#options;
    try {
      await earlier;
      await runJob(claim, { ...this.#options, hangTimeoutMs }, this.#stopping.signal);
    } catch (error) {
      // The claim runs out by itself and the job is taken up again.
      logger.error("job could not be settled", { jobId: claim.job.id, ...errorFacts(error) });
    }
  }

  async #tidy(): Promise<void> {
    const { clock, logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const removed = await cleanUp(this.#options);
        if (removed.folders + removed.results + removed.inputs > 0) logger.info("cleaned up", removed);
      } catch (error) {
        logger.error("clean-up failed", errorFacts(error));
      }
      await clock.sleep(cleanUpEveryMs, this.#stopping.signal);
    }
  }
}
