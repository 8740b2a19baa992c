import type { Readable } from "node:stream";
import type { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { readText } from "../read-text.ts";

/** Room for any request: videos come by address. */
export const maxJsonBytes = 1024 * 1024;

/** Throws: AppError `upload_too_large`, with the rest left unread. */
export async function readBody(body: Readable): Promise<string> {
  const text = await readText(body, maxJsonBytes);
  if (text !== undefined) return text;
  throw new AppError("upload_too_large", "The body of the request is too large.", { details: { maxBytes: maxJsonBytes } });
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
