import type { AppError, ErrorCode } from "../../domain/errors.ts";
import type { Job, JobFailure } from "../../domain/job.ts";
import { durationToleranceSeconds } from "./names.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { refusal, type WavespeedReply } from "./reply.ts";

/** How a code looks when a request is refused, and when a task has failed of it. Texts that are left out are the error's own. */
type WireError = {
  readonly status: number;
  readonly message?: string;
  readonly taskCode: number;
  readonly taskError?: string;
};

const fault = { status: 500, message: "internal server error", taskCode: 5000, taskError: "internal error" } as const;
const executionFailed = { ...fault, taskCode: 1405, taskError: "execution failed" } as const;
const unavailable = { status: 503, message: "service unavailable", taskCode: 5003, taskError: "service unavailable" } as const;
const busy = { status: 429, message: "Too many requests", taskCode: 5003, taskError: "service unavailable" } as const;
const notMedia = { status: 400, message: "file is not a media file", taskCode: 1401 } as const;

const wireErrors = {
  bad_request: { status: 400, taskCode: 1401 },
  not_available: { status: 400, taskCode: 1401 },
  input_not_found: { status: 404, message: "file not found", taskCode: 1402 },
  input_unreadable: notMedia,
  no_video: notMedia,
  unsupported_input: notMedia,
  size_limit: { status: 400, taskCode: 1401 },
  input_too_long: { status: 400, taskCode: 1401 },
  download_failed: { status: 400, taskCode: 1402 },
  output_exists: fault,
  output_unwritable: fault,
  workspace_busy: unavailable,
  provider_unavailable: unavailable,
  model_invalid: fault,
  decode_failed: notMedia,
  encode_failed: executionFailed,
  out_of_memory: executionFailed,
  verification_failed: executionFailed,
  cancelled: { ...unavailable, taskCode: 1405, taskError: "prediction was cancelled" },
  job_finished: { status: 409, message: "prediction has finished", taskCode: 5000 },
  job_not_found: { status: 404, message: "prediction not found", taskCode: 5000 },
  queue_full: busy,
  too_many_jobs: busy,
  start_timeout: { status: 504, message: "timeout", taskCode: 5004, taskError: "prediction could not be started in time" },
  credits_exhausted: { status: 402, message: "insufficient balance", taskCode: 1403, taskError: "insufficient balance" },
  rate_limited: busy,
  unauthorized: { status: 401, message: "Unauthorized", taskCode: 5000 },
  forbidden: { status: 403, message: "Forbidden", taskCode: 5000 },
  object_not_found: { status: 404, message: "file not found", taskCode: 1402 },
  upload_not_found: { status: 404, message: "upload not found", taskCode: 1402 },
  upload_too_large: {
    status: 413,
    message: "file too large",
    taskCode: 1401,
    taskError: "the video has more bytes than the server accepts",
  },
  upload_refused: executionFailed,
  internal: fault,
} satisfies Record<ErrorCode, WireError>;

/** Told with every 429 where nobody knows better. */
const retryAfterSeconds = 5;

/** The answer for a request that could not be carried out. */
export function refusalOf(error: AppError): WavespeedReply {
  const { status, message = error.message }: WireError = wireErrors[error.code];
  if (status !== 429) return refusal(status, message);
  const known = error.details["retryAfterSeconds"];
  return refusal(status, message, { "retry-after": String(typeof known === "number" ? known : retryAfterSeconds) });
}

/** An error of the HTTP server's own, or of nobody's.  Shape: undefined for what is the server's fault. */
export function foreignRefusal(error: unknown): WavespeedReply | undefined {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  if (typeof status !== "number" || status < 400 || status >= 500) return undefined;
  if (status === 413) return refusal(413, "file too large");
  return refusal(status === 405 || status === 404 || status === 431 ? status : 400, "invalid request body");
}

export const serverFault: WavespeedReply = refusal(500, fault.message);

/** Why a task failed; the same each time. */
export function taskErrorOf(job: Job, failure: JobFailure): { readonly code: number; readonly error: string } {
  const { taskCode: code, taskError }: WireError = wireErrors[failure.code];
  return { code, error: sentenceOf(job, failure) ?? taskError ?? failure.message };
}

function sentenceOf(job: Job, { code, details }: JobFailure): string | undefined {
  const seconds = details["durationSeconds"];
  if (code === "input_too_long" && typeof seconds === "number" && job.maxSourceSeconds !== undefined) {
    const most = Number((job.maxSourceSeconds - durationToleranceSeconds).toFixed(3));
    return `video duration ${seconds.toFixed(2)}s exceeds the maximum of ${most}s`;
  }
  if (wireErrors[code].taskCode !== 1402) return undefined;
  return `media URL cannot be loaded: ${dialectDataOf(job).isPlainHttp === true ? "only https is accepted" : reasonOf(details)}`;
}

/** Clients take an error for one of the network, worth another task, when its text has words such as "fetch", "connection"
 *  or "timeout" in it, as an address may: these are the only reasons given. */
const reasons = new Map([
  ["bad_url", "the URL is not valid"],
  ["refused_address", "the address is not public"],
  ["redirects", "the server redirects too often"],
  ["timeout", "the server took too long"],
  ["network", "the server cannot be reached"],
]);

function reasonOf({ failure, status }: JobFailure["details"]): string {
  if (failure === "status" && typeof status === "number") return `the server answered with status ${status}`;
  return reasons.get(String(failure)) ?? "the file is no longer kept";
}
