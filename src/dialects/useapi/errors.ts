import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { JobFailure } from "../../domain/job.ts";
import type { Reply } from "./reply.ts";

/** How a code looks on the wire: `text` in place of the error's own message, `retryAfterSeconds` where coming again helps. */
type WireError = {
  readonly status: number;
  readonly text?: string;
  readonly retryAfterSeconds?: number;
  /** The body repeats the status as `code`; one error does not. */
  readonly hasCode?: false;
};

const busySeconds = 10;
const wrongInput = { status: 400 } as const;
const notFound = { status: 404, text: "Not found." } as const;
const broken = { status: 500, text: "Internal server error" } as const;
const busy = { status: 429, retryAfterSeconds: busySeconds } as const;
const unavailable = { status: 503, text: "The engine is not available now.", retryAfterSeconds: busySeconds } as const;

const wireErrors = {
  bad_request: wrongInput,
  not_available: wrongInput,
  input_not_found: { status: 404 },
  input_unreadable: wrongInput,
  no_video: wrongInput,
  unsupported_input: wrongInput,
  size_limit: wrongInput,
  input_too_long: wrongInput,
  download_failed: wrongInput,
  output_exists: broken,
  output_unwritable: unavailable,
  workspace_busy: unavailable,
  provider_unavailable: unavailable,
  model_invalid: broken,
  decode_failed: wrongInput,
  encode_failed: broken,
  out_of_memory: unavailable,
  verification_failed: broken,
  cancelled: unavailable,
  job_finished: notFound,
  job_not_found: notFound,
  queue_full: busy,
  too_many_jobs: busy,
  start_timeout: broken,
  credits_exhausted: { status: 412, text: "You do not have enough credits to run this task.", hasCode: false },
  rate_limited: busy,
  unauthorized: { status: 401, text: "Unauthorized" },
  forbidden: { status: 403, text: "Forbidden" },
  object_not_found: notFound,
  upload_not_found: notFound,
  upload_too_large: { status: 413 },
  upload_refused: broken,
  internal: broken,
} satisfies Record<ErrorCode, WireError>;

const lapsed = "Account has no subscription or subscription expired";

/** The answer for a call that could not be carried out. */
export function replyToError(error: unknown): Reply {
  if (error instanceof AppError) return replyToAppError(error);
  const status = statusOf(error);
  if (status === 413) return refusal(413, "The request body is too large");
  if (status !== undefined) return refusal(400, "The request is not valid");
  return refusal(broken.status, broken.text);
}

export function refusal(status: number, error: string): Reply {
  return { status, body: { error, code: status } };
}

function replyToAppError(error: AppError): Reply {
  const { code, details, message } = error;
  if (code === "unauthorized" && details["isRevoked"] === true) return refusal(402, lapsed);
  if (code === "unauthorized" && details["isForeignId"] === true) return refusal(403, message);
  const wire: WireError = wireErrors[code];
  const { status, text = message, hasCode = true } = wire;
  const seconds = details["retryAfterSeconds"] ?? wire.retryAfterSeconds;
  const headers = {
    ...(typeof seconds === "number" && { "retry-after": String(Math.ceil(seconds)) }),
    // Nobody reads the rest of what is too large.
    ...(status === 413 && { connection: "close" }),
  };
  return { status, body: { error: text, ...(hasCode && { code: status }) }, headers };
}

/** The status of a refusal of the web framework's own; undefined for anything else. */
function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("statusCode" in error) || typeof error.statusCode !== "number") return undefined;
  return error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : undefined;
}

/** A failed task's `error`. */
export type TaskError = {
  readonly errorMessage: string;
  readonly reason: "INTERNAL";
  readonly message: string;
  readonly moderation_category: null;
  readonly tally_asimov: false;
};

export function taskError({ code, message }: JobFailure): TaskError {
  const text = code === "credits_exhausted" ? wireErrors.credits_exhausted.text : message;
  return { errorMessage: text, reason: "INTERNAL", message: text, moderation_category: null, tally_asimov: false };
}
