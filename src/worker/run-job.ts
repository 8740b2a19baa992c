import { utimes } from "node:fs/promises";
import { exists } from "../core/files.ts";
import { errorFacts } from "../core/logger.ts";
import type { JobClaim } from "../jobs/job-runner.ts";
import type { Attempt, RunJobOptions } from "./attempt.ts";
import { Engine, type Made } from "./engine.ts";
import { EngineCrash } from "./engine-process.ts";
import { describeFailure, withoutPaths } from "./failure.ts";
import { JobLog } from "./job-log.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { makeSegments } from "./make-segments.ts";
import { resultKey, storeResult } from "./result.ts";
import { copyFromStore, removeShared, sharedSourceKey, shareSource } from "./segment-files.ts";
import { settle } from "./settle.ts";
import { openJobFolder, removeJobFolder, sourceName } from "./workspace.ts";

const maxCrashes = 2;

/** Takes a claimed job to its end, or hands it back when `stopping` aborts. Finished segments stay until the end. */
export async function runJob(claim: JobClaim, options: RunJobOptions, stopping: AbortSignal): Promise<void> {
  const { jobs, store, dataFolder, clock } = options;
  const { job } = claim;
  const logger = options.logger.child({ jobId: job.id, attempt: claim.attempt });
  const log = new JobLog(jobs, job.id, logger);
  await using lease = new LeaseKeeper({ jobs, claim, clock, logger });
  const signal = AbortSignal.any([stopping, lease.lost]);
  const forget = async (): Promise<void> => {
    await removeJobFolder(dataFolder, job.id);
    if (options.sharesSegments) await removeShared(store, job.id);
  };
  logger.info("job started");
  log.write(claim.attempt === 1 ? "started" : `taken up again, start ${claim.attempt}`);
  try {
    const folder = await openJobFolder(dataFolder, job);
    await using engine = new Engine({
      task: {
        ...folder,
        request: job.request,
        threads: options.engineThreads,
        encoderThreads: claim.encoderThreads,
        provider: options.provider,
      },
      hangTimeoutMs: options.hangTimeoutMs,
      clock,
      logger,
      onStep: (step) => log.step(step),
      signal,
    });
    const state = await attempt({ ...options, logger, claim, folder, lease, log, engine, signal });
    if (state === "cancelled") await store.delete(resultKey(job));
    if (state !== "lost") await forget();
    logger.info("job ended", { state });
  } catch (error) {
    const failure = (): ReturnType<typeof describeFailure> => describeFailure(error, dataFolder, job);
    const ending = await settle(error, { claim, jobs, logger, lease, stopping, failure });
    if (ending === "cancelled") await store.delete(resultKey(job));
    if (ending === "cancelled" || ending === "failed") await forget();
  } finally {
    await log.settled();
  }
}

/** The way of a job from its source to its result. */
async function attempt(work: Attempt): Promise<"held" | "cancelled" | "lost"> {
  const { jobs, claim, folder, log, lease, signal } = work;
  await bringSource(work);
  const made = await withoutCrash(work, () => makeOutput(work));
  const result = await storeResult({ store: work.store, job: claim.job, path: folder.outputPath, output: made.output }, signal);
  if (claim.job.uploadUrl !== undefined) {
    await work.putResult(claim.job.uploadUrl, result.objectKey, signal);
    log.write("result sent to the address that was asked for");
  }
  const { width, height, frames, sizeBytes } = made.output;
  log.write(`finished: ${width}x${height}, ${frames} frames, ${sizeBytes} bytes`);
  await log.settled();
  lease.readProgress = undefined;
  return await jobs.succeed(claim, result, withoutPaths(made.report, folder, result.fileName, sourceName(claim.job.source)));
}

async function bringSource({ claim, folder, store, sharesSegments, fetchSource, log, signal }: Attempt): Promise<void> {
  const { job } = claim;
  if (await exists(folder.inputPath)) return;
  const isShared = sharesSegments && (await store.head(sharedSourceKey(job.id))) !== undefined;
  if (isShared) await copyFromStore(store, sharedSourceKey(job.id), folder.inputPath, signal);
  else await fetchSource(job.source, folder.inputPath, signal);
  // The time is part of what a run knows its input by: the same wherever the job is worked on.
  await utimes(folder.inputPath, job.createdAt, job.createdAt);
  log.write("video received");
}

async function makeOutput(work: Attempt): Promise<Made> {
  const { claim, folder, engine, jobs, store, sharesSegments, log, signal } = work;
  const opened = await engine.open();
  if ("made" in opened) return opened.made;
  const { plan } = opened;
  await jobs.recordPlan(claim, plan.facts);
  log.planned(plan);
  // A source in the store is there for everyone.
  if (sharesSegments && plan.frames.length > 1 && claim.job.source.kind === "url") {
    await shareSource(store, claim.job.id, folder.inputPath, signal);
  }
  await makeSegments(work, plan);
  return await engine.finish();
}

/** A crash ends one process, not the job: what was finished is there for the next. Those within a segment are its own. */
async function withoutCrash<T>({ jobs, claim, engine, log, logger }: Attempt, make: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof EngineCrash)) throw error;
      await engine.stop();
      const crashes = await jobs.recordCrash(claim);
      logger.error("engine crashed", { crashes, ...errorFacts(error.failure), output: error.failure.cause });
      if (crashes >= maxCrashes) throw error.failure;
      log.write("the engine crashed and is started once more", "warn");
    }
  }
}
