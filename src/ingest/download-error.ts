import type { FetchError } from "../core/safe-fetch.ts";
import { AppError } from "../domain/errors.ts";

/** The URL without what may be secret: credentials, query and fragment. */
export function displayUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Says what went wrong in one sentence; worth another try where time alone may heal it. */
export function downloadError(error: FetchError, url: URL, maxBytes: number): AppError {
  const shown = displayUrl(url);
  const { failure, status } = error;
  const details = { url: shown, failure, ...(status !== undefined && { status }), ...(failure === "too_large" && { maxBytes }) };
  return new AppError(
    failure === "too_large" ? "upload_too_large" : "download_failed",
    `Downloading ${shown} failed: ${error.message}.`,
    {
      cause: error,
      retryable: failure === "network" || failure === "timeout" || status === 429 || (status !== undefined && status >= 500),
      details,
    },
  );
}
