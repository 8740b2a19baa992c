import { randomUUID } from "node:crypto";
import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { JobFailure } from "../../domain/job.ts";
import type { UpscaleRequest } from "../../domain/upscale-request.ts";
import { billableUnitsHeader, requestIdHeader } from "./names.ts";
import { type FalReply, json } from "./reply.ts";
import type { Problem } from "./wire.ts";

/** How a code looks on the wire: as a list of what is wrong with the input, as a sentence, or as a bare state. */
type WireError =
  | { readonly kind: "model"; readonly status: number; readonly type: string; readonly field: Field; readonly msg?: string }
  | { readonly kind: "request"; readonly status: number; readonly type: string; readonly detail?: string }
  | { readonly kind: "detail"; readonly status: number; readonly detail: string }
  | { readonly kind: "state"; readonly status: number; readonly state: string };
type Field = "video_url" | "scale_ratio" | "enhancement_tier" | "none";

const notReachable = "Failed to download the file. Please check if the URL is accessible and try again.";
const engineBroke = { kind: "model", status: 500, type: "internal_server_error", field: "none" } as const;
const notAVideo = { kind: "model", status: 422, type: "unsupported_video_format", field: "video_url" } as const;
const noFile = { kind: "model", status: 422, type: "file_download_error", field: "video_url", msg: notReachable } as const;
const tooMany = { kind: "request", status: 429, type: "concurrent_requests_limit" } as const;

const wireErrors = {
  bad_request: { kind: "request", status: 400, type: "bad_request" },
  not_available: { kind: "model", status: 422, type: "feature_not_supported", field: "enhancement_tier" },
  input_not_found: noFile,
  input_unreadable: notAVideo,
  no_video: notAVideo,
  unsupported_input: notAVideo,
  size_limit: {
    kind: "model",
    status: 422,
    type: "feature_not_supported",
    field: "scale_ratio",
    msg: "The output video resolution exceeds 4K limits (3840x2160).",
  },
  download_failed: noFile,
  output_exists: engineBroke,
  output_unwritable: engineBroke,
  workspace_busy: engineBroke,
  provider_unavailable: {
    kind: "request",
    status: 503,
    type: "runner_scheduling_failure",
    detail: "No runner is available to process the request",
  },
  model_invalid: engineBroke,
  decode_failed: notAVideo,
  encode_failed: engineBroke,
  out_of_memory: engineBroke,
  verification_failed: engineBroke,
  cancelled: { kind: "request", status: 499, type: "client_cancelled", detail: "Request was cancelled" },
  job_finished: { kind: "state", status: 400, state: "ALREADY_COMPLETED" },
  job_not_found: { kind: "state", status: 404, state: "NOT_FOUND" },
  queue_full: tooMany,
  too_many_jobs: tooMany,
  start_timeout: {
    kind: "request",
    status: 504,
    type: "request_timeout",
    detail: "Request timed out before it could be started",
  },
  credits_exhausted: { kind: "detail", status: 403, detail: "User is locked. Reason: Exhausted balance." },
  rate_limited: tooMany,
  unauthorized: { kind: "detail", status: 401, detail: "No user found for Key ID and Secret" },
  forbidden: { kind: "detail", status: 403, detail: "Forbidden" },
  object_not_found: noFile,
  upload_not_found: { kind: "detail", status: 404, detail: "Upload not found" },
  upload_too_large: { kind: "model", status: 422, type: "file_too_large", field: "video_url" },
  input_too_long: { kind: "model", status: 422, type: "video_duration_too_long", field: "video_url" },
  upload_refused: engineBroke,
  internal: engineBroke,
} satisfies Record<ErrorCode, WireError>;

