import { AppError } from "../domain/errors.ts";

export function lostFrame(path: string, ticks: bigint): AppError {
  return new AppError("verification_failed", "A frame that was written cannot be decoded again.", {
    details: { path, ticks: Number(ticks) },
  });
}
