import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { createAddressGuard } from "../core/address.ts";
import { commitFile, isErrno } from "../core/files.ts";
import { FetchError, type FetchOptions, safeFetch } from "../core/safe-fetch.ts";
import { AppError } from "../domain/errors.ts";
import type { JobSource } from "../domain/job.ts";
import { limitBytes } from "../storage/limit-bytes.ts";
import type { ObjectDescription, ObjectStore, StoredObject } from "../storage/object-store.ts";
import { decodeDataUri } from "./data-uri.ts";
import { downloadError } from "./download-error.ts";
import { safeFileName } from "./sniff.ts";
import { sniffBody } from "./sniffed-body.ts";

export type IngestOptions = {
  readonly store: ObjectStore;
  readonly fetchOptions: {
    /** Ranges of addresses that may be fetched from though they are not public, e.g. "127.0.0.0/8". */
    readonly allow: readonly string[];
    /** For one input, however it comes. */
    readonly maxBytes: number;
    /** For a whole download, redirects included. */
    readonly timeoutMs: number;
    readonly maxRedirects: number;
    /** Longest silence of a server; left out, a minute. */
    readonly idleTimeoutMs?: number;
    readonly lookup?: NonNullable<FetchOptions["lookup"]>;
  };
  /** The key behind a URL of our own, which is read from the store without a request.  Throws: AppError when it is not valid any more. */
  readonly ownUrlToKey?: (url: URL) => string | undefined;
};

export interface Ingest {
  /** Brings a job's input to a local file, whole or not at all.
   *  Throws: AppError `download_failed`, `upload_too_large`, `object_not_found`, `input_unreadable` for what is no media file. */
  fetchSource(source: JobSource, path: string, signal: AbortSignal): Promise<void>;
  /** Streams an upload to the store under its true type, whatever type was declared.
   *  Throws: AppError `upload_too_large`, `input_unreadable` for what is no media file; nothing is stored then. */
  storeUpload(
    key: string,
    body: AsyncIterable<Uint8Array>,
    description: Partial<ObjectDescription>,
    options?: { readonly maxBytes?: number; readonly signal?: AbortSignal },
  ): Promise<StoredObject>;
}

/** Throws: RangeError when a range to allow is not one. */
export function createIngest(options: IngestOptions): Ingest {
  const { store, fetchOptions, ownUrlToKey } = options;
  const { allow, idleTimeoutMs = 60_000, ...limits } = fetchOptions;
  const fetchLimits = { ...limits, idleTimeoutMs, allowAddress: createAddressGuard(allow) };

  const openSource = async (source: JobSource, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> => {
    if (source.kind === "object") return (await store.read(source.key)).body;
    if (/^data:/i.test(source.url)) return Readable.from([decodeDataUri(source.url, limits.maxBytes)]);
    const url = URL.parse(source.url.trim());
    if (url === null)
      throw new AppError("download_failed", "The address of the video is not a valid URL.", { details: { failure: "bad_url" } });
    const key = ownUrlToKey?.(url);
    return key === undefined ? download(url, { ...fetchLimits, signal }) : (await store.read(key)).body;
  };

  return {
    async fetchSource(source, path, signal) {
      const body = await openSource(source, signal);
      await using sniffed = await sniffBody(limitBytes(body, { signal }));
      await writeWhole(path, sniffed.whole);
    },
    async storeUpload(key, body, { fileName = "upload" }, { maxBytes = Infinity, signal } = {}) {
      const putOptions = { maxBytes: Math.min(maxBytes, limits.maxBytes), ...(signal !== undefined && { signal }) };
      await using sniffed = await sniffBody(limitBytes(body, putOptions));
      const described = { contentType: sniffed.contentType, fileName: safeFileName(fileName) };
      return await store.put(key, sniffed.whole, described, putOptions);
    },
  };
}

async function* download(url: URL, options: FetchOptions): AsyncGenerator<Uint8Array> {
  try {
    const resource = await safeFetch(url, options);
    if (resource.isUnchanged) throw new FetchError("status", "the server answered with status 304", { status: 304 });
    yield* resource.body;
  } catch (error) {
    throw error instanceof FetchError ? downloadError(error, url, options.maxBytes) : error;
  }
}

async function writeWhole(path: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  const temporaryPath = `${path}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporaryPath, body);
    await commitFile(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT")) {
      throw new AppError("output_unwritable", "The disk that videos are worked on is full.", { cause: error, retryable: true });
    }
    throw error;
  }
}
