import { AppError } from "../domain/errors.ts";
import type { ByteRange } from "./object-store.ts";

export function objectNotFound(key: string): AppError {
  return new AppError("object_not_found", "The file does not exist or is no longer kept.", { details: { key } });
}

export function outsideObject(range: ByteRange): AppError {
  return new AppError("bad_request", "The range lies outside the file.", { details: { start: range.start, end: range.end } });
}

/** Whether a range names bytes of some object. */
export function isRange({ start, end }: ByteRange): boolean {
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
}

/** The part of an object that a range names; its end may lie past the object's.
 *  Throws: AppError `bad_request` when none of it lies in the object. */
export function clampRange(range: ByteRange, sizeBytes: number): ByteRange {
  const clamped = { start: range.start, end: Math.min(range.end, sizeBytes - 1) };
  if (isRange(clamped)) return clamped;
  throw outsideObject(range);
}
