import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { z } from "zod";
import { isErrno } from "../core/files.ts";
import { FetchError, type FetchedResource, safeFetch } from "../core/safe-fetch.ts";
import { AppError } from "../domain/errors.ts";
import { downloadError } from "./download-error.ts";

export { displayUrl } from "./download-error.ts";

/** What a download may cost at most. */
export const downloadLimits = { maxBytes: 64e9, timeoutMs: 6 * 3600e3, idleTimeoutMs: 60e3, maxRedirects: 5 } as const;

export type DownloadOptions = {
  readonly url: URL;
  /** Made when missing; a finished download in it is taken again when the server says that it has not changed. */
  readonly folder: string;
  readonly limits?: typeof downloadLimits | { [Name in keyof typeof downloadLimits]: number };
  readonly allowAddress?: (address: string) => boolean;
  readonly onProgress?: (progress: { readonly doneBytes: number; readonly totalBytes: number | undefined }) => void;
  readonly signal?: AbortSignal;
};

const Marker = z.object({ url: z.string(), etag: z.string().optional(), lastModified: z.string().optional() });
type Marker = z.infer<typeof Marker>;

/** Downloads a URL to a file whose time is the server's, so that the same content is the same input to a later run.
 *  Throws: AppError `download_failed`, `upload_too_large`, `output_unwritable`. */
export async function download(options: DownloadOptions): Promise<string> {
  const { url, folder, onProgress, signal } = options;
  const path = join(folder, `source${safeExtension(url)}`);
  const earlier = await readMarker(folder, path, url);
  try {
    await mkdir(folder, { recursive: true });
    const resource = await safeFetch(url, {
      ...(options.limits ?? downloadLimits),
      headers: conditions(earlier),
      ...(options.allowAddress !== undefined && { allowAddress: options.allowAddress }),
      ...(signal !== undefined && { signal }),
    });
    if (resource.isUnchanged && earlier !== undefined) return path;
    if (resource.isUnchanged) throw new FetchError("status", "the server answered with status 304", { status: 304 });
    await rm(markerPath(folder), { force: true });
    await receive(resource, `${path}.part`, onProgress);
    const { etag, "last-modified": lastModified } = resource.headers;
    const changed = new Date(lastModified ?? 0);
    const time = Number.isNaN(changed.getTime()) ? new Date(0) : changed;
    await utimes(`${path}.part`, time, time);
    await rename(`${path}.part`, path);
    const marker: Marker = {
      url: hashUrl(url),
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    };
    await writeFile(markerPath(folder), JSON.stringify(marker));
    return path;
  } catch (cause) {
    if (cause instanceof FetchError) throw downloadError(cause, url, (options.limits ?? downloadLimits).maxBytes);
    if (isErrno(cause, "EACCES") || isErrno(cause, "EROFS") || isErrno(cause, "ENOTDIR")) {
      throw new AppError("output_unwritable", `Nothing can be written to ${folder}.`, { cause });
    }
    throw cause;
  }
}

async function receive(
  resource: FetchedResource & { isUnchanged: false },
  path: string,
  onProgress: DownloadOptions["onProgress"],
): Promise<void> {
  const handle = await open(path, "w");
  let doneBytes = 0;
  try {
    for await (const chunk of resource.body) {
      await handle.writeFile(chunk);
      doneBytes += chunk.length;
      onProgress?.({ doneBytes, totalBytes: resource.sizeBytes });
    }
  } finally {
    await handle.close();
  }
}

function safeExtension(url: URL): string {
  const extension = extname(url.pathname).toLowerCase();
  return /^\.[a-z0-9]{1,5}$/.test(extension) ? extension : "";
}

function markerPath(folder: string): string {
  return join(folder, "source.json");
}

/** Signed URLs are secrets: only their hash is kept. */
function hashUrl(url: URL): string {
  return createHash("sha256").update(url.href).digest("hex");
}

function conditions(earlier: Marker | undefined): Record<string, string> {
  if (earlier?.etag !== undefined) return { "if-none-match": earlier.etag };
  if (earlier?.lastModified !== undefined) return { "if-modified-since": earlier.lastModified };
  return {};
}

async function readMarker(folder: string, path: string, url: URL): Promise<Marker | undefined> {
  try {
    await stat(path);
    const marker = Marker.parse(JSON.parse(await readFile(markerPath(folder), "utf8")));
    return marker.url === hashUrl(url) ? marker : undefined;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
