import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { AppError } from "../../domain/errors.ts";
import { isFinished } from "../../domain/job.ts";
import { decodeDataUri } from "../../ingest/data-uri.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import { type Answer, data, type Problem, refusal, type TaskName } from "./answer.ts";
import type { Caller, RunwareContext } from "./context.ts";
import type { MediaCall } from "./decode.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { fileUrl } from "./encode.ts";
import { mediaProblemOf } from "./errors.ts";
import type { MediaSource } from "./media-source.ts";
import { deleteMedia, forgetUnused, insertMedia, useMedia } from "./media-table.ts";
import { findTask } from "./find-task.ts";

type FileSource = Exclude<MediaSource, { kind: "stored" }>;

const extensions: Readonly<Record<string, string | undefined>> = {
  "video/mp4": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/x-matroska": "mkv",
  "video/x-msvideo": "avi",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
};

export type MediaTaskName = TaskName & { readonly taskUUID: string; readonly taskType: "mediaStorage" | "imageUpload" };

/** Answers `mediaStorage` and `imageUpload`. */
export async function answerMedia(
  call: MediaCall,
  task: MediaTaskName,
  caller: Caller,
  context: RunwareContext,
): Promise<Answer> {
  await removeUnused(context);
  if (call.operation === "delete") return await forget(call.id, task, caller, context);
  const isImage = task.taskType === "imageUpload";
  let stored: StoredFile;
  try {
    stored = await storeFile(call.source, caller, context);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return refusal(mediaProblemOf(error, isImage ? "image" : "media"), task);
  }
  const { id, url } = stored;
  if (isImage) return data({ taskType: task.taskType, taskUUID: task.taskUUID, imageUUID: id, imageURL: url });
  return data({ taskType: task.taskType, taskUUID: task.taskUUID, operation: "upload", mediaUUID: id, mediaURL: url });
}

type StoredFile = { readonly id: string; readonly url: string };

async function storeFile(source: MediaSource, caller: Caller, context: RunwareContext): Promise<StoredFile> {
  if (source.kind === "stored") throw new AppError("bad_request", "The file is stored already.");
  const { database, links, clock, limits } = context;
  const id = randomUUID();
  const objectKey = `media/runware/${id}`;
  // Recorded first, so that no file is ever kept that is not.
  await insertMedia(database, caller.accountId, { kind: "file", id, objectKey }, clock.now());
  const object = await bringToStore(source, objectKey, context).catch(async (error: unknown) => {
    await deleteMedia(database, { accountId: caller.accountId, id });
    throw error;
  });
  const expiresAt = new Date(clock.now().getTime() + limits.mediaLifetimeSeconds * 1000);
  const token = links.sign({ key: objectKey, purpose: "read", expiresAt });
  return { id, url: fileUrl(caller.publicBase, token, `${id}.${extensions[object.contentType] ?? "bin"}`) };
}

/** Throws: AppError as ingest has it. */
async function bringToStore(source: FileSource, key: string, context: RunwareContext): Promise<StoredObject> {
  const { store, inspectSource, limits, maxUploadBytes: maxBytes } = context;
  if (source.kind === "inline") return await storeInline(source.dataUri, key, context);
  const inspected = await inspectSource({ kind: "url", url: source.url }, { timeoutMs: limits.transferMs, maxBytes });
  const { object, body } = await store.read(inspected.key);
  const kept = await store.put(key, body, { contentType: object.contentType, fileName: object.fileName });
  await store.delete(inspected.key);
  return kept;
}

/** Throws: AppError `download_failed` for what is not base64, `input_unreadable`, `upload_too_large`. */
export async function storeInline(
  dataUri: string,
  key: string,
  { ingest, maxUploadBytes: maxBytes }: Pick<RunwareContext, "ingest" | "maxUploadBytes">,
): Promise<StoredObject> {
  const bytes = decodeInline(dataUri, maxBytes);
  return await ingest.storeUpload(key, Readable.from([bytes]), { fileName: "upload" }, { maxBytes });
}

/** Bytes that cannot be read are a bad value here: nothing is transferred. */
function decodeInline(dataUri: string, maxBytes: number): Uint8Array {
  try {
    return decodeDataUri(dataUri, maxBytes);
  } catch (error) {
    if (error instanceof AppError) throw new AppError("input_unreadable", error.message, { cause: error });
    throw error;
  }
}

async function forget(id: string, task: MediaTaskName, caller: Caller, context: RunwareContext): Promise<Answer> {
  const { database, store } = context;
  const key = await keyOf(id, caller.accountId, context);
  if (key === undefined) return refusal({ ...mediaNotFound(id, "media"), status: 404 }, task);
  await deleteMedia(database, { accountId: caller.accountId, id });
  await store.delete(key);
  return data({ taskType: task.taskType, taskUUID: task.taskUUID, operation: "delete", mediaUUID: id });
}

/** Where a caller's file or finished result lies; undefined where there is none, or none any more. */
export async function keyOf(id: string, accountId: string, context: RunwareContext): Promise<string | undefined> {
  const { database, store, clock } = context;
  const media = await useMedia(database, { accountId, id }, clock.now());
  if (media === undefined) return undefined;
  if (media.kind === "file") return (await store.head(media.objectKey)) === undefined ? undefined : media.objectKey;
  const job = await findTask(media.taskUUID, accountId, context);
  const isItsResult = job !== undefined && isFinished(job.state) && dialectDataOf(job).resultId === id;
  const key = isItsResult ? job.result?.objectKey : undefined;
  return key === undefined || (await store.head(key)) === undefined ? undefined : key;
}

export function mediaNotFound(id: string, parameter: "media" | "inputs.video"): Problem {
  const message = `There is no stored media '${id}'; it may have expired or been deleted.`;
  return { status: 400, code: "mediaNotFound", message, parameter };
}

/** What nobody used for long goes when more comes. */
export async function removeUnused({
  database,
  store,
  clock,
  limits,
}: Pick<RunwareContext, "database" | "store" | "clock" | "limits">): Promise<void> {
  const before = new Date(clock.now().getTime() - limits.mediaLifetimeSeconds * 1000);
  for (const key of await forgetUnused(database, before)) await store.delete(key);
}
