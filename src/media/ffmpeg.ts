import { AV_LOG_QUIET, AVERROR_EAGAIN, AVERROR_EOF, FFmpegError, Log, getFFmpegInfo } from "node-av";
import { AppError, type ErrorCode } from "../domain/errors.ts";

Log.setLevel(AV_LOG_QUIET); // return codes carry every failure; the library's own log would mix into ours

/** Passes a native return code through, or throws it as one AppError. */
export function check(code: number, errorCode: ErrorCode, message: string): number {
  if (code >= 0) return code;
  throw new AppError(errorCode, `${message} (${FFmpegError.strerror(code)}).`, { details: { ffmpegCode: code } });
}

export function isAgain(code: number): boolean {
  return code === AVERROR_EAGAIN;
}

export function isEndOfFile(code: number): boolean {
  return code === AVERROR_EOF;
}

/** The presentation time FFmpeg uses for "not known". */
export const noTimestamp = -9223372036854775808n;

export function knownTicks(ticks: bigint): bigint | undefined {
  return ticks === noTimestamp ? undefined : ticks;
}

export type FfmpegFacts = { readonly version: string; readonly isGpl: boolean; readonly configuration: string };

export function ffmpegFacts(): FfmpegFacts {
  const info = getFFmpegInfo();
  return {
    version: info.version,
    isGpl: info.configuration.includes("--enable-gpl"),
    configuration: info.configuration,
  };
}
