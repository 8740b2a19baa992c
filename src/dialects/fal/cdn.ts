import { AppError } from "../../domain/errors.ts";
import type { FalContext, FalRequest } from "./context.ts";
import { type FalReply, json } from "./reply.ts";
import {
  beginDirectMultipart,
  completeDirectMultipart,
  completeUpload,
  directUpload,
  putDirectPart,
  putUpload,
  putUploadPart,
} from "./uploads.ts";

/** Uploads, which carry their own tokens. Files are served beside the mounts. */
export async function cdn(request: FalRequest, context: FalContext): Promise<FalReply> {
  try {
    const answer = request.segments[0] === "uploads" ? signedUpload(request, context) : directUploads(request, context);
    return (await answer) ?? json(404, { detail: "Not Found" });
  } catch (error) {
    const refusal = error instanceof AppError ? refusals[error.code] : undefined;
    if (refusal === undefined) throw error;
    return json(refusal.status, { detail: refusal.detail }, refusal.status === 413 ? { connection: "close" } : {});
  }
}

const refusals: Readonly<Record<string, { readonly status: number; readonly detail: string } | undefined>> = {
  unauthorized: { status: 403, detail: "Invalid upload token" },
  object_not_found: { status: 404, detail: "The upload has expired" },
  upload_too_large: { status: 413, detail: "The file is too large" },
};

type Answer = Promise<FalReply> | FalReply | undefined;

/** `uploads/<token>`, `uploads/<token>/<part>` and `uploads/<token>/complete`. */
function signedUpload(request: FalRequest, context: FalContext): Answer {
  const { method, segments } = request;
  const [, token = "", last] = segments;
  if (segments.length === 2 && method === "PUT") return putUpload(request, token, context);
  if (segments.length !== 3 || last === undefined) return undefined;
  if (method === "PUT") return putUploadPart(request, { token, part: last }, context);
  return method === "POST" && last === "complete" ? completeUpload(request, token, context) : undefined;
}

/** `files/upload`, `files/upload/multipart` and `<file>/multipart/<upload id>/<part>` or `/complete`. */
function directUploads(request: FalRequest, context: FalContext): Answer {
  const { method, segments } = request;
  const path = segments.join("/");
  if (method === "POST" && path === "files/upload") return directUpload(request, context);
  if (method === "POST" && path === "files/upload/multipart") return beginDirectMultipart(request, context);
  const [place, , , marker, token, last] = segments;
  if (place !== "files" || marker !== "multipart" || token === undefined || last === undefined || segments.length !== 6)
    return undefined;
  if (method === "PUT") return putDirectPart(request, { token, part: last }, context);
  return method === "POST" && last === "complete" ? completeDirectMultipart(request, token, context) : undefined;
}
