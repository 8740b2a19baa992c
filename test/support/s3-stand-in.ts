import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A server that speaks as much of S3 as an object store needs; it takes any bucket and any signature. */
export interface S3StandIn extends AsyncDisposable {
  readonly endpoint: string;
  /** Keys with their buckets, as the server has them. */
  keys(): readonly string[];
  /** Multipart uploads begun and neither completed nor aborted. */
  openUploads(): number;
  /** Decides about each request before it is handled: a status to fail with, or "break" to end the connection amid the body. */
  sabotage: (method: string) => number | "break" | undefined;
}

type Stored = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly headers: Readonly<Record<string, string>>;
};
type Multipart = {
  readonly target: string;
  readonly startedAt: Date;
  readonly headers: Stored["headers"];
  readonly parts: Map<number, Stored>;
};

const pageSize = 3;

/** Keeps its objects as files in `folder`. */
export async function startS3StandIn(folder: string): Promise<S3StandIn> {
  await mkdir(folder, { recursive: true });
  const objects = new Map<string, Stored>();
  const uploads = new Map<string, Multipart>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://s3");
    const target = decodeURIComponent(url.pathname.slice(1));
    const method = request.method ?? "";
    const sabotaged = standIn.sabotage(method);
    if (typeof sabotaged === "number") return fail(response, sabotaged, "InternalError");
    if (sabotaged === "break") {
      response.writeHead(200, { "content-length": 1000 }).write("half", () => response.destroy());
      return;
    }
    const uploadId = url.searchParams.get("uploadId");
    const upload = uploads.get(uploadId ?? "");
    if (uploadId !== null && upload === undefined) return fail(response, 404, "NoSuchUpload");
    switch (method) {
      case "PUT": {
        const stored = await receive(request, folder);
        if (upload === undefined) objects.set(target, stored);
        else upload.parts.set(Number(url.searchParams.get("partNumber")), stored);
        response.writeHead(200, { etag: stored.etag }).end();
        return;
      }
      case "POST": {
        const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString(); // no encoding set
        if (upload === undefined) {
          const id = randomUUID();
          uploads.set(id, { target, startedAt: new Date(), headers: describedBy(request), parts: new Map() });
          return xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
        }
        const numbers = [...body.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]));
        const stored = await assemble(numbers, upload, folder);
        if (stored === undefined) return fail(response, 400, "InvalidPart");
        objects.set(target, stored);
        uploads.delete(uploadId ?? "");
        return xml(response, `<CompleteMultipartUploadResult><ETag>${stored.etag}</ETag></CompleteMultipartUploadResult>`);
      }
      case "DELETE":
        if (uploadId === null) objects.delete(target);
        else uploads.delete(uploadId);
        response.writeHead(204).end();
        return;
      case "GET":
      case "HEAD": {
        if (url.searchParams.has("list-type")) return xml(response, listing(url, target.replace(/\/$/, ""), objects));
        if (url.searchParams.has("uploads")) return xml(response, uploadListing(url, target.replace(/\/$/, ""), uploads));
        const stored = objects.get(target);
        if (stored === undefined) return fail(response, 404, "NoSuchKey");
        await send(request, response, stored);
        return;
      }
      default:
        fail(response, 501, "NotImplemented");
    }
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const standIn: S3StandIn = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server's address
    keys: () => [...objects.keys()].toSorted(),
    openUploads: () => uploads.size,
    sabotage: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return standIn;
}

async function receive(request: IncomingMessage, folder: string): Promise<Stored> {
  const path = join(folder, randomUUID());
  const hash = createHash("md5");
  await pipeline(
    request,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(path),
  );
  const { size } = await stat(path);
  return { path, sizeBytes: size, etag: `"${hash.digest("hex")}"`, modifiedAt: new Date(), headers: describedBy(request) };
}

