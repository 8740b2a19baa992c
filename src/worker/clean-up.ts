import type { Clock } from "../core/clock.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import { listJobFolders, removeJobFolder } from "./workspace.ts";

export type CleanUpOptions = {
  readonly jobs: JobRunner;
  readonly store: ObjectStore;
  readonly dataFolder: string;
  readonly resultLifetimeSeconds: number;
  readonly inputLifetimeSeconds: number;
  readonly clock: Clock;
  /** Forgets deliveries that ended before then; how many. */
  readonly forgetDeliveries: (before: Date) => Promise<number>;
};

/** How many of each were removed. */
export type CleanUpCounts = {
  readonly folders: number;
  readonly results: number;
  readonly inputs: number;
  readonly jobs: number;
  readonly deliveries: number;
};

/** What a crash left half-written in the store is surely nobody's after this long. */
const leftoversKeptMs = 24 * 3_600_000;
/** For so long after its end a job is in lists and figures, unless its result is kept for longer. */
const finishedJobsKeptMs = 90 * 24 * 3_600_000;
const deliveriesKeptMs = 30 * 24 * 3_600_000;
/** More is left for the next time, so that a worker that is to stop need not wait. */
const mostBatches = 50;
const inputPrefixes = ["inputs/", "uploads/"];

/** Removes what nobody needs any more: folders of finished jobs, results and inputs past their lifetime, and what is known
 *  of jobs and deliveries that ended long ago. */
export async function cleanUp(options: CleanUpOptions): Promise<CleanUpCounts> {
  const { store, clock, forgetDeliveries } = options;
  const before = (keptMs: number): Date => new Date(clock.now().getTime() - keptMs);
  await store.sweep(before(leftoversKeptMs));
  return {
    folders: await removeFolders(options),
    results: await removeResults(options),
    inputs: await removeInputs(options),
    jobs: await forgetJobs(options, before(finishedJobsKeptMs)),
    deliveries: await forgetDeliveries(before(deliveriesKeptMs)),
  };
}

async function removeFolders({ jobs, dataFolder }: CleanUpOptions): Promise<number> {
  const ids = await listJobFolders(dataFolder);
  if (ids.length === 0) return 0;
  const unfinished = await jobs.unfinished(ids);
  const finished = ids.filter((id) => !unfinished.has(id));
  for (const id of finished) await removeJobFolder(dataFolder, id);
  return finished.length;
}

async function removeResults({ jobs, store, resultLifetimeSeconds }: CleanUpOptions): Promise<number> {
  const expired = await jobs.expiredResults(resultLifetimeSeconds);
  for (const { id, result } of expired) {
    if (result !== undefined) await store.delete(result.objectKey);
    await jobs.markResultRemoved(id);
  }
  return expired.length;
}

async function removeInputs({ jobs, store, inputLifetimeSeconds, clock }: CleanUpOptions): Promise<number> {
  const oldest = new Date(clock.now().getTime() - inputLifetimeSeconds * 1000);
  const old: string[] = [];
  for (const prefix of inputPrefixes) {
    for await (const object of store.list(prefix)) {
      if (object.modifiedAt < oldest) old.push(object.key);
    }
  }
  if (old.length === 0) return 0;
  // Asked after listing, so that an input submitted meanwhile is seen to be in use.
  const inUse = await jobs.sourcesInUse();
  const unused = old.filter((key) => !inUse.has(key));
  for (const key of unused) await store.delete(key);
  return unused.length;
}

async function forgetJobs({ jobs }: CleanUpOptions, endedBefore: Date): Promise<number> {
  let forgotten = 0;
  for (let batch = 0; batch < mostBatches; batch += 1) {
    const count = await jobs.forgetOld(endedBefore);
    if (count === 0) break;
    forgotten += count;
  }
  return forgotten;
}
