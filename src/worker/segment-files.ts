import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { commitFile, exists } from "../core/files.ts";
import { segmentPath } from "../engine/workspace.ts";
import type { ObjectStore } from "../storage/object-store.ts";

// What workers of one job hand to each other through the store: the source, and finished segments.

/** Written in this order: a segment without its last file does not exist. */
const parts = [".packets", ".json"] as const;

const prefix = "segments/";
const description = { contentType: "application/octet-stream", fileName: "segment" };

function prefixOf(jobId: string): string {
  return `${prefix}${jobId}/`;
}

export function sharedSourceKey(jobId: string): string {
  return `${prefixOf(jobId)}source`;
}

function keyOf(jobId: string, index: number, part: string): string {
  return `${prefixOf(jobId)}${index}${part}`;
}

export type SegmentPlace = {
  readonly store: ObjectStore;
  readonly jobId: string;
  readonly outputPath: string;
  readonly index: number;
};

/** Copies a finished segment from the workspace of `outputPath` to the store. */
export async function putSegment({ store, jobId, outputPath, index }: SegmentPlace, signal: AbortSignal): Promise<void> {
  for (const part of parts) {
    const body = createReadStream(`${segmentPath(outputPath, index)}${part}`);
    await store.put(keyOf(jobId, index, part), body, description, { signal });
  }
}

/** Brings a segment that was made elsewhere into the workspace of `outputPath`, unless it is there.
 *  Throws: AppError `object_not_found`. */
export async function fetchSegment({ store, jobId, outputPath, index }: SegmentPlace, signal: AbortSignal): Promise<void> {
  const basePath = segmentPath(outputPath, index);
  if (await exists(`${basePath}.json`)) return;
  for (const part of parts) await copyFromStore(store, keyOf(jobId, index, part), `${basePath}${part}`, signal);
}

export async function deleteSegment(store: ObjectStore, jobId: string, index: number): Promise<void> {
  for (const part of parts) await store.delete(keyOf(jobId, index, part));
}

/** Puts the source where the other workers of its job find it. */
export async function shareSource(store: ObjectStore, jobId: string, path: string, signal: AbortSignal): Promise<void> {
  const key = sharedSourceKey(jobId);
  if ((await store.head(key)) !== undefined) return;
  await store.put(key, createReadStream(path), description, { signal });
}

export async function copyFromStore(store: ObjectStore, key: string, path: string, signal: AbortSignal): Promise<void> {
  const { body } = await store.read(key);
  const temporaryPath = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await pipeline(body, createWriteStream(temporaryPath), { signal });
    await commitFile(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
}

/** Removes everything that workers shared of a job. */
export async function removeShared(store: ObjectStore, jobId: string): Promise<void> {
  for await (const { key } of store.list(prefixOf(jobId))) await store.delete(key);
}

/** Jobs of which something is shared. */
export async function listShared(store: ObjectStore): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { key } of store.list(prefix)) ids.add(key.slice(prefix.length).split("/")[0] ?? "");
  return ids;
}
