import { randomUUID } from "node:crypto";
import { FetchError } from "../../core/safe-fetch.ts";
import { AppError } from "../../domain/errors.ts";
import type { RunwayContext } from "./context.ts";
import { fetchMessage, fetchSource } from "./fetch-source.ts";
import { uploadKeyOf } from "./upload-token.ts";
import { isTakenType, sizeMessage, videoIssue, type VideoUri } from "./video-uri.ts";
import type { Issue } from "./wire.ts";

/** A video that was looked at and is taken. */
export type TakenSource = {
  readonly key: string;
  /** Stored for this one task, and nobody else's. */
  readonly isOwned: boolean;
  readonly durationSeconds: number;
};

type StoredSource = Pick<TakenSource, "key" | "isOwned">;

/** Brings a video to the store and looks at it, all within the time that callers wait; or what is wrong with it.
 *  Throws: AppError `workspace_busy` when too many are looked at. */
export async function takeSource(uri: VideoUri, accountId: string, context: RunwayContext): Promise<TakenSource | Issue> {
  const deadlineMs = performance.now() + context.sourceTimeoutMs;
  const signal = AbortSignal.any([context.closing, AbortSignal.timeout(context.sourceTimeoutMs)]);
  const stored = await explained(() => store(uri, { accountId, signal }, context), uri, context);
  if ("code" in stored) return stored;
  const timeoutMs = Math.max(1, Math.round(deadlineMs - performance.now()));
  const taken = await explained(() => look(stored, timeoutMs, context), uri, context).catch(async (error: unknown) => {
    await dropSource(stored, context);
    throw error;
  });
  if ("code" in taken) await dropSource(stored, context);
  return taken;
}

/** Forgets a video that no task was made of. */
export async function dropSource({ key, isOwned }: StoredSource, { store: objects }: RunwayContext): Promise<void> {
  if (isOwned) await objects.delete(key);
}

type Bounds = { readonly accountId: string; readonly signal: AbortSignal };

async function store(uri: VideoUri, { accountId, signal }: Bounds, context: RunwayContext): Promise<StoredSource | Issue> {
  const { limits, maxUploadBytes } = context;
  switch (uri.kind) {
    case "upload": {
      const key = uploadKeyOf(uri.token, accountId, context);
      return key === undefined ? uploadIssue : { key, isOwned: false };
    }
    case "own":
      // A copy: the file may be deleted, or its time be over, before the task begins.
      if (uri.key === undefined) return goneIssue;
      return await storeBody((await context.store.read(uri.key)).body, { maxBytes: maxUploadBytes, signal }, context);
    case "data":
      return await storeBody(once(uri.bytes), { maxBytes: limits.maxUploadBytes, signal }, context);
    case "url": {
      const { contentType, body } = await fetchSource(uri.url, context, signal);
      const stored = await storeBody(body, { maxBytes: limits.maxUrlBytes, signal }, context);
      if (!limits.checksTypes || isTakenType(contentType)) return stored;
      await dropSource(stored, context);
      return videoIssue(`Unsupported Content-Type response header: "${contentType.slice(0, 200)}".`);
    }
  }
}

async function storeBody(
  body: AsyncIterable<Uint8Array>,
  options: { readonly maxBytes: number; readonly signal: AbortSignal },
  { ingest }: RunwayContext,
): Promise<StoredSource> {
  const key = `inputs/${randomUUID()}`;
  await ingest.storeUpload(key, body, {}, options);
  return { key, isOwned: true };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function look(stored: StoredSource, timeoutMs: number, context: RunwayContext): Promise<TakenSource | Issue> {
  const { inspectSource, limits, maxSeconds = Infinity } = context;
  const { facts } = await inspectSource(
    { kind: "object", key: stored.key },
    { timeoutMs, maxBytes: context.maxUploadBytes, signal: context.closing },
  );
  const { kind, size, durationSeconds } = facts;
  if (kind !== "video" || size === undefined) return metadataIssue;
  if (Math.max(size.width, size.height) >= limits.sideBelow) {
    return videoIssue(`Invalid asset dimensions. Each side must be less than ${limits.sideBelow} pixels.`);
  }
  // A hundredth of a second is a container's rounding.
  if (Math.round(durationSeconds * 100) / 100 > maxSeconds) return durationIssue(maxSeconds);
  return { ...stored, durationSeconds };
}

const timeoutIssue = videoIssue("Timeout while fetching asset.");
const metadataIssue = videoIssue("Failed to fetch video metadata");
const uploadIssue = videoIssue("The upload URI is not valid or has expired.");
const goneIssue = videoIssue('Failed to fetch asset. Received HTTP response code "404".');

function durationIssue(maximum: number): Issue {
  const bound = { code: "too_big", maximum, type: "number", inclusive: true, origin: "number" };
  return { ...bound, message: `Asset duration must be at most ${maximum} seconds`, path: ["videoUri"] };
}

/** What the work gives, with the failures that lie in the video as what is wrong with it. */
async function explained<Value>(
  work: () => Promise<Value>,
  { kind }: VideoUri,
  { limits, maxUploadBytes }: RunwayContext,
): Promise<Value | Issue> {
  const maxBytes = kind === "url" ? limits.maxUrlBytes : maxUploadBytes;
  try {
    return await work();
  } catch (error) {
    if (error instanceof FetchError) return videoIssue(fetchMessage(error, maxBytes));
    if (error instanceof DOMException && error.name === "TimeoutError") return timeoutIssue;
    if (!(error instanceof AppError)) throw error;
    switch (error.code) {
      case "download_failed": // of a file in the store: reading it took too long
        return timeoutIssue;
      case "object_not_found":
        return kind === "upload" ? uploadIssue : goneIssue;
      case "upload_too_large":
        return videoIssue(sizeMessage(maxBytes));
      case "input_unreadable":
      case "no_video":
      case "unsupported_input":
      case "decode_failed":
      case "size_limit":
        return metadataIssue;
      case "rate_limited":
        throw new AppError("workspace_busy", error.message, { details: error.details, retryable: true, cause: error });
      default:
        throw error;
    }
  }
}
