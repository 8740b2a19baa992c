import { isErrno } from "../core/files.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";

export const exitCodes = { done: 0, failed: 1, badUsage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Everything but wrong usage and an interrupt is a failure. */
export function exitCodeFor(code: ErrorCode): ExitCode {
  switch (code) {
    case "bad_request":
    case "not_available":
      return exitCodes.badUsage;
    case "cancelled":
      return exitCodes.interrupted;
    default:
      return exitCodes.failed;
  }
}

export function cancelled(): AppError {
  return new AppError("cancelled", "Stopped.");
}

/** Names what was thrown; once the signal is aborted, whatever broke on the way out is part of stopping. */
export function toAppError(error: unknown, signal?: AbortSignal): AppError {
  if (signal?.aborted === true) return signal.reason instanceof AppError ? signal.reason : cancelled();
  if (error instanceof AppError) return error;
  if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT")) {
    return new AppError("output_unwritable", "The disk is full; make room and run again, finished segments are kept.", {
      cause: error,
    });
  }
  if (isErrno(error, "EACCES") || isErrno(error, "EPERM")) {
    const path = error instanceof Error && "path" in error ? String(error.path) : "a file";
    return new AppError(
      "output_unwritable",
      `Access to ${path} is not allowed; change its permissions or choose another place.`,
      {
        cause: error,
      },
    );
  }
  const what = error instanceof Error ? error.message : String(error);
  return new AppError("internal", `Upres failed unexpectedly (${what}); run again with --debug and report what it prints.`, {
    cause: error,
  });
}
