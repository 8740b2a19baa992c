import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { isErrno, statOrUndefined } from "../core/files.ts";

/** What a disk store's small file per key holds; `dataName` is the file with the bytes. */
export const DiskEntry = z.object({
  key: z.string(),
  dataName: z.uuid(),
  sizeBytes: z.int().nonnegative(),
  contentType: z.string(),
  fileName: z.string(),
  modifiedAt: z.coerce.date(),
});
export type DiskEntry = z.infer<typeof DiskEntry>;

/** Every entry under a folder; one that is deleted meanwhile may be left out. */
export async function* listEntries(folder: string): AsyncGenerator<DiskEntry> {
  for (const found of await readdirOrNothing(folder)) {
    const path = join(folder, found.name);
    if (found.isDirectory()) {
      yield* listEntries(path);
      continue;
    }
    const text = await readTextOrUndefined(path);
    if (text !== undefined) yield DiskEntry.parse(JSON.parse(text));
  }
}

/** Removes a folder and its parents up to `root`, as far as nothing is in them. */
export async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let path = folder; path !== root && path.startsWith(root); path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (["ENOTEMPTY", "EEXIST", "ENOENT", "EPERM"].some((code) => isErrno(error, code))) return;
      throw error;
    }
  }
}

/** Removes the data files that no entry names, unless written to since `before`; returns how many. */
export async function sweepData(options: {
  readonly dataFolder: string;
  readonly objectsFolder: string;
  readonly before: Date;
}): Promise<number> {
  // The candidates first: what is put after this is not among them.
  const candidates = (await readdirOrNothing(options.dataFolder)).map(({ name }) => name);
  const named = new Set<string>();
  for await (const entry of listEntries(options.objectsFolder)) named.add(entry.dataName);
  let removed = 0;
  for (const name of candidates.filter((candidate) => !named.has(candidate))) {
    const path = join(options.dataFolder, name);
    const file = await statOrUndefined(path);
    if (file === undefined || file.mtime >= options.before) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

async function readdirOrNothing(folder: string): Promise<readonly { name: string; isDirectory(): boolean }[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}

async function readTextOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
