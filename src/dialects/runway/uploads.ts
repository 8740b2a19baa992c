import { randomUUID } from "node:crypto";
import type { Multipart } from "@fastify/multipart";
import { AppError } from "../../domain/errors.ts";
import { readText } from "../read-text.ts";
import type { RunwayCall, RunwayContext } from "./context.ts";
import { decodeUpload } from "./decode.ts";
import { invalidBody, tooLarge } from "./errors.ts";
import { json, noContent, type RunwayReply } from "./reply.ts";
import { signSlot, signUploadUri, slotKeyOf } from "./upload-token.ts";
import { sizeMessage } from "./video-uri.ts";
import type { UploadSlot } from "./wire.ts";

const maxBodyBytes = 64 * 1024;
/** How long an upload may be used; less where the operator keeps uploads for less. */
const lifetimeSeconds = 86_400;

export const slotPath = "/runway-uploads";

/** Promises a place for a file, which is sent without a key. */
export async function openUpload(call: RunwayCall, context: RunwayContext): Promise<RunwayReply> {
  const text = await readText(call.body, maxBodyBytes);
  if (text === undefined) return tooLarge;
  const decoded = decodeUpload(text);
  if (!decoded.ok) return invalidBody(decoded.problem);
  const id = randomUUID();
  const upload = { accountId: call.accountId, id };
  const lifetimeMs = Math.min(lifetimeSeconds, context.inputLifetimeSeconds) * 1000;
  const expiresAt = new Date(context.clock.now().getTime() + lifetimeMs);
  const slot: UploadSlot = {
    uploadUrl: `${call.publicBase}${slotPath}/${id}`,
    fields: {
      key: `ephemeral/${id}/${safeName(decoded.value.filename)}`,
      token: signSlot(upload, expiresAt, context),
    },
    runwayUri: `runway://${signUploadUri(upload, expiresAt, context)}`,
  };
  return json(200, slot);
}

/** What a form may hold beside its file. */
export const formLimits = { files: 1, fields: 20, fieldSize: 64 * 1024, fieldNameSize: 200, parts: 21 } as const;

/** Takes a file as a form, after the fields that the slot was given with. */
export async function fillUpload(id: string, parts: AsyncIterable<Multipart>, context: RunwayContext): Promise<RunwayReply> {
  let token = "";
  for await (const part of asSent(parts)) {
    if (part.type === "field") {
      if (part.fieldname === "token" && typeof part.value === "string") token = part.value;
      continue;
    }
    const key = slotKeyOf(token, id, context);
    if (key === undefined) return refusedUpload(403, "The upload token is not valid or has expired.");
    if (part.fieldname !== "file") return refusedUpload(400, "The form must hold the upload as its file.");
    return await storeFile(key, asSent(part.file), context);
  }
  return refusedUpload(400, "The form holds no file.");
}

/** A form that breaks off or is none is its sender's fault.  Throws: AppError `bad_request`. */
async function* asSent<Item>(source: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* source;
  } catch (cause) {
    throw new AppError("bad_request", "The form is not valid.", { cause });
  }
}

async function storeFile(key: string, file: AsyncIterable<Uint8Array>, context: RunwayContext): Promise<RunwayReply> {
  const { minUploadBytes, maxUploadBytes } = context.limits;
  // A task that was made of a file must not meet another one.
  if ((await context.store.head(key)) !== undefined) return refusedUpload(409, "The upload was made already.");
  try {
    const { sizeBytes } = await context.ingest.storeUpload(key, file, { fileName: "upload" }, { maxBytes: maxUploadBytes });
    if (sizeBytes >= minUploadBytes) return noContent;
    await context.store.delete(key);
    return refusedUpload(400, `The file is smaller than ${minUploadBytes} bytes.`);
  } catch (error) {
    if (error instanceof AppError && error.code === "upload_too_large") return refusedUpload(413, sizeMessage(maxUploadBytes));
    if (error instanceof AppError && error.code === "input_unreadable") return refusedUpload(400, error.message);
    throw error;
  }
}

/** The rest of the form is not read. */
export function refusedUpload(status: number, error: string): RunwayReply {
  return json(status, { error }, { connection: "close" });
}

function safeName(fileName: string): string {
  const plain = fileName
    .normalize("NFKD")
    .replaceAll(/[^\w.-]+/g, "_")
    .slice(-100);
  return /\w/.test(plain) ? plain : "file";
}
