/** Every way Upres can refuse or fail; dialects and the CLI map each code exhaustively. */
export type ErrorCode =
  | "bad_request"
  | "not_available"
  | "input_not_found"
  | "input_unreadable"
  | "no_video"
  | "unsupported_input"
  | "size_limit"
  | "input_too_long"
  | "download_failed"
  | "output_exists"
  | "output_unwritable"
  | "workspace_busy"
  | "provider_unavailable"
  | "model_invalid"
  | "decode_failed"
  | "encode_failed"
  | "out_of_memory"
  | "verification_failed"
  | "cancelled"
  | "job_finished"
  | "job_not_found"
  | "queue_full"
  | "too_many_jobs"
  | "start_timeout"
  | "credits_exhausted"
  | "rate_limited"
  | "unauthorized"
  | "forbidden"
  | "object_not_found"
  | "upload_not_found"
  | "upload_too_large"
  | "upload_refused"
  | "internal";

/** The one error type that crosses module borders.
 *  `message` is a sentence a user can act on; `details` are facts for logs and programs. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}
