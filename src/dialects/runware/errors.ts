import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { Job, JobFailure } from "../../domain/job.ts";
import type { ErrorEntry, Problem } from "./answer.ts";

/** The message is left out where the error's own is meant for callers. */
type WireError = Pick<Problem, "code" | "status" | "parameter"> & { readonly message?: string };

const badVideo: WireError = { code: "invalidInputsVideo", status: 400, parameter: "inputs.video" };
const noTransfer: WireError = { code: "failedToTransferVideo", status: 400, parameter: "inputs.video" };
const broke: WireError = {
  code: "processingFailed",
  status: 500,
  message: "The video could not be processed; the server's log says why.",
};
const tooMany: WireError = { code: "rateLimitExceeded", status: 429 };
const noMedia: WireError = { code: "mediaNotFound", status: 400, parameter: "inputs.video" };

/** Clients sort codes into classes by their words: see the spellings. */
const wireErrors = {
  bad_request: { code: "invalidPayload", status: 400 },
  not_available: { code: "unsupportedParameter", status: 400, parameter: "upres.tier" },
  input_not_found: { ...noTransfer, message: "The video cannot be found." },
  input_unreadable: badVideo,
  no_video: badVideo,
  unsupported_input: badVideo,
  size_limit: badVideo,
  input_too_long: badVideo,
  decode_failed: badVideo,
  download_failed: noTransfer,
  upload_too_large: noTransfer,
  output_exists: broke,
  output_unwritable: broke,
  workspace_busy: broke,
  provider_unavailable: {
    code: "providerUnavailable",
    status: 503,
    message: "The server cannot do this now; try again later.",
  },
  model_invalid: broke,
  encode_failed: broke,
  out_of_memory: broke,
  verification_failed: broke,
  cancelled: { code: "taskFailed", status: 400, message: "The task was cancelled." },
  job_finished: { code: "taskFailed", status: 400, message: "The task has ended already." },
  job_not_found: {
    code: "taskNotFound",
    status: 404,
    parameter: "taskUUID",
    message: "There is no such task; it may have expired.",
  },
  queue_full: tooMany,
  too_many_jobs: tooMany,
  rate_limited: tooMany,
  start_timeout: { code: "providerTimeout", status: 503 },
  credits_exhausted: { code: "insufficientCredits", status: 402 },
  unauthorized: { code: "invalidApiKey", status: 401, parameter: "apiKey" },
  forbidden: { code: "invalidApiKey", status: 403, parameter: "apiKey" },
  object_not_found: noMedia,
  upload_not_found: noMedia,
  upload_refused: { code: "uploadFailed", status: 502, parameter: "uploadEndpoint" },
  internal: { code: "internalServerError", status: 500, message: "The server failed unexpectedly; its log says more." },
} as const satisfies Record<ErrorCode, WireError>;

export const internalError: Problem = wireErrors.internal;

/** Why a call cannot be carried out. An error that is none of ours says nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof AppError)) return internalError;
  return { message: error.message, ...wireErrors[error.code] };
}

/** The same for a file that is brought to the store by a field of its own. */
export function mediaProblemOf(error: unknown, parameter: "media" | "image"): Problem {
  const problem = problemOf(error);
  const name = parameter === "media" ? "Media" : "Image";
  if (error instanceof AppError && (error.code === "object_not_found" || problem.code === noTransfer.code)) {
    return { ...problem, status: 400, code: `failedToTransfer${name}`, parameter };
  }
  return problem.code === badVideo.code ? { ...problem, code: `invalid${name}`, parameter } : problem;
}

/** Why a task came to nothing. */
export function failureEntry({ failure }: Pick<Job, "failure">, taskUUID: string): ErrorEntry {
  const { code: errorCode, message: ownMessage }: JobFailure = failure ?? cancelled;
  const { code, parameter, message = ownMessage }: WireError = errorCode === "internal" ? broke : wireErrors[errorCode];
  return { code, status: "error", message, ...(parameter !== undefined && { parameter }), taskUUID, taskType: "upscale" };
}

const cancelled: JobFailure = { code: "cancelled", message: "The task was cancelled.", details: {} };
