import { AppError } from "../domain/errors.ts";

// Connection exceptions, and a server that is shutting down or starting.  Source: PostgreSQL's list of error codes.
const serverCodes = /^(?:08...|57P0[1-3])$/;
const socketCodes = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
const messages = /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error/i;

/** An error of the driver as it is, or as one that another try gets past where the server is away for the moment. */
export function explainConnection(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = "code" in error ? String(error.code) : "";
  if (!serverCodes.test(code) && !socketCodes.has(code) && !messages.test(error.message)) return error;
  return new AppError("internal", "The database does not answer; try again in a moment.", { retryable: true, cause: error });
}
