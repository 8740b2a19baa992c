import { stringifyJson } from "../core/json.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";
import type { PlannedFacts } from "../domain/job.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { ProviderName } from "../inference/providers.ts";

/** What an engine process works on. */
export type EngineTask = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly request: UpscaleRequest;
  readonly threads: number;
  /** Undefined: as many as `threads`. */
  readonly encoderThreads: number | undefined;
  readonly provider: "auto" | ProviderName;
};

/** What an engine process is told, one after the other; each is answered by an EngineAnswer. */
export type EngineCommand =
  | { readonly type: "open"; readonly task: EngineTask }
  | { readonly type: "segment"; readonly index: number }
  | { readonly type: "finish" };

/** Read back from the finished file. */
export type OutputFacts = {
  readonly sizeBytes: number;
  readonly durationSeconds: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
};

export type EnginePlan = {
  readonly summary: string;
  readonly fingerprint: string;
  readonly encoderThreads: number;
  /** Of each segment. */
  readonly frames: readonly number[];
  readonly damage: readonly string[];
  readonly facts: PlannedFacts;
};

/** What happens on the way to an answer. */
export type EngineStep =
  | { readonly type: "progress"; /** Of the segment under way. */ readonly framesDone: number }
  | { readonly type: "assembling" }
  | { readonly type: "verifying" };

export type EngineFailure = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  readonly stack: string | undefined;
};

/** `finished` answers "finish", and "open" where an earlier process had made the output already. */
export type EngineAnswer =
  | { readonly type: "planned"; readonly plan: EnginePlan }
  | { readonly type: "made"; readonly wasThere: boolean }
  | { readonly type: "finished"; readonly output: OutputFacts; readonly report: unknown }
  | { readonly type: "failed"; readonly failure: EngineFailure };

export type EngineMessage = EngineStep | EngineAnswer;

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
