import { randomUUID } from "node:crypto";
import { AppError } from "../../domain/errors.ts";
import { type FalContext, type FalRequest, header } from "./context.ts";
import { decodeLifetime } from "./decode.ts";
import { readText } from "../read-text.ts";
import { baseOf } from "./hosts.ts";
import { tooLarge } from "./errors.ts";
import { fileUrl } from "./encode.ts";
import { assemble, storePart } from "./upload-parts.ts";
import { empty, type FalReply, json } from "./reply.ts";
import { CompleteUpload, InitiateUpload } from "./wire.ts";

const largestControlBody = 4 * 1024 ** 2;
/** How long an upload may take. */
const uploadWindowMs = 86_400_000;
/** What a CDN token may write: new files only, named by this server. */
const cdnTokenKey = "uploads/fal";

/** JS: promises a place for a file. Both URLs carry their own tokens. */
export async function initiateUpload(request: FalRequest, context: FalContext): Promise<FalReply> {
  const text = await readText(request.body, largestControlBody);
  if (text === undefined) return tooLarge();
  const parsed = InitiateUpload.safeParse(parseJson(text));
  if (!parsed.success) return json(422, { detail: "content_type and file_name must be strings" });
  const { content_type: contentType, file_name: fileName } = parsed.data;
  const lifetimeSeconds = decodeLifetime(header(request, "x-fal-object-lifecycle"));
  const key = newKey(safeName(fileName, contentType));
  const writeToken = context.links.sign({ key, purpose: "write", expiresAt: later(context, uploadWindowMs) });
  const upload = `${baseOf(request.publicBase, "cdn")}/uploads/${writeToken}`;
  return json(200, {
    upload_url: `${upload}?content_type=${encodeURIComponent(contentType)}`,
    file_url: urlOf(key, request, context, lifetimeSeconds),
  });
}

/** JS: the bytes of a whole file. The reply has no body and no type, since the client parses what calls itself JSON. */
export async function putUpload(request: FalRequest, token: string, context: FalContext): Promise<FalReply> {
  const { key } = context.links.verify(token, "write");
  const stored = await storeWhole(key, request, context);
  return empty(200, { etag: `"${stored.etag}"` });
}

export type UploadPart = { readonly token: string; readonly part: string };

export async function putUploadPart(request: FalRequest, { token, part }: UploadPart, context: FalContext): Promise<FalReply> {
  const { key } = context.links.verify(token, "write");
  return await putPart(request, { key, part }, context);
}

export async function completeUpload(request: FalRequest, token: string, context: FalContext): Promise<FalReply> {
  const { key } = context.links.verify(token, "write");
  return await complete(request, key, context);
}

/** Python: a token for direct uploads. */
export function cdnToken(request: FalRequest, context: FalContext): FalReply {
  const expiresAt = later(context, uploadWindowMs);
  return json(200, {
    token: context.links.sign({ key: cdnTokenKey, purpose: "write", expiresAt }),
    token_type: "Bearer",
    base_url: baseOf(request.publicBase, "cdn"),
    expires_at: expiresAt.toISOString().replace("Z", "+00:00"),
  });
}

/** Python: a whole file. */
export async function directUpload(request: FalRequest, context: FalContext): Promise<FalReply> {
  requireCdnToken(request, context);
  const key = newDirectKey(request);
  await storeWhole(key, request, context);
  return json(200, { access_url: urlOf(key, request, context, lifetimeOf(request)) });
}

/** Python: a file in parts; the parts' URLs are made from the file's. */
export function beginDirectMultipart(request: FalRequest, context: FalContext): FalReply {
  requireCdnToken(request, context);
  const key = newDirectKey(request);
  const uploadId = context.links.sign({ key, purpose: "write", expiresAt: later(context, uploadWindowMs) });
  return json(200, { access_url: urlOf(key, request, context, lifetimeOf(request)), uploadId });
}

export async function putDirectPart(request: FalRequest, { token, part }: UploadPart, context: FalContext): Promise<FalReply> {
  requireCdnToken(request, context);
  return await putPart(request, { key: context.links.verify(token, "write").key, part }, context);
}

export async function completeDirectMultipart(request: FalRequest, uploadId: string, context: FalContext): Promise<FalReply> {
  requireCdnToken(request, context);
  return await complete(request, context.links.verify(uploadId, "write").key, context);
}

