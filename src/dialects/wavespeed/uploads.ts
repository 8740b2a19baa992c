import type { Readable } from "node:stream";
import { AppError } from "../../domain/errors.ts";
import { safeFileName } from "../../ingest/sniff.ts";
import { invalidBody, parseJson, readBody } from "./body.ts";
import { refuseWhileClosing } from "./closing.ts";
import type { Call, WavespeedParts, WavespeedRequest } from "./context.ts";
import { storable } from "./dialect-data.ts";
import { findMedia, markStored, type Media, newMedia, promiseMedia } from "./media.ts";
import { nextFile } from "./multipart.ts";
import { refusal, success, type WavespeedReply } from "./reply.ts";
import { UploadTicket } from "./wire.ts";

const hostedMaxBytes = 200 * 1024 ** 2;
/** How long a promised place waits for its file. */
const ticketMs = 86_400_000;

function maxBytesOf({ hostedLimits, maxUploadBytes }: WavespeedParts): number {
  return hostedLimits ? Math.min(hostedMaxBytes, maxUploadBytes) : maxUploadBytes;
}

/** Promises a place for a file.  Throws: AppError `bad_request`, `upload_too_large`. */
export async function createTicket({ request, accountId, parts }: Call): Promise<WavespeedReply> {
  refuseWhileClosing(parts);
  const { filename, size, content_type: contentType } = parseJson(await readBody(request.body), UploadTicket);
  if (size > maxBytesOf(parts)) throw new AppError("upload_too_large", "The file is too large.");
  const now = parts.clock.now();
  const media = newMedia({ accountId, fileName: safeFileName(storable(filename)), sizeBytes: size }, now);
  await promiseMedia(media, parts);
  const token = parts.links.sign({
    key: media.key,
    purpose: "write",
    maxBytes: size,
    expiresAt: new Date(now.getTime() + ticketMs),
  });
  return success({
    ...describe(media, contentType ?? "", request, parts),
    upload: {
      method: "PUT",
      url: `${request.publicBase}/api/v3/media/uploads/${token}`,
      headers: { "Content-Type": contentType ?? "application/octet-stream" },
    },
  });
}

/** Takes the bytes of a promised file; the token in the path is the only credential. */
export async function putTicket(request: WavespeedRequest, token: string, parts: WavespeedParts): Promise<WavespeedReply> {
  refuseWhileClosing(parts);
  const { key } = parts.links.verify(token, "write");
  const media = await findMedia(parts.database, key);
  if (media === undefined || media.expiresAt <= parts.clock.now()) throw new AppError("upload_not_found", "No such upload.");
  if (media.isStored) return refusal(409, "file already uploaded");
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) !== media.sizeBytes) throw wrongSize();
  const { fileName, sizeBytes } = media;
  await parts.ingest.storeUpload(
    key,
    exactly(sizeBytes, request.body.iterator({ destroyOnReturn: false })),
    { fileName },
    { maxBytes: sizeBytes, signal: request.disconnected },
  );
  await markStored(media, parts);
  return success({});
}

function wrongSize(): AppError {
  return new AppError("bad_request", "file size does not match the announced size");
}

/** Passes a body on.  Throws: AppError `bad_request` when it turns out longer or shorter. */
async function* exactly(expectedBytes: number, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > expectedBytes) throw wrongSize();
    yield chunk;
  }
  if (sizeBytes < expectedBytes) throw wrongSize();
}

/** Takes a file in one request, as the part `file` of a form. */
export async function uploadFile(call: Call): Promise<WavespeedReply> {
  return success(await storeFile(call));
}

/** The same, as one page of the documentation has it. */
export async function uploadFileWithUrl(call: Call): Promise<WavespeedReply> {
  const stored = await storeFile(call);
  return success({ ...stored, url: stored.download_url });
}

async function storeFile({ request, accountId, parts }: Call): Promise<Described> {
  refuseWhileClosing(parts);
  await using file = await nextFile(request);
  if (file === undefined) throw new AppError("bad_request", 'property "file" is missing');
  const now = parts.clock.now();
  const fileName = safeFileName(storable(file.fileName));
  const media = newMedia({ accountId, fileName, sizeBytes: 0 }, now);
  await promiseMedia(media, parts);
  const stored = await parts.ingest.storeUpload(
    media.key,
    whole(file.body),
    { fileName },
    { maxBytes: maxBytesOf(parts), signal: request.disconnected },
  );
  const recorded = { ...media, sizeBytes: stored.sizeBytes };
  await markStored(recorded, parts);
  return describe(recorded, stored.contentType, request, parts);
}

/** A part's bytes.  Throws: AppError `bad_request` where the form breaks off amid them. */
async function* whole(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.iterator({ destroyOnReturn: false });
  } catch (error) {
    throw invalidBody(error);
  }
}

type Described = {
  readonly type: string;
  readonly download_url: string;
  readonly filename: string;
  readonly size: number;
};

function describe(media: Media, contentType: string, request: WavespeedRequest, { links }: WavespeedParts): Described {
  const { key, fileName, sizeBytes, expiresAt } = media;
  const token = links.sign({ key, purpose: "read", expiresAt });
  return {
    type: /^(video|image|audio)\//.exec(contentType)?.[1] ?? "file",
    download_url: `${request.publicBase}/files/${token}/${encodeURIComponent(fileName)}`,
    filename: fileName,
    size: sizeBytes,
  };
}