/** The formats that `unsupported_video_format` names. */
const supportedFormats = [".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".mpg", ".ts", ".gif"];

/** What a failed job asked for, as far as its error repeats it. */
export type Asked = { readonly request: UpscaleRequest; readonly videoUrl: string };

/** The answer for a job that failed or was cancelled; the same each time. */
export function failureReply(failure: JobFailure, asked: Asked, requestId: string): FalReply {
  const wire: WireError = wireErrors[failure.code];
  if (wire.kind !== "model") return replyOf(wire, failure.message, requestId);
  return problemsReply(wire.status, problemsOf(wire, failure, asked), requestId);
}

/** A failure of the input as what is wrong with it; none for other failures. */
export function failureProblems(failure: JobFailure, asked: Asked): readonly Problem[] {
  const wire: WireError = wireErrors[failure.code];
  return wire.kind === "model" ? problemsOf(wire, failure, asked) : [];
}

/** The answer for input that does not fit the schema. */
export function problemsReply(status: number, problems: readonly Problem[], requestId: string): FalReply {
  const headers = { [requestIdHeader]: requestId, [billableUnitsHeader]: "0", "x-fal-retryable": String(status >= 500) };
  return json(status, { detail: problems }, headers);
}

/** The answer for a call that could not be carried out. */
export function replyToError(error: unknown, requestId: string): FalReply {
  if (!(error instanceof AppError)) return requestError(500, "internal_error", "Internal Server Error", requestId);
  const wire: WireError = wireErrors[error.code];
  if (wire.kind !== "model") return replyOf(wire, error.message, requestId);
  if (wire.status >= 500) return requestError(500, "internal_error", "Internal Server Error", requestId);
  return requestError(400, "bad_request", error.message, requestId);
}

export function requestError(status: number, type: string, detail: string, requestId: string): FalReply {
  const headers: Record<string, string> = {
    [requestIdHeader]: requestId,
    [billableUnitsHeader]: "0",
    "x-fal-error-type": type,
    ...(type === "request_timeout" && { "x-fal-request-timeout-type": "user" }),
    ...(type === "concurrent_requests_limit" && { "x-fal-needs-retry": "1" }),
  };
  return json(status, { detail, error_type: type }, headers);
}

function replyOf(wire: Exclude<WireError, { kind: "model" }>, message: string, requestId: string): FalReply {
  if (wire.kind === "request") return requestError(wire.status, wire.type, wire.detail ?? message, requestId);
  const body = wire.kind === "state" ? { status: wire.state } : { detail: wire.detail };
  return json(wire.status, body, { [requestIdHeader]: requestId, [billableUnitsHeader]: "0" });
}

/** How a failed job looks in a status: the status code that its result has, and the type of its error. */
export function failureSummary(failure: JobFailure): { readonly error: string; readonly errorType: string } {
  const wire: WireError = wireErrors[failure.code];
  if (wire.kind === "request") return { error: wire.detail ?? failure.message, errorType: wire.type };
  if (wire.kind === "model") return { error: statusPhrase(wire.status), errorType: wire.type };
  return { error: wire.kind === "detail" ? wire.detail : failure.message, errorType: "bad_request" };
}

export function statusPhrase(status: number): string {
  return `Invalid status code: ${status}`;
}

function problemsOf(wire: WireError & { kind: "model" }, failure: JobFailure, asked: Asked): readonly Problem[] {
  const { type, msg = failure.message } = wire;
  const url = `https://docs.fal.ai/errors#${type}`;
  switch (wire.field) {
    case "none":
      return [{ loc: ["body"], msg: "The server failed to process the request.", type, input: null, url }];
    case "enhancement_tier":
      return [{ loc: ["body", "enhancement_tier"], msg, type, input: asked.request.tier, url }];
    case "scale_ratio": {
      const { target } = asked.request;
      return [{ loc: ["body", "scale_ratio"], msg, type, input: target.kind === "scale" ? target.factor : null, url }];
    }
    case "video_url": {
      const ctx = contextOf(type, failure);
      return [{ loc: ["body", "video_url"], msg, type, input: asked.videoUrl, ...(ctx !== undefined && { ctx }), url }];
    }
  }
}

function contextOf(type: string, { details }: JobFailure): Record<string, unknown> | undefined {
  switch (type) {
    case "unsupported_video_format":
      return { supported_formats: supportedFormats };
    case "file_too_large":
      return { max_size: details["maxBytes"] ?? null };
    case "video_duration_too_long":
      return { max_duration: details["maxSourceSeconds"] ?? null, provided_duration: details["durationSeconds"] ?? null };
    default:
      return undefined;
  }
}

export function tooLarge(): FalReply {
  return json(413, { detail: "Request body is too large" }, { [requestIdHeader]: randomUUID(), connection: "close" });
}
