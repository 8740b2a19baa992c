import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "../domain/errors.ts";
import type { ObjectStore, StoredObject } from "../storage/object-store.ts";

/** Stored files as files of this machine, for those who look at them again and again. */
export interface LocalFiles extends AsyncDisposable {
  /** Throws: AppError `object_not_found`. */
  open(key: string): Promise<{ readonly path: string; readonly object: StoredObject }>;
}

export type LocalFilesParts = { readonly store: ObjectStore; readonly folder: string; readonly maxBytes?: number };

const defaultMaxBytes = 8 * 1024 ** 3;

/** Where the store is this machine's disk its own files are named; from elsewhere they are copied, the last used kept. */
export function createLocalFiles({ store, folder, maxBytes = defaultMaxBytes }: LocalFilesParts): LocalFiles {
  const copies = new Map<string, { readonly path: string; readonly sizeBytes: number; readonly ready: Promise<void> }>();
  const own = join(folder, `seen-${randomUUID()}`);

  const copy = async (key: string, path: string): Promise<void> => {
    await mkdir(own, { recursive: true });
    try {
      const { body } = await store.read(key);
      await pipeline(body, createWriteStream(path));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  };

  const makeRoom = async (): Promise<void> => {
    let bytes = [...copies.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const [name, { path, sizeBytes }] of copies) {
      if (bytes <= maxBytes || copies.size === 1) return;
      copies.delete(name);
      bytes -= sizeBytes;
      await rm(path, { force: true });
    }
  };

  const openCopy = async (object: StoredObject): Promise<string> => {
    const name = createHash("sha256").update(`${object.key}\n${object.etag}`).digest("hex");
    const path = join(own, name);
    const found = copies.get(name) ?? { path, sizeBytes: object.sizeBytes, ready: copy(object.key, path) };
    copies.delete(name);
    copies.set(name, found); // the last used is last
    try {
      await found.ready;
    } catch (error) {
      copies.delete(name);
      throw error;
    }
    await makeRoom();
    return path;
  };

  return {
    open: async (key) => {
      const object = await store.head(key);
      if (object === undefined) throw new AppError("object_not_found", "The video is no longer kept.");
      const path = store.localPath === undefined ? await openCopy(object) : await store.localPath(key);
      if (path === undefined) throw new AppError("object_not_found", "The video is no longer kept.");
      return { path, object };
    },
    [Symbol.asyncDispose]: () => rm(own, { recursive: true, force: true }),
  };
}
