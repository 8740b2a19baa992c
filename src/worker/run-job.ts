import type { Clock } from "../core/clock.ts";
import { exists } from "../core/files.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import type { JobSource } from "../domain/job.ts";
import type { ProviderName } from "../inference/providers.ts";
import type { JobClaim, JobRunner } from "../jobs/job-runner.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { type EngineOutcome, type EngineRun, runEngine } from "./engine-process.ts";
import { describeFailure, withoutPaths } from "./failure.ts";
import { JobLog } from "./job-log.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { resultKey, storeResult } from "./result.ts";
import { type JobFolder, openJobFolder, removeJobFolder, sourceName } from "./workspace.ts";

export type RunJobOptions = {
  readonly jobs: JobRunner;
  readonly store: ObjectStore;
  readonly dataFolder: string;
  /** Brings a job's source to a local file, whole or not at all.  Throws: AppError; `retryable` ones are tried again later. */
  readonly fetchSource: (source: JobSource, path: string, signal: AbortSignal) => Promise<void>;
  readonly engineThreads: number;
  readonly provider: "auto" | ProviderName;
  readonly hangTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** Waiting times before a job whose failure may pass is tried again; after the last one it fails. */
const retryDelaysSeconds = [5, 30, 120];
const maxCrashes = 2;
/** For how long an engine of a server that was killed may take to notice it. */
const orphanWait = { stepMs: 250, steps: 120 } as const;

type Attempt = RunJobOptions & {
  readonly claim: JobClaim;
  readonly folder: JobFolder;
  readonly lease: LeaseKeeper;
  readonly log: JobLog;
  /** Aborts when the work is to end without a result: cancelled, lost, or the worker stops. */
  readonly signal: AbortSignal;
};

/** Takes a claimed job to its end, or hands it back when `stopping` aborts. Finished segments stay on disk until the end. */
export async function runJob(claim: JobClaim, options: RunJobOptions, stopping: AbortSignal): Promise<void> {
  const { jobs, dataFolder, clock } = options;
  const logger = options.logger.child({ jobId: claim.job.id, attempt: claim.attempt });
  const log = new JobLog(jobs, claim.job.id, logger);
  await using lease = new LeaseKeeper({ jobs, claim, clock, logger });
  const signal = AbortSignal.any([stopping, lease.lost]);
  logger.info("job started");
  log.write(claim.attempt === 1 ? "started" : `taken up again, start ${claim.attempt}`);
  try {
    const folder = await openJobFolder(dataFolder, claim.job);
    const state = await attempt({ ...options, logger, claim, folder, lease, log, signal });
    if (state === "cancelled") await removeLeftovers(claim, options);
    if (state !== "lost") await removeJobFolder(dataFolder, claim.job.id);
    logger.info("job ended", { state });
  } catch (error) {
    await settleFailure(error, claim, { ...options, logger }, lease, stopping);
  } finally {
    await log.settled();
  }
}

/** The way of a job from its source to its result. */
async function attempt(work: Attempt): Promise<"held" | "cancelled" | "lost"> {
  const { jobs, claim, folder, log, signal } = work;
  if (!(await exists(folder.inputPath))) {
    await work.fetchSource(claim.job.source, folder.inputPath, signal);
    log.write("video received");
  }
  const outcome = await runEngineTwice(work);
  if (outcome.kind === "stopped") throw signal.reason;
  if (outcome.kind === "crashed") throw outcome.error;
  const { output } = outcome;
  const result = await storeResult({ store: work.store, job: claim.job, path: folder.outputPath, output }, signal);
  log.write(`finished: ${output.width}x${output.height}, ${output.frames} frames, ${output.sizeBytes} bytes`);
  await log.settled();
  return jobs.succeed(claim, result, withoutPaths(outcome.report, folder, result.fileName, sourceName(claim.job.source)));
}

/** A crash ends one process, not the job: the finished segments are there for the next. */
async function runEngineTwice(work: Attempt): Promise<EngineOutcome> {
  const { jobs, claim, folder, lease, log, clock, hangTimeoutMs, signal, logger } = work;
  const task = {
    inputPath: folder.inputPath,
    outputPath: folder.outputPath,
    request: claim.job.request,
    threads: work.engineThreads,
    provider: work.provider,
  };
  for (;;) {
    const run: EngineRun = {
      task,
      hangTimeoutMs,
      clock,
      signal,
      onStep: (step) => {
        if (step.type === "planned") lease.progress = { framesDone: 0, framesTotal: step.framesTotal };
        if (step.type === "progress") lease.progress = { framesDone: step.framesDone, framesTotal: step.framesTotal };
        log.step(step);
      },
    };
    const outcome = await runOnceFree(run, logger);
    if (outcome.kind !== "crashed") return outcome;
    const crashes = await jobs.recordCrash(claim);
    logger.error("engine crashed", { crashes, ...errorFacts(outcome.error), output: outcome.error.cause });
    if (crashes >= maxCrashes) return outcome;
    log.write("the engine crashed and is started once more", "warn");
  }
}

/** Runs the engine once the folder's lock is free: the engine of a killed server ends by itself, but not in no time. */
async function runOnceFree(run: EngineRun, logger: Logger): Promise<EngineOutcome> {
  for (let step = 0; ; step += 1) {
    try {
      return await runEngine(run);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "workspace_busy" || step === orphanWait.steps) throw error;
      if (step === 0) logger.warn("waiting for an earlier engine to end", errorFacts(error));
      await run.clock.sleep(orphanWait.stepMs, run.signal);
    }
  }
}

async function settleFailure(
  error: unknown,
  claim: JobClaim,
  { jobs, store, dataFolder, logger }: RunJobOptions,
  lease: LeaseKeeper,
  stopping: AbortSignal,
): Promise<void> {
  if (lease.state === "lost") {
    logger.warn("job lost to another worker");
    return;
  }
  if (lease.state === "cancelled") {
    await removeLeftovers(claim, { store });
    await removeJobFolder(dataFolder, claim.job.id);
    logger.info("job cancelled");
    return;
  }
  if (stopping.aborted) {
    await jobs.handBack(claim);
    logger.info("job handed back");
    return;
  }
  const delaySeconds = retryDelaysSeconds[claim.retries];
  if (error instanceof AppError && error.retryable && delaySeconds !== undefined) {
    logger.warn("job will be tried again", { delaySeconds, ...errorFacts(error) });
    await jobs.log(claim.job.id, "warn", `${error.message} Trying again in ${delaySeconds} s.`);
    await jobs.handBack(claim, delaySeconds);
    return;
  }
  const failure = describeFailure(error, dataFolder, claim.job);
  logger.error("job failed", { ...errorFacts(error), failureCode: failure.code });
  await jobs.log(claim.job.id, "error", failure.message);
  const state = await jobs.fail(claim, failure);
  if (state === "cancelled") await removeLeftovers(claim, { store });
  if (state !== "lost") await removeJobFolder(dataFolder, claim.job.id);
}

/** A job cancelled while its result was on the way leaves nothing in the store. */
async function removeLeftovers({ job }: JobClaim, { store }: { readonly store: ObjectStore }): Promise<void> {
  await store.delete(resultKey(job));
}
