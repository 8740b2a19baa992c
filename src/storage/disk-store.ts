import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { throwIfAborted } from "../core/async.ts";
import { commitFile, isErrno } from "../core/files.ts";
import { DiskEntry, listEntries, removeEmptyFolders, sweepData } from "./disk-entries.ts";
import { commitInFolder, explainWriting, writeAll } from "./disk-writing.ts";
import { limitBytes } from "./limit-bytes.ts";
import { encodeSegment, parseKey } from "./object-key.ts";
import type { ByteRange, ObjectDescription, ObjectStore, StoredObject } from "./object-store.ts";
import { clampRange, objectNotFound } from "./ranges.ts";

/** An object store in a folder: `data/` holds bytes under random names, `objects/` a small file per key that names them.
 *  Renaming that small file into place is what makes an object appear or change, so none is ever seen half. */
export function createDiskStore(options: { readonly folder: string }): ObjectStore {
  return new FolderStore(options.folder);
}

class FolderStore implements ObjectStore {
  readonly #objects: string;
  readonly #data: string;
  readonly #committing = new Map<string, Promise<unknown>>();

  constructor(folder: string) {
    this.#objects = join(folder, "objects");
    this.#data = join(folder, "data");
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    description: ObjectDescription,
    options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
  ): Promise<StoredObject> {
    parseKey(key);
    const dataName = randomUUID();
    const path = join(this.#data, dataName);
    let sizeBytes: number;
    try {
      await mkdir(this.#data, { recursive: true });
      sizeBytes = await writeAll(`${path}.part`, limitBytes(body, options));
      await commitFile(`${path}.part`, path);
    } catch (error) {
      await Promise.all([rm(path, { force: true }), rm(`${path}.part`, { force: true })]);
      throw explainWriting(error);
    }
    return await this.#commit({ key, dataName, sizeBytes, ...description, modifiedAt: new Date() });
  }

  async putFile(
    key: string,
    path: string,
    description: ObjectDescription,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<StoredObject> {
    parseKey(key);
    throwIfAborted(options.signal);
    const dataName = randomUUID();
    const dataPath = join(this.#data, dataName);
    await mkdir(this.#data, { recursive: true });
    const { size } = await stat(path);
    try {
      await commitFile(path, dataPath);
    } catch (error) {
      if (!isErrno(error, "EXDEV")) throw explainWriting(error);
      const copied = await this.put(key, createReadStream(path), description, options);
      await rm(path);
      return copied;
    }
    return await this.#commit({ key, dataName, sizeBytes: size, ...description, modifiedAt: new Date() });
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const entry = await this.#entry(key);
    return entry === undefined ? undefined : toObject(entry);
  }

  async read(key: string, range?: ByteRange): Promise<{ readonly object: StoredObject; readonly body: Readable }> {
    const { entry, handle } = await this.#openData(key);
    try {
      const object = toObject(entry);
      return { object, body: handle.createReadStream(range === undefined ? {} : clampRange(range, entry.sizeBytes)) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async localPath(key: string): Promise<string | undefined> {
    const entry = await this.#entry(key);
    return entry === undefined ? undefined : join(this.#data, entry.dataName);
  }

  async delete(key: string): Promise<void> {
    await this.#exclusively(key, async () => {
      const entry = await this.#entry(key);
      if (entry === undefined) return;
      await rm(this.#entryPath(key), { force: true });
      await rm(join(this.#data, entry.dataName), { force: true });
      await removeEmptyFolders(dirname(this.#entryPath(key)), this.#objects);
    });
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const folders = prefix.split("/").slice(0, -1).map(encodeSegment);
    for await (const entry of listEntries(join(this.#objects, ...folders))) {
      if (entry.key.startsWith(prefix)) yield toObject(entry);
    }
  }

  async sweep(before: Date): Promise<number> {
    return await sweepData({ dataFolder: this.#data, objectsFolder: this.#objects, before });
  }

  /** Makes a key name new bytes, then removes what it named before.  Owns: the new bytes, which go when this fails. */
  async #commit(entry: DiskEntry): Promise<StoredObject> {
    const path = this.#entryPath(entry.key);
    const temporaryPath = join(this.#data, `${entry.dataName}.json`);
    try {
      await writeFile(temporaryPath, JSON.stringify(entry));
    } catch (error) {
      await Promise.all([rm(temporaryPath, { force: true }), rm(join(this.#data, entry.dataName), { force: true })]);
      throw explainWriting(error);
    }
    // From here on the key may name the new bytes even if something fails: what nothing names in the end is swept away.
    await this.#exclusively(entry.key, async () => {
      const earlier = await this.#entry(entry.key);
      await commitInFolder(temporaryPath, path);
      if (earlier !== undefined) await rm(join(this.#data, earlier.dataName), { force: true });
    });
    return toObject(entry);
  }

  async #openData(key: string): Promise<{ entry: DiskEntry; handle: FileHandle }> {
    for (;;) {
      const entry = await this.#entry(key);
      if (entry === undefined) throw objectNotFound(key);
      try {
        return { entry, handle: await open(join(this.#data, entry.dataName), "r") };
      } catch (error) {
        if (!isErrno(error, "ENOENT")) throw error;
        // Replaced or deleted since the entry was read, or bytes lost from the folder.
        const now = await this.#entry(key);
        if (now?.dataName === entry.dataName) throw objectNotFound(key);
      }
    }
  }

  async #entry(key: string): Promise<DiskEntry | undefined> {
    try {
      return DiskEntry.parse(JSON.parse(await readFile(this.#entryPath(key), "utf8")));
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
      throw error;
    }
  }

  #entryPath(key: string): string {
    return `${join(this.#objects, ...parseKey(key).map(encodeSegment))}~.json`;
  }

  /** Runs work on one key after all work on it that began before. */
  async #exclusively(key: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#committing.get(key) ?? Promise.resolve()).then(work);
    const settled = done.catch(() => undefined); // reported to its own caller
    this.#committing.set(key, settled);
    try {
      await done;
    } finally {
      if (this.#committing.get(key) === settled) this.#committing.delete(key);
    }
  }
}

function toObject({ dataName, ...entry }: DiskEntry): StoredObject {
  return { ...entry, etag: dataName };
}
