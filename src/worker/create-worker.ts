import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import type { JobSource } from "../domain/job.ts";
import type { ProviderName } from "../inference/providers.ts";
import type { JobClaim, JobRunner } from "../jobs/job-runner.ts";
import type { HelpClaim } from "../jobs/segment-board.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { cleanUp } from "./clean-up.ts";
import { helpJob } from "./help-job.ts";
import { runJob } from "./run-job.ts";
import { listShared, removeShared } from "./segment-files.ts";
import { removeHelpFolders } from "./workspace.ts";

export type WorkerOptions = {
  readonly jobs: JobRunner;
  readonly store: ObjectStore;
  /** Unfinished work lives in `<dataFolder>/work`. */
  readonly dataFolder: string;
  /** Brings a job's source to a local file, whole or not at all.  Throws: AppError; `retryable` ones are tried again later. */
  readonly fetchSource: (source: JobSource, path: string, signal: AbortSignal) => Promise<void>;
  /** Sends a stored result to an address of the caller's.  Throws: AppError. */
  readonly putResult: (url: string, key: string, signal: AbortSignal) => Promise<void>;
  /** Whether there are other workers on the same database: they share a job's segments through the store. */
  readonly hasPeers: boolean;
  /** Inference threads of one engine. */
  readonly engineThreads: number;
  /** Segments made at once, of one job or of several. */
  readonly concurrency: number;
  readonly provider: "auto" | ProviderName;
  readonly resultLifetimeSeconds: number;
  readonly inputLifetimeSeconds: number;
  /** Forgets deliveries that ended before then; how many. */
  readonly forgetDeliveries: (before: Date) => Promise<number>;
  /** What the database wants done now and then. */
  readonly upkeep: () => Promise<void>;
  /** Told every ten seconds that the worker is there and how many segments are under way; undefined when it ends. */
  readonly announce?: (running: number | undefined) => Promise<void>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** How often to look for jobs that another process submitted; a second when left out. */
  readonly pollMs?: number;
  /** An engine that gives no sign of progress for so long is ended; half an hour when left out. */
  readonly hangTimeoutMs?: number;
};

export interface Worker {
  start(): void;
  /** Whether it works on anything now. */
  readonly isBusy: boolean;
  /** Ends running engines, hands their jobs back to the queue (finished segments stay) and resolves when all is quiet. */
  stop(): Promise<void>;
}

const defaultPollMs = 1000;
const defaultHangTimeoutMs = 30 * 60_000;
const mostUnfit = 1000;
const announceEveryMs = 10_000;
const cleanUpEveryMs = 10 * 60_000;

export function createWorker(options: WorkerOptions): Worker {
  return new JobWorker(options);
}

class JobWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  /** Jobs that this worker cannot help with. */
  readonly #unfit = new Set<string>();
  #wake = new AbortController();
  #loops: readonly Promise<void>[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#loops.length > 0) throw new Error("a worker starts once");
    this.#loops = [this.#work(), this.#tidy(), this.#announce()];
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
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
        const help = await this.#claimHelp();
        if (help !== undefined) {
          this.#help(help);
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

  async #claimHelp(): Promise<HelpClaim | undefined> {
    const { jobs, logger } = this.#options;
    if (!this.#sharesSegments) return undefined;
    try {
      return await jobs.segments.claimHelp([...this.#unfit]);
    } catch (error) {
      logger.error("no segment could be claimed", errorFacts(error));
      return undefined;
    }
  }

  #help(help: HelpClaim): void {
    const { hangTimeoutMs = defaultHangTimeoutMs, logger } = this.#options;
    const key = help.segment.lease;
    const run = helpJob(help, { ...this.#options, hangTimeoutMs }, this.#stopping.signal)
      .then((outcome) => void (outcome === "unfit" && this.#remember(help.job.id)))
      .catch((error: unknown) => logger.error("help could not be settled", errorFacts(error)))
      .finally(() => {
        this.#running.delete(key);
        this.#wake.abort();
      });
    this.#running.set(key, run);
  }

  #remember(jobId: string): void {
    this.#unfit.add(jobId);
    if (this.#unfit.size > mostUnfit) this.#unfit.clear();
  }

  get #sharesSegments(): boolean {
    return this.#options.hasPeers || this.#options.concurrency > 1;
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
      await runJob(claim, { ...this.#options, sharesSegments: this.#sharesSegments, hangTimeoutMs }, this.#stopping.signal);
    } catch (error) {
      // The claim runs out by itself and the job is taken up again.
      logger.error("job could not be settled", { jobId: claim.job.id, ...errorFacts(error) });
    }
  }

  async #tidy(): Promise<void> {
    const { clock, logger, upkeep } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        const removed = await cleanUp(this.#options);
        await this.#removeLeftovers();
        await upkeep();
        if (Object.values(removed).some((count) => count > 0)) logger.info("cleaned up", removed);
      } catch (error) {
        logger.error("clean-up failed", errorFacts(error));
      }
      await clock.sleep(cleanUpEveryMs, this.#stopping.signal);
    }
  }

  async #announce(): Promise<void> {
    const { clock, logger, announce } = this.#options;
    if (announce === undefined) return;
    for (;;) {
      const running = this.#stopping.signal.aborted ? undefined : this.#running.size;
      await announce(running).catch((error: unknown) => logger.warn("worker not announced", errorFacts(error)));
      if (running === undefined) return;
      await clock.sleep(announceEveryMs, this.#stopping.signal);
    }
  }

  /** What killed workers left of jobs that have ended. */
  async #removeLeftovers(): Promise<void> {
    const { jobs, store, dataFolder } = this.#options;
    await removeHelpFolders(dataFolder, (ids) => jobs.unfinished(ids));
    const shared = [...(await listShared(store))];
    const unfinished = await jobs.unfinished(shared);
    for (const id of shared) if (!unfinished.has(id)) await removeShared(store, id);
  }
}
