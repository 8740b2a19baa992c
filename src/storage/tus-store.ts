import { mkdirSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileConfigstore, FileStore } from "@tus/file-store";
import { statOrUndefined } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import type { ObjectDescription, ObjectStore, StoredObject } from "./object-store.ts";

export type FinishUpload = {
  readonly store: ObjectStore;
  /** The same for each try at finishing one upload: a second try finds the object of the first. */
  readonly key: string;
  /** Decides what the upload is by its first bytes, or throws to refuse it; the name is what the client said. */
  readonly describe: (head: Uint8Array, fileName: string) => ObjectDescription;
};

export interface TusStore {
  /** For a tus server. */
  readonly dataStore: FileStore;
  /** Moves a whole upload into the object store, by renaming where possible.
   *  Throws: AppError `upload_not_found`, `bad_request` while bytes are missing; what `describe` throws, with the upload kept. */
  finishUpload(id: string, options: FinishUpload): Promise<StoredObject>;
  /** Gives up an upload; it may be gone already. */
  discardUpload(id: string): Promise<void>;
}

const headBytes = 4096;

/** Keeps resumable uploads in a folder until they are finished or, if asked, have expired (`dataStore.deleteExpired()`). */
export function createTusStore(options: { readonly folder: string; readonly expiresAfterMs?: number }): TusStore {
  const { folder, expiresAfterMs = 0 } = options;
  mkdirSync(folder, { recursive: true }); // the library makes it too, but does not wait for it
  const facts = new FileConfigstore(folder);
  const dataStore = new FileStore({ directory: folder, configstore: facts, expirationPeriodInMilliseconds: expiresAfterMs });
  const discardUpload = async (id: string): Promise<void> => {
    assertId(id);
    await rm(join(folder, id), { force: true });
    await rm(join(folder, `${id}.json`), { force: true });
  };
  return {
    dataStore,
    discardUpload,
    async finishUpload(id, { store, key, describe }) {
      assertId(id);
      const path = join(folder, id);
      const upload = await facts.get(id);
      const file = await statOrUndefined(path);
      if (upload === undefined || file === undefined) {
        const finished = await store.head(key);
        if (finished === undefined) throw uploadNotFound(id);
        await discardUpload(id);
        return finished;
      }
      const receivedBytes = Number(file.size);
      if (receivedBytes !== upload.size) {
        throw new AppError("bad_request", "The upload is not complete yet.", {
          details: { receivedBytes, sizeBytes: upload.size },
        });
      }
      const description = describe(await readHead(path), upload.metadata?.["filename"] ?? "upload");
      const object = await store.putFile(key, path, description);
      await discardUpload(id);
      return object;
    },
  };
}

/** Ids are ours, but come back from outside. */
function assertId(id: string): void {
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(id)) throw uploadNotFound(id);
}

function uploadNotFound(id: string): AppError {
  return new AppError("upload_not_found", "The upload does not exist or has expired.", { details: { id: id.slice(0, 100) } });
}

async function readHead(path: string): Promise<Uint8Array> {
  await using handle = await open(path, "r");
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}
