import type { Readable } from "node:stream";
import { AppError } from "../../domain/errors.ts";
import { readText } from "../read-text.ts";

/** Ids, addresses and references: none of them is long. */
export const mostBodyBytes = 64 * 1024;

/** Throws: AppError `upload_too_large`. */
export async function readBody(body: Readable): Promise<string> {
  const text = await readText(body, mostBodyBytes);
  if (text !== undefined) return text;
  throw new AppError("upload_too_large", "The request body is too large");
}

/** A body's bytes; it is left alive when they are not read to the end, since the refusal goes out on the same connection. */
export function chunksOf(body: Readable): AsyncIterable<Uint8Array> {
  return body.iterator({ destroyOnReturn: false });
}

export type FormPart = {
  readonly type: "field" | "file";
  readonly fieldname: string;
  readonly value?: unknown;
  readonly file?: Readable;
};

export const formLimits = { fields: 50, files: 10, parts: 60, fieldNameSize: 100, fieldSize: 4096, fileSize: mostBodyBytes };

/** The text fields of a form; files in it are passed over.  Throws: AppError `bad_request` for what is no whole form. */
export async function readForm(parts: AsyncIterable<FormPart>): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  try {
    for await (const part of parts) {
      if (part.type === "file") part.file?.resume();
      else values.set(part.fieldname, typeof part.value === "string" ? part.value : "");
    }
  } catch (cause) {
    throw new AppError("bad_request", "Invalid form data in request body", { cause });
  }
  return values;
}
