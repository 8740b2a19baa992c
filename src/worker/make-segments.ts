import { AppError } from "../domain/errors.ts";
import type { Attempt } from "./attempt.ts";
import type { EnginePlan } from "./engine-messages.ts";
import { describeFailure } from "./failure.ts";
import { makeSegment } from "./make-segment.ts";
import { fetchSegment } from "./segment-files.ts";

/** How often the segments that others make are looked at. */
const lookEveryMs = 1000;

/** Makes segments as long as there are any, and waits for those that others make. */
export async function makeSegments(work: Attempt, plan: EnginePlan): Promise<void> {
  const { claim, folder, engine, jobs, store, sharesSegments, lease, log, logger, clock, dataFolder, signal } = work;
  const { id } = claim.job;
  const board = jobs.segments;
  const framesTotal = plan.frames.reduce((sum, frames) => sum + frames, 0);
  const sharedStore = sharesSegments ? store : undefined;
  const describe = (error: unknown): ReturnType<typeof describeFailure> => describeFailure(error, dataFolder, claim.job);
  const of = plan.frames.length;
  for (const { index, state } of await board.plan(claim, plan)) {
    if (state === "done") log.write(`segment ${index + 1} of ${of} was finished earlier, kept`);
  }
  lease.readProgress = async () => {
    const framesDone = (await board.list(id)).reduce((sum, segment) => sum + segment.framesDone, 0);
    return { framesDone, framesTotal };
  };
  for (;;) {
    signal.throwIfAborted();
    const segment = await board.claim(claim);
    if (segment !== undefined) {
      await makeSegment(segment, {
        board,
        engine,
        sharedStore,
        outputPath: folder.outputPath,
        log,
        logger,
        clock,
        describe,
        signal,
      });
      continue;
    }
    const segments = await board.list(id);
    const failed = segments.find(({ state }) => state === "failed")?.failure;
    if (failed !== undefined) throw new AppError(failed.code, failed.message, { details: { ...failed.details } });
    if (segments.every(({ state }) => state === "done")) {
      if (await bringSegments(work, segments.length)) return;
      continue;
    }
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Brings the segments that were made elsewhere; false when one is lost and has to be made again. */
async function bringSegments({ claim, folder, jobs, store, sharesSegments, signal }: Attempt, count: number): Promise<boolean> {
  const jobId = claim.job.id;
  // The rows of a job that ended are gone: there is nothing to bring, and the lease says so in a moment.
  if (count === 0) throw new Error("the job has ended");
  if (!sharesSegments) return true;
  let isWhole = true;
  for (let index = 0; index < count; index += 1) {
    try {
      await fetchSegment({ store, jobId, outputPath: folder.outputPath, index }, signal);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "object_not_found") throw error;
      await jobs.segments.reopen(jobId, index);
      isWhole = false;
    }
  }
  return isWhole;
}