async function storeWhole(key: string, request: FalRequest, { store, limits }: FalContext) {
  const description = { contentType: typeOf(request), fileName: nameOf(key) };
  return await store.put(key, bytesOf(request, limits.maxUploadBytes), description, {
    maxBytes: limits.maxUploadBytes,
    signal: request.disconnected,
  });
}

/** The body, left alive when it is not read to its end: the refusal goes out on the same connection.
 *  Throws: AppError `upload_too_large` for one that says so beforehand. */
function bytesOf(request: FalRequest, maxBytes: number): AsyncIterable<Uint8Array> {
  if (Number(header(request, "content-length") ?? 0) > maxBytes) {
    throw new AppError("upload_too_large", `The file is larger than ${maxBytes} bytes.`, { details: { maxBytes } });
  }
  return request.body.iterator({ destroyOnReturn: false });
}

type KeyPart = { readonly key: string; readonly part: string };

async function putPart(request: FalRequest, { key, part }: KeyPart, context: FalContext): Promise<FalReply> {
  const partNumber = /^\d{1,5}$/.test(part) ? Number(part) : 0;
  if (partNumber < 1 || partNumber > 10_000) return json(400, { detail: "The part number must be between 1 and 10000" });
  const etag = await storePart(
    { key, partNumber, body: bytesOf(request, context.limits.maxUploadBytes), signal: request.disconnected },
    context,
  );
  if (etag === undefined) return json(400, { detail: "Empty part" });
  return json(200, { partNumber, etag }, { etag });
}

async function complete(request: FalRequest, key: string, context: FalContext): Promise<FalReply> {
  const text = await readText(request.body, largestControlBody);
  const parsed = CompleteUpload.safeParse(parseJson(text ?? ""));
  if (!parsed.success) return json(400, { detail: "The list of parts is not valid" });
  const contentType = typeOf(request);
  const problem = await assemble({ key, parts: parsed.data.parts, contentType, fileName: nameOf(key) }, context);
  return problem === undefined ? json(200, {}) : json(400, { detail: problem });
}

function requireCdnToken(request: FalRequest, { links }: FalContext): void {
  const token = /^bearer\s+(\S+)$/i.exec(header(request, "authorization")?.trim() ?? "")?.[1] ?? "";
  if (links.verify(token, "write").key !== cdnTokenKey) throw new AppError("unauthorized", "The token is for another use.");
}

function newDirectKey(request: FalRequest): string {
  return newKey(safeName(header(request, "x-fal-file-name"), header(request, "content-type") ?? ""));
}

function newKey(fileName: string): string {
  return `${cdnTokenKey}/${randomUUID()}/${fileName}`;
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** A name that is safe in a URL and in a key; it ends in an extension. */
function safeName(fileName: string | undefined, contentType: string): string {
  const plain = (fileName ?? "")
    .normalize("NFKD")
    .replaceAll(/[^\w.-]+/g, "_")
    .replace(/^[._]+/, "")
    .slice(-100);
  if (/.\.\w{1,10}$/.test(plain)) return plain;
  const subtype = /^\w+\/([a-z0-9]{1,8})\b/i.exec(contentType)?.[1]?.toLowerCase() ?? "bin";
  return `${plain === "" ? "file" : plain}.${subtype === "quicktime" ? "mov" : subtype}`;
}

/** The declared type where it is one of media; nothing else is served as what its sender says. */
function typeOf(request: FalRequest): string {
  const given = request.query.get("content_type") ?? header(request, "content-type") ?? "";
  const type = given.split(";")[0]?.trim().toLowerCase() ?? "";
  return /^(video\/[\w.+-]{1,60}|audio\/[\w.+-]{1,60}|image\/(png|jpeg|gif|webp|avif))$/.test(type)
    ? type
    : "application/octet-stream";
}

function lifetimeOf(request: FalRequest): number | undefined {
  return (
    decodeLifetime(header(request, "x-fal-object-lifecycle")) ??
    decodeLifetime(header(request, "x-fal-object-lifecycle-preference"))
  );
}

function urlOf(key: string, request: FalRequest, context: FalContext, lifetimeSeconds: number | undefined): string {
  const expiresAt = later(context, (lifetimeSeconds ?? context.limits.uploadLifetimeSeconds) * 1000);
  return fileUrl(request.publicBase, context.links.sign({ key, purpose: "read", expiresAt }), nameOf(key));
}

function later({ clock }: FalContext, milliseconds: number): Date {
  return new Date(clock.now().getTime() + milliseconds);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    return undefined; // refused by the schema
  }
}
