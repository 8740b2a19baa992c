import { randomUUID } from "node:crypto";
import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { StoredObject } from "../../storage/object-store.ts";
import { accountOf } from "../auth.ts";
import type { NativeParts } from "./parts.ts";
import { parseBody, type UploadDocument } from "./wire.ts";

const UploadQuery = z.object({ name: z.string().min(1).max(255).optional() });

/** Where an account's upload lies in the store. */
export function uploadKey(accountId: string, uploadId: string): string {
  return `uploads/${accountId}/${uploadId}`;
}

export function encodeUpload(id: string, object: StoredObject, inputLifetimeSeconds: number): z.infer<typeof UploadDocument> {
  return {
    id,
    file_name: object.fileName,
    content_type: object.contentType,
    size_bytes: object.sizeBytes,
    expires_at: new Date(object.modifiedAt.getTime() + inputLifetimeSeconds * 1000).toISOString(),
  };
}

/** POST /api/uploads: the bytes of a video as the body, streamed to the store whatever type they are said to be. */
export function uploadRoutes(parts: NativeParts): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));

    app.post("/api/uploads", async (request, reply) => {
      const account = await accountOf(request, parts.accounts);
      const { name } = parseBody(UploadQuery, request.query);
      const declaredBytes = Number(request.headers["content-length"] ?? 0);
      if (declaredBytes > parts.limits.maxUploadBytes) throw tooLarge(parts.limits.maxUploadBytes);
      const id = randomUUID();
      const left = new AbortController();
      request.raw.once("close", () => {
        if (!request.raw.complete) left.abort(new AppError("cancelled", "The upload was broken off."));
      });
      const object = await parts.ingest.storeUpload(
        uploadKey(account.id, id),
        request.raw,
        { fileName: name ?? "upload" },
        { maxBytes: parts.limits.maxUploadBytes, signal: left.signal },
      );
      reply.code(201);
      return encodeUpload(id, object, parts.limits.inputLifetimeSeconds);
    });
  };
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("upload_too_large", `The upload is larger than ${maxBytes} bytes, the most this server takes.`, {
    details: { maxBytes },
  });
}
