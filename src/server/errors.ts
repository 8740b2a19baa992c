import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { errorFacts, type Logger } from "../core/logger.ts";
import { AppError, type ErrorCode } from "../domain/errors.ts";

/** The HTTP status of each error in the native API. */
export const statusOf = {
  bad_request: 400,
  not_available: 400,
  input_not_found: 422,
  input_unreadable: 422,
  no_video: 422,
  unsupported_input: 422,
  size_limit: 422,
  download_failed: 422,
  output_exists: 409,
  output_unwritable: 507,
  workspace_busy: 503,
  provider_unavailable: 503,
  model_invalid: 500,
  decode_failed: 422,
  encode_failed: 500,
  out_of_memory: 500,
  verification_failed: 500,
  cancelled: 409,
  job_finished: 409,
  job_not_found: 404,
  queue_full: 429,
  start_timeout: 504,
  credits_exhausted: 402,
  rate_limited: 429,
  unauthorized: 401,
  forbidden: 403,
  object_not_found: 404,
  upload_not_found: 404,
  upload_too_large: 413,
  input_too_long: 422,
  too_many_jobs: 429,
  upload_refused: 502,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

export type ErrorDocument = {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly request_id: string;
  };
};

/** Fastify's own refusals in our words. */
function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = statusCodeOf(error);
  if (status === 413) return new AppError("upload_too_large", "The body of the request is too large.", { cause: error });
  if (status === 429) return new AppError("rate_limited", "Too many requests; wait a little.", { cause: error, retryable: true });
  if (status !== undefined && status < 500 && error instanceof Error) {
    return new AppError("bad_request", `${error.message.replace(/\.$/, "")}.`, { cause: error });
  }
  return new AppError("internal", "The server failed unexpectedly; its log says more.", { cause: error });
}

function statusCodeOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** Answers a failed request of the native API, and logs what is the server's fault. */
export function createErrorHandler(logger: Logger) {
  return async (error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const known = toAppError(error);
    const ownStatus = statusCodeOf(error);
    const status = known.code === "bad_request" && ownStatus !== undefined ? ownStatus : statusOf[known.code];
    if (status >= 500) {
      logger.error("request failed", { requestId: request.id, errorCode: known.code, ...errorFacts(known.cause ?? known) });
    }
    if (known.code === "unauthorized") reply.header("www-authenticate", 'Bearer realm="upres"');
    const { retryAfterSeconds } = known.details;
    if (typeof retryAfterSeconds === "number") reply.header("retry-after", retryAfterSeconds);
    return await reply.code(status).send(errorDocument(known, request.id));
  };
}

export function errorDocument({ code, message, details }: AppError, requestId: string): ErrorDocument {
  return { error: { code, message, details, request_id: requestId } };
}

export function notFound(request: FastifyRequest): AppError {
  const path = request.url.split("?")[0] ?? "";
  return new AppError("object_not_found", `There is nothing at ${request.method} ${path}.`);
}
