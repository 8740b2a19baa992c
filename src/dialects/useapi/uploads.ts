import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import { type Asset, insertAssets } from "./assets.ts";
import { chunksOf } from "./body.ts";
import type { Call, Handler, UseapiParts } from "./context.ts";
import { checkUploadType, decodeUploadName } from "./decode.ts";
import { encodeUploaded } from "./encode-asset.ts";
import { chooseLocalAccount, getLocalAccount } from "./local-accounts.ts";
import { removeLeftovers } from "./media.ts";
import { ok } from "./reply.ts";

const lookTimeoutMs = 60_000;

/** `POST /assets/?name=`: the body is the file. What it is, reading it says; the caller's own figures are not asked. */
export const uploadAsset: Handler = async (call, parts) => {
  const name = decodeUploadName(call.query);
  checkUploadType(call.contentType);
  const { accountId, userId } = call.caller;
  const given = call.query.get("email") ?? "";
  const { email } = await (given === ""
    ? chooseLocalAccount(parts.database, accountId)
    : getLocalAccount(parts.database, accountId, given));
  await removeLeftovers(parts);
  const asset = await store({ accountId, email, name }, call, parts);
  await insertAssets(parts.database, [asset]);
  return ok(encodeUploaded(asset, { userId, publicBase: call.publicBase, links: parts.links }));
};

/** Keeps the file if it is one that can be read. */
async function store(
  described: Pick<Asset, "accountId" | "email" | "name">,
  { body, disconnected: signal }: Call,
  parts: UseapiParts,
): Promise<Asset> {
  const id = randomUUID();
  const objectKey = `media/useapi/${id}`;
  const { name } = described;
  try {
    const { maxUploadBytes: maxBytes } = parts;
    const stored = await parts.ingest.storeUpload(objectKey, chunksOf(body), { fileName: name }, { maxBytes, signal });
    const facts = await look(stored, signal, parts);
    const createdAt = parts.clock.now();
    return {
      ...described,
      id,
      objectKey,
      contentType: stored.contentType,
      sizeBytes: stored.sizeBytes,
      facts,
      taskId: undefined,
      parentGroupId: undefined,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + lifetimeMs(parts)),
    };
  } catch (error) {
    await parts.store.delete(objectKey);
    if (signal.aborted) throw new AppError("bad_request", "The upload was not complete", { cause: error });
    if (error instanceof AppError && error.code === "rate_limited") throw busyLooking(error);
    throw error;
  }
}

/** Throws: AppError for what is neither picture nor sound. */
async function look({ key }: StoredObject, signal: AbortSignal, parts: UseapiParts): Promise<Asset["facts"]> {
  const { facts } = await parts.inspectSource({ kind: "object", key }, { timeoutMs: lookTimeoutMs, signal });
  const { kind, durationSeconds, size, frameRate, hasAudio } = facts;
  return { kind, durationSeconds, ...(size !== undefined && { width: size.width, height: size.height }), frameRate, hasAudio };
}

/** It is the server that has too much to do, not the caller. */
function busyLooking(cause: AppError): AppError {
  return new AppError("workspace_busy", cause.message, { details: cause.details, retryable: true, cause });
}

/** The service keeps assets for good; here as long as results at least. */
function lifetimeMs({ inputLifetimeSeconds, resultLifetimeSeconds }: UseapiParts): number {
  return Math.max(inputLifetimeSeconds, resultLifetimeSeconds) * 1000;
}
