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
};

/** What a crash left half-written in the store is surely nobody's after this long. */
const leftoversKeptMs = 24 * 3_600_000;
const inputPrefixes = ["inputs/", "uploads/"];

/** Removes what nobody needs any more: folders of finished jobs, results and inputs past their lifetime. How many of each. */
export async function cleanUp(options: CleanUpOptions): Promise<{ folders: number; results: number; inputs: number }> {
  await options.store.sweep(new Date(options.clock.now().getTime() - leftoversKeptMs));
  return { folders: await removeFolders(options), results: await removeResults(options), inputs: await removeInputs(options) };
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
