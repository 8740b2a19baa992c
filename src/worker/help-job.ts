import { randomUUID } from "node:crypto";
import { mkdir, rm, utimes } from "node:fs/promises";
import { errorFacts } from "../core/logger.ts";
import type { HelpClaim, SegmentClaim } from "../jobs/segment-board.ts";
import type { RunJobOptions } from "./attempt.ts";
import { Engine } from "./engine.ts";
import { EngineCrash } from "./engine-process.ts";
import { describeFailure } from "./failure.ts";
import { JobLog } from "./job-log.ts";
import { makeSegment } from "./make-segment.ts";
import { copyFromStore, sharedSourceKey } from "./segment-files.ts";
import { helpFolder } from "./workspace.ts";

export type HelpOptions = Omit<RunJobOptions, "putResult" | "sharesSegments">;

/** `unfit`: this worker's engine would give other bytes, or fails: it had better leave this job alone. */
export type HelpOutcome = "helped" | "unfit";

/** Makes segments of a job that another worker runs, until there are none, or jobs wait that nobody runs. */
export async function helpJob(help: HelpClaim, options: HelpOptions, stopping: AbortSignal): Promise<HelpOutcome> {
  const { jobs, store, dataFolder, clock } = options;
  const { job } = help;
  const board = jobs.segments;
  const logger = options.logger.child({ jobId: job.id, helps: true });
  const log = new JobLog(jobs, job.id, logger);
  const { path, inputPath, outputPath } = helpFolder(dataFolder, job, randomUUID());
  let next: SegmentClaim | undefined = help.segment;
  try {
    await mkdir(path, { recursive: true });
    const source = job.source.kind === "object" ? job.source.key : sharedSourceKey(job.id);
    await copyFromStore(store, source, inputPath, stopping);
    await utimes(inputPath, job.createdAt, job.createdAt);
    const { provider, engineThreads: threads, hangTimeoutMs } = options;
    const task = { inputPath, outputPath, request: job.request, threads, encoderThreads: help.encoderThreads, provider };
    await using engine = new Engine({ task, hangTimeoutMs, clock, logger, signal: stopping });
    const opened = await engine.open();
    if (!("plan" in opened) || opened.plan.fingerprint !== help.fingerprint) {
      logger.info("this worker's engine differs from the job's, no help");
      return "unfit";
    }
    logger.info("helping");
    const describe = (error: unknown): ReturnType<typeof describeFailure> => describeFailure(error, dataFolder, job);
    const work = { board, engine, sharedStore: store, outputPath, log, logger, clock, describe, signal: stopping };
    while (next !== undefined) {
      const claimed = next;
      next = undefined;
      if (!(await makeSegment(claimed, work))) break;
      if ((await jobs.counts()).queued === 0) next = await board.claimMore(help);
    }
    return "helped";
  } catch (error) {
    if (!stopping.aborted) logger.warn("help ended", errorFacts(error instanceof EngineCrash ? error.failure : error));
    // The job's own worker takes the segment, and meets what there is to meet.
    return "unfit";
  } finally {
    if (next !== undefined) await board.release(next).catch(() => undefined); // its lease runs out by itself
    await rm(path, { recursive: true, force: true });
    await log.settled();
  }
}
