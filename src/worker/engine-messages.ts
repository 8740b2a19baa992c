import { stringifyJson } from "../core/json.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { ProviderName } from "../inference/providers.ts";

/** What an engine process is told to do, once. */
export type EngineTask = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly request: UpscaleRequest;
  readonly threads: number;
  readonly provider: "auto" | ProviderName;
};

/** Read back from the finished file. */
export type OutputFacts = {
  readonly sizeBytes: number;
  readonly durationSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
};

/** Steps of a run, as far as a job's log and progress want to know. */
export type EngineStep =
  | {
      readonly type: "planned";
      readonly summary: string;
      readonly segments: number;
      readonly framesTotal: number;
      readonly damage: readonly string[];
    }
  | { readonly type: "segment_reused"; readonly index: number; readonly of: number }
  | { readonly type: "segment_finished"; readonly index: number; readonly of: number }
  | { readonly type: "progress"; readonly framesDone: number; readonly framesTotal: number }
  | { readonly type: "assembling" }
  | { readonly type: "verifying" };

export type EngineFailure = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  readonly stack: string | undefined;
};

/** What an engine process says; the last message is `finished` or `failed`. */
export type EngineMessage =
  | EngineStep
  | { readonly type: "finished"; readonly output: OutputFacts; readonly report: unknown }
  | { readonly type: "failed"; readonly failure: EngineFailure };

/** An error as it travels between processes. */
export function describeEngineError(error: unknown): EngineFailure {
  const stack = error instanceof Error ? error.stack : undefined;
  if (error instanceof AppError) {
    const details = JSON.parse(stringifyJson(error.details)) as Record<string, unknown>; // an object is what went in
    return { code: error.code, message: error.message, details, retryable: error.retryable, stack };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `The engine failed: ${message}.`, details: {}, retryable: false, stack };
}

/** The error again, on the other side. */
export function toAppError({ code, message, details, retryable, stack }: EngineFailure): AppError {
  return new AppError(code, message, { details, retryable, cause: stack });
}
