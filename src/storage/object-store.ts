import type { Readable } from "node:stream";

export type StoredObject = {
  readonly key: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** The name a download should get. */
  readonly fileName: string;
  readonly modifiedAt: Date;
  /** Opaque and strong: changes when the bytes do. */
  readonly etag: string;
};

export type ObjectDescription = { readonly contentType: string; readonly fileName: string };
/** Inclusive, as in HTTP. */
export type ByteRange = { readonly start: number; readonly end: number };

/** Inputs, results and uploads by key ("inputs/…", "results/…"). An object appears whole or not at all. */
export interface ObjectStore {
  /** Streams the body in.  Throws: AppError `upload_too_large` past `maxBytes`; nothing is left of it then. */
  put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    description: ObjectDescription,
    options?: { readonly maxBytes?: number; readonly signal?: AbortSignal },
  ): Promise<StoredObject>;
  /** Takes over a finished file, by renaming it where that is possible.  Owns: the file, which is gone afterwards. */
  putFile(
    key: string,
    path: string,
    description: ObjectDescription,
    options?: { readonly signal?: AbortSignal },
  ): Promise<StoredObject>;
  head(key: string): Promise<StoredObject | undefined>;
  /** Throws: AppError `object_not_found`. */
  read(key: string, range?: ByteRange): Promise<{ readonly object: StoredObject; readonly body: Readable }>;
  /** Where the bytes lie as a file of this machine, for reading at once: what replaces or deletes the object takes the name
   *  away. Left out by stores that are elsewhere; undefined where there is no such object. */
  localPath?(key: string): Promise<string | undefined>;
  delete(key: string): Promise<void>;
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes what puts left behind that a crash cut off and that nothing was added to since `before`; returns how many. */
  sweep(before: Date): Promise<number>;
}
