import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import { sourceName } from "../../worker/workspace.ts";
import { accountOf } from "../auth.ts";
import { filePath } from "../files.ts";
import type { NativeParts } from "./parts.ts";
import { encodeUpload, uploadKey } from "./uploads.ts";
import { parseBody, type UploadDocument } from "./wire.ts";

export const FetchUpload = z.strictObject({
  video_url: z
    .url({ protocol: /^https?$/ })
    .max(8192)
    .describe("A video to fetch over http or https and to keep like an upload."),
});

const mostAtOnce = 4;

/** POST /api/uploads/fetch: a video from an address, kept like an upload; GET /api/uploads/:id. */
export function sourceRoutes(parts: NativeParts): FastifyPluginAsync {
  let running = 0;

  const encode = (id: string, object: StoredObject): z.infer<typeof UploadDocument> => {
    const document = encodeUpload(id, object, parts.limits.inputLifetimeSeconds);
    const expiresAt = new Date(document.expires_at);
    const token = parts.links.sign({ key: object.key, purpose: "read", expiresAt });
    return { ...document, path: filePath(token, object.fileName) };
  };

  const fetchUpload = async (key: string, url: string, signal: AbortSignal): Promise<StoredObject> => {
    const path = join(parts.temporaryFolder, `fetch-${randomUUID()}`);
    try {
      await parts.ingest.fetchSource({ kind: "url", url }, path, signal);
      const fileName = sourceName({ kind: "url", url }) || "video";
      return await parts.ingest.storeUpload(key, createReadStream(path), { fileName }, { signal });
    } finally {
      await rm(path, { force: true });
    }
  };

  return async (app) => {
    app.post("/api/uploads/fetch", async (request, reply) => {
      const account = await accountOf(request, parts.accounts);
      const { video_url: url } = parseBody(FetchUpload, request.body);
      if (running >= mostAtOnce) {
        throw new AppError("rate_limited", "The server is fetching other videos; try again in a moment.", {
          details: { retryAfterSeconds: 5 },
          retryable: true,
        });
      }
      running += 1;
      const left = new AbortController();
      reply.raw.once("close", () => left.abort(new AppError("cancelled", "The caller has gone.")));
      const id = randomUUID();
      try {
        const object = await fetchUpload(uploadKey(account.id, id), url, AbortSignal.any([left.signal, parts.closing]));
        reply.code(201);
        return encode(id, object);
      } finally {
        running -= 1;
      }
    });

    app.get<{ Params: { id: string } }>("/api/uploads/:id", async (request) => {
      const account = await accountOf(request, parts.accounts);
      const { id } = request.params;
      const object = z.uuid().safeParse(id).success ? await parts.store.head(uploadKey(account.id, id)) : undefined;
      if (object === undefined) {
        throw new AppError("upload_not_found", "There is no such upload, or it is no longer kept.", { details: { id } });
      }
      return encode(id, object);
    });
  };
}