function describedBy(request: IncomingMessage): Stored["headers"] {
  const kept = Object.entries(request.headers).filter(([name]) => name === "content-type" || name.startsWith("x-amz-meta-"));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

async function assemble(numbers: readonly number[], upload: Multipart, folder: string): Promise<Stored | undefined> {
  const parts = numbers.map((number) => upload.parts.get(number));
  if (numbers.some((number, index) => number !== index + 1) || numbers.length === 0) return undefined;
  const path = join(folder, randomUUID());
  const hash = createHash("md5");
  let sizeBytes = 0;
  for (const part of parts) {
    if (part === undefined) return undefined;
    await pipeline(createReadStream(part.path), createWriteStream(path, { flags: "a" }));
    await rm(part.path);
    hash.update(part.etag);
    sizeBytes += part.sizeBytes;
  }
  return { path, sizeBytes, etag: `"${hash.digest("hex")}-${parts.length}"`, modifiedAt: new Date(), headers: upload.headers };
}

async function send(request: IncomingMessage, response: ServerResponse, stored: Stored): Promise<void> {
  const { "if-match": wanted, range } = request.headers;
  if (wanted !== undefined && wanted !== stored.etag) return fail(response, 412, "PreconditionFailed");
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(Number(last ?? Infinity), stored.sizeBytes - 1);
  if (first !== undefined && start > end) return fail(response, 416, "InvalidRange");
  response.writeHead(first === undefined ? 200 : 206, {
    ...stored.headers,
    etag: stored.etag,
    "last-modified": stored.modifiedAt.toUTCString(),
    "content-length": end - start + 1,
    ...(first !== undefined && { "content-range": `bytes ${start}-${end}/${stored.sizeBytes}` }),
  });
  const isEmpty = request.method === "HEAD" || start > end;
  await pipeline(isEmpty ? Readable.from([]) : createReadStream(stored.path, { start, end }), response);
}

function listing(url: URL, bucket: string, objects: ReadonlyMap<string, Stored>): string {
  const prefix = `${bucket}/${url.searchParams.get("prefix") ?? ""}`;
  const after = url.searchParams.get("continuation-token") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted();
  const page = keys.slice(0, pageSize);
  const contents = page.map((key) => {
    const { sizeBytes, etag, modifiedAt } = objects.get(key) ?? raise(`${key} is not there`);
    const facts = `<Size>${sizeBytes}</Size><ETag>${etag}</ETag><LastModified>${modifiedAt.toISOString()}</LastModified>`;
    return `<Contents><Key>${escapeXml(key.slice(bucket.length + 1))}</Key>${facts}</Contents>`;
  });
  const rest = keys.length > page.length ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? "")}</NextContinuationToken>` : "";
  const head = `<IsTruncated>${rest !== ""}</IsTruncated><KeyCount>${page.length}</KeyCount>${rest}`;
  return `<ListBucketResult>${head}${contents.join("")}</ListBucketResult>`;
}

function uploadListing(url: URL, bucket: string, uploads: ReadonlyMap<string, Multipart>): string {
  const prefix = `${bucket}/${url.searchParams.get("prefix") ?? ""}`;
  const after = url.searchParams.get("upload-id-marker") ?? "";
  const found = [...uploads].filter(([id, { target }]) => target.startsWith(prefix) && id > after).toSorted();
  const page = found.slice(0, pageSize);
  const entries = page.map(([id, { target, startedAt }]) => {
    const key = escapeXml(target.slice(bucket.length + 1));
    return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${startedAt.toISOString()}</Initiated></Upload>`;
  });
  const [lastId, last] = page.at(-1) ?? [];
  const markers = `<NextKeyMarker>${escapeXml(last?.target ?? "")}</NextKeyMarker><NextUploadIdMarker>${lastId}</NextUploadIdMarker>`;
  const isTruncated = found.length > page.length;
  const head = `<IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? markers : ""}`;
  return `<ListMultipartUploadsResult>${head}${entries.join("")}</ListMultipartUploadsResult>`;
}

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "application/xml" }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

function fail(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { "content-type": "application/xml" })
    .end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function raise(message: string): never {
  throw new Error(message);
}
