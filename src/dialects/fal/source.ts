import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import type { JobFailure, JobSource } from "../../domain/job.ts";
import { decodeDataUri } from "../../ingest/data-uri.ts";
import type { FalContext } from "./context.ts";

/** Where a job finds its video: files of our own by their key, data URIs stored now, everything else by its URL.
 *  A failure where a data URI holds nothing that could be stored. */
export async function sourceOf(videoUrl: string, context: FalContext): Promise<JobSource | JobFailure> {
  if (/^data:/i.test(videoUrl)) return await storeDataUri(videoUrl, context);
  const key = ownKey(videoUrl, context);
  return key === undefined ? { kind: "url", url: videoUrl } : { kind: "object", key };
}

async function storeDataUri(uri: string, { store, limits }: FalContext): Promise<JobSource | JobFailure> {
  try {
    const bytes = decodeDataUri(uri, limits.maxUploadBytes);
    const key = `uploads/fal/${randomUUID()}/data`;
    await store.put(key, once(bytes), { contentType: "application/octet-stream", fileName: "data" });
    return { kind: "object", key };
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== "download_failed" && error.code !== "upload_too_large")) throw error;
    return { code: error.code, message: error.message, details: error.details };
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The key of a link that this server signed, whatever name the server was called by. */
function ownKey(videoUrl: string, { links }: FalContext): string | undefined {
  const token = /\/files\/([^/]+)\/[^/]*$/.exec(URL.parse(videoUrl)?.pathname ?? "")?.[1];
  if (token === undefined) return undefined;
  try {
    return links.verify(token, "read").key;
  } catch (error) {
    if (error instanceof AppError) return undefined; // not ours, or expired: then it is a URL like any other
    throw error;
  }
}
