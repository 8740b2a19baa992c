import { FetchError } from "../core/safe-fetch.ts";
import type { SendOptions, SendReply } from "../core/safe-send.ts";
import { AppError } from "../domain/errors.ts";
import { displayUrl } from "../ingest/download-error.ts";
import type { ObjectStore } from "../storage/object-store.ts";

export type PutFileOptions = {
  readonly url: URL;
  readonly key: string;
  readonly store: ObjectStore;
  /** core/safe-send with the addresses that may be called. */
  readonly send: (url: URL, options: SendOptions) => Promise<SendReply>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

/** Streams a stored file to an address of the caller's, in one PUT.
 *  Throws: AppError `object_not_found`; `output_unwritable` where the target does not take it, worth another try unless
 *  it refuses the request itself. */
export async function putFile({ url, key, store, send, timeoutMs, signal }: PutFileOptions): Promise<void> {
  const { object, body } = await store.read(key);
  try {
    const { status } = await send(url, {
      method: "PUT",
      headers: { "content-type": object.contentType },
      body: { stream: body, sizeBytes: object.sizeBytes },
      timeoutMs,
      ...(signal !== undefined && { signal }),
    });
    if (status >= 200 && status < 300) return;
    throw refused(url, `it answers ${status}`, { retryable: status >= 500 || status === 429 });
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    const retryable = error.failure === "network" || error.failure === "timeout";
    throw refused(url, error.message, { retryable, cause: error });
  } finally {
    body.destroy();
  }
}

function refused(url: URL, reason: string, options: { readonly retryable: boolean; readonly cause?: unknown }): AppError {
  return new AppError("output_unwritable", `The result cannot be sent to ${displayUrl(url)}: ${reason}.`, options);
}
