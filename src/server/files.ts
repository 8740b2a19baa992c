import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../domain/errors.ts";
import type { ObjectStore, StoredObject } from "../storage/object-store.ts";
import type { SignedLinks } from "../storage/signed-links.ts";
import { contentDisposition, parseByteRange } from "./byte-range.ts";

export type FileParts = { readonly store: ObjectStore; readonly links: SignedLinks; readonly clock: Clock };

type FileRoute = { Params: { token: string; name: string }; Querystring: { download?: string } };

/** GET and HEAD /files/:token/:name: stored files by signed link, whole or in part. */
export function fileRoutes({ store, links, clock }: FileParts): FastifyPluginAsync {
  const send = async (request: FastifyRequest<FileRoute>, reply: FastifyReply): Promise<FastifyReply> => {
    const { key, expiresAt } = verify(request.params.token, links);
    const object = await store.head(key);
    if (object === undefined) throw gone();
    const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - clock.now().getTime()) / 1000));
    describe(reply, object, request.query.download === undefined ? "inline" : "attachment");
    reply.header("cache-control", `private, max-age=${maxAgeSeconds}, immutable`);
    if (isSame(request.headers["if-none-match"], object)) return await reply.code(304).send();
    const conditional = request.headers["if-range"];
    const range = conditional === undefined || isSame(conditional, object) ? request.headers.range : undefined;
    const asked = parseByteRange(range, object.sizeBytes);
    if (asked === "unsatisfiable") {
      reply.removeHeader("content-type");
      return await reply.code(416).header("content-range", `bytes */${object.sizeBytes}`).send();
    }
    if (asked === "whole") reply.header("content-length", object.sizeBytes);
    else {
      reply.code(206).header("content-range", `bytes ${asked.start}-${asked.end}/${object.sizeBytes}`);
      reply.header("content-length", asked.end - asked.start + 1);
    }
    if (request.method === "HEAD" || object.sizeBytes === 0) return await reply.send();
    const { body } = await store.read(key, asked === "whole" ? undefined : asked);
    reply.raw.once("close", () => void body.destroy());
    return await reply.send(body);
  };

  return async (app) => {
    app.route<FileRoute>({ method: ["GET", "HEAD"], url: "/files/:token/:name", exposeHeadRoute: false, handler: send });
  };
}

/** Links are not for looking around: a wrong one and an expired one both lead nowhere. */
function verify(token: string, links: SignedLinks): { key: string; expiresAt: Date } {
  try {
    return links.verify(token, "read");
  } catch (error) {
    if (error instanceof AppError && (error.code === "unauthorized" || error.code === "object_not_found")) throw gone();
    throw error;
  }
}

function gone(): AppError {
  return new AppError("object_not_found", "The file does not exist or is no longer kept.");
}

function describe(reply: FastifyReply, object: StoredObject, disposition: "inline" | "attachment"): void {
  reply.headers({
    "content-type": object.contentType,
    "content-disposition": contentDisposition(disposition, object.fileName),
    "accept-ranges": "bytes",
    etag: `"${object.etag}"`,
    "last-modified": object.modifiedAt.toUTCString(),
    "x-content-type-options": "nosniff",
    // What people upload is shown as what it is, never run as a page of this server.
    "content-security-policy": "default-src 'none'; media-src 'self'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
  });
}

function isSame(header: string | readonly string[] | undefined, object: StoredObject): boolean {
  return [header ?? ""]
    .flat()
    .join(",")
    .split(",")
    .some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === `"${object.etag}"`);
}

/** Where a signed file is found below the public base; the name at the end is for people and programs that go by it. */
export function filePath(token: string, fileName: string): string {
  return `/files/${token}/${encodeURIComponent(fileName.toWellFormed().replace(/[/\\]/g, "_"))}`;
}
