import type { Clock } from "../core/clock.ts";
import { errorFacts, type Logger } from "../core/logger.ts";
import { AppError } from "../domain/errors.ts";
import type { SegmentBoard, SegmentClaim } from "../jobs/segment-board.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { EngineCrash } from "./engine-process.ts";
import type { Engine } from "./engine.ts";
import type { JobLog } from "./job-log.ts";
import { deleteSegment, putSegment } from "./segment-files.ts";
import { SegmentKeeper } from "./segment-keeper.ts";

export type SegmentWork = {
  readonly board: SegmentBoard;
  readonly engine: Engine;
  /** Where finished segments are put for the other workers; undefined: there are none. */
  readonly sharedStore: ObjectStore | undefined;
  readonly outputPath: string;
  readonly log: JobLog;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What an owner is told of an error. */
  readonly describe: (error: unknown) => Parameters<SegmentBoard["fail"]>[1];
  readonly signal: AbortSignal;
};

/** A segment whose engine crashed this often fails its job. */
const maxCrashes = 2;

/** Makes one claimed segment, or leaves it to be tried again by anyone. False when it turned out to be another's by then.
 *  Throws: AppError, which fails the job; the signal's reason. */
export async function makeSegment(claim: SegmentClaim, work: SegmentWork): Promise<boolean> {
  const { board, engine, sharedStore, outputPath, log, logger, clock, signal } = work;
  const { jobId, index, of } = claim;
  await using keeper = new SegmentKeeper({ board, claim, clock, logger });
  const making = AbortSignal.any([signal, keeper.lost]);
  try {
    const wasThere = await engine.makeSegment(index, (framesDone) => (keeper.framesDone = framesDone), making);
    if (sharedStore !== undefined) await putSegment({ store: sharedStore, jobId, outputPath, index }, making);
    if (!(await board.finish(claim))) {
      // The job may have ended meanwhile: nobody else would remove what was just put.
      if (sharedStore !== undefined && (await board.list(jobId)).length === 0) await deleteSegment(sharedStore, jobId, index);
      return false;
    }
    log.write(wasThere ? `segment ${index + 1} of ${of} was finished earlier, kept` : `segment ${index + 1} of ${of} finished`);
    return true;
  } catch (error) {
    if (signal.aborted) await board.release(claim).catch(() => undefined); // its lease runs out by itself
    if (making.aborted) return keeper.lost.aborted && !signal.aborted ? false : Promise.reject(signal.reason);
    if (!(error instanceof EngineCrash)) {
      if (!(error instanceof AppError && error.retryable)) await board.fail(claim, work.describe(error));
      else await board.release(claim);
      throw error;
    }
    const crashes = await board.recordCrash(claim);
    logger.error("engine crashed", { segment: index, crashes, ...errorFacts(error.failure), output: error.failure.cause });
    if (crashes >= maxCrashes) {
      await board.fail(claim, work.describe(error.failure));
      throw error.failure;
    }
    log.write(`the engine crashed and is started once more, in segment ${index + 1}`, "warn");
    return true;
  }
}
