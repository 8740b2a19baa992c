import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { JobFailure } from "../../domain/job.ts";
import type { Refused } from "./decode.ts";
import { json, type RunwayReply } from "./reply.ts";
import { type Issue, modelName } from "./wire.ts";

const docUrl = "https://docs.dev.runwayml.com/api";

/** How a code looks: to the caller of a refused request, and as the code of a task that failed. */
type WireError = { readonly status: number; readonly error?: string; readonly failureCode?: FailureCode };
type FailureCode = "INTERNAL" | "INTERNAL.BAD_OUTPUT.VERIFICATION" | "ASSET.INVALID" | "INPUT_PREPROCESSING.INTERNAL";

const noCredits = "You do not have enough credits to run this task.";
const broken = { status: 500, error: "Internal server error", failureCode: "INTERNAL" } as const;
const busy = { status: 503, error: "The service is overloaded. Try again in a moment.", failureCode: "INTERNAL" } as const;
const badAsset = { status: 400, failureCode: "ASSET.INVALID" } as const;
const lostAsset = { status: 400, failureCode: "INPUT_PREPROCESSING.INTERNAL" } as const;

const wireErrors = {
  bad_request: { status: 400, failureCode: "INTERNAL" },
  not_available: { status: 403, error: `Model variant ${modelName} is not available`, failureCode: "INTERNAL" },
  input_not_found: lostAsset,
  input_unreadable: badAsset,
  no_video: badAsset,
  unsupported_input: badAsset,
  size_limit: badAsset,
  input_too_long: badAsset,
  download_failed: lostAsset,
  output_exists: broken,
  output_unwritable: broken,
  workspace_busy: busy,
  provider_unavailable: busy,
  model_invalid: broken,
  decode_failed: badAsset,
  encode_failed: broken,
  out_of_memory: broken,
  verification_failed: { ...broken, failureCode: "INTERNAL.BAD_OUTPUT.VERIFICATION" },
  cancelled: busy, // the server is closing
  job_finished: { status: 409, failureCode: "INTERNAL" },
  job_not_found: { status: 404, error: "Could not find Task", failureCode: "INTERNAL" },
  queue_full: busy,
  too_many_jobs: busy,
  start_timeout: busy,
  credits_exhausted: { status: 400, error: noCredits },
  rate_limited: { status: 429, error: "Too many requests. Try again in a moment." },
  unauthorized: { status: 401, error: "Unauthorized" },
  forbidden: { status: 403, error: "Forbidden" },
  object_not_found: lostAsset,
  upload_not_found: lostAsset,
  upload_too_large: badAsset,
  upload_refused: broken,
  internal: broken,
} satisfies Record<ErrorCode, WireError>;

/** An error that the service explains on its documentation page. */
export function documentedError(status: number, error: string, headers: Readonly<Record<string, string>> = {}): RunwayReply {
  return json(status, { error, docUrl }, headers);
}

export const unauthorized = documentedError(401, "Unauthorized");
export const notJson = documentedError(400, "The request body is not valid JSON.");
export const outOfCredits = documentedError(400, noCredits);
export const notFound = json(404, { error: "Not found" });
export const switchedOff = json(403, { error: `Model variant ${modelName} is not available` });
/** The one error that has no member `error`. The rest of the body is not read. */
export const tooLarge = json(413, { message: "Request Entity Too Large" }, { connection: "close" });

export function methodNotAllowed(allowed: readonly string[]): RunwayReply {
  return json(405, { error: "Method not allowed" }, { allow: allowed.join(", ") });
}

export function invalidBody(problem: Refused["problem"]): RunwayReply {
  return problem === "not_json" ? notJson : validationError(problem);
}

export function validationError(issues: readonly Issue[]): RunwayReply {
  return json(400, { error: "Validation of body failed", issues, docUrl });
}

/** The gateway names a code where the vendor has none. */
export function taskNotFound(isGateway: boolean): RunwayReply {
  return json(404, { error: "Could not find Task", ...(isGateway && { code: "task_not_exist" }) });
}

export function dailyLimitReached(retryAfterSeconds: number): RunwayReply {
  const headers = { "retry-after": String(retryAfterSeconds), "x-should-retry": "false" };
  return documentedError(429, "You have reached your daily generation limit.", headers);
}

/** The answer for a call that could not be carried out. */
export function replyToError(error: unknown): RunwayReply {
  if (!(error instanceof AppError)) return replyToForeignError(error);
  const wire: WireError = wireErrors[error.code];
  const { retryAfterSeconds } = error.details;
  const headers = typeof retryAfterSeconds === "number" ? { "retry-after": String(Math.ceil(retryAfterSeconds)) } : {};
  const text = wire.error ?? error.message;
  return error.code === "credits_exhausted" || error.code === "unauthorized"
    ? documentedError(wire.status, text)
    : json(wire.status, { error: text }, headers);
}

/** What the framework refuses before a handler is asked is the caller's fault. */
function replyToForeignError(error: unknown): RunwayReply {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (status === 413) return tooLarge;
  if (status === 415) return json(415, { error: "The content type of the request is not valid." });
  return typeof status === "number" && status >= 400 && status < 500
    ? json(status, { error: "The request is not valid." })
    : json(500, { error: wireErrors.internal.error });
}

/** What a failed task says of itself; the text is never empty. */
export function failureOf(failure: JobFailure | undefined): { readonly failure: string; readonly failureCode?: string } {
  const wire: WireError = wireErrors[failure?.code ?? "internal"];
  const text = failure?.code === "credits_exhausted" ? noCredits : (failure?.message ?? "");
  return {
    failure: text.trim() === "" ? "The upscaler stopped unexpectedly." : text,
    ...(wire.failureCode !== undefined && { failureCode: wire.failureCode }),
  };
}
