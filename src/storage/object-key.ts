import { createHash } from "node:crypto";
import { AppError } from "../domain/errors.ts";

const maxKeyBytes = 512;
const maxFileNameLength = 200;

/** The parts of a key between its slashes.
 *  Throws: AppError `bad_request` for what could mean another place somewhere: "..", an empty part, control characters. */
export function parseKey(key: string): readonly string[] {
  const segments = key.split("/");
  if (Buffer.byteLength(key) > maxKeyBytes || !key.isWellFormed() || !segments.every(isSafeSegment)) {
    throw new AppError("bad_request", "The name of the file in the store is not valid.", { details: { key: key.slice(0, 200) } });
  }
  return segments;
}

function isSafeSegment(segment: string): boolean {
  return segment !== "" && segment !== "." && segment !== ".." && !/[\p{Cc}\\]/u.test(segment);
}

/** A file name for one part of a key: never special, never too long, never another part's, whatever the file system folds. */
export function encodeSegment(segment: string): string {
  const encoded = Array.from(Buffer.from(segment), encodeByte).join("");
  return encoded.length <= maxFileNameLength ? encoded : `~${createHash("sha256").update(segment).digest("hex")}`;
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0")}`;
}
