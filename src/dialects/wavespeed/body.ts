import type { Readable } from "node:stream";
import type { z } from "zod";
import { AppError } from "../../domain/errors.ts";

/** Room for any request: videos come by address. */
export const maxJsonBytes = 1024 * 1024;

/** Reads a body of text.  Throws: AppError `upload_too_large`, with the rest left unread. */
export async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Left alive when it is too long, since the refusal goes out on the same connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer; // no encoding set: always a Buffer
    sizeBytes += bytes.length;
    if (sizeBytes > maxJsonBytes) {
      throw new AppError("upload_too_large", "The body of the request is too large.", { details: { maxBytes: maxJsonBytes } });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}

/** Reads JSON by a schema whose messages are the dialect's own.  Throws: AppError `bad_request` in those words. */
export function parseJson<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  const body = parse(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalidBody();
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new AppError("bad_request", parsed.error.issues[0]?.message ?? "invalid request body");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidBody(error);
  }
}

export function invalidBody(cause?: unknown): AppError {
  return new AppError("bad_request", "invalid request body", { cause });
}
