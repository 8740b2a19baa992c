import { FetchError, type FetchOptions, safeFetch } from "../../core/safe-fetch.ts";
import type { RunwayContext } from "./context.ts";
import { sizeMessage } from "./video-uri.ts";

export type FetchedSource = { readonly contentType: string; readonly body: AsyncIterable<Uint8Array> };

/** Fetches a caller's video by the hosted service's rules. The body is read under the same limits.
 *  Throws: FetchError, also while the body is read; the signal's reason. */
export async function fetchSource(
  url: URL,
  { limits, allowAddress, sourceTimeoutMs }: RunwayContext,
  signal: AbortSignal,
): Promise<FetchedSource> {
  const options: FetchOptions = {
    maxBytes: limits.maxUrlBytes,
    timeoutMs: sourceTimeoutMs,
    idleTimeoutMs: sourceTimeoutMs,
    maxRedirects: limits.maxRedirects,
    headers: { "user-agent": "RunwayML API/1.0" },
    allowAddress,
    signal,
  };
  // The hosted service asks first, so a host that does not answer HEAD does not serve.
  if (limits.checksTypes) await ask(url, options);
  const resource = await safeFetch(url, options);
  if (resource.isUnchanged) throw new FetchError("status", "the server answered with status 304", { status: 304 });
  return { contentType: resource.headers["content-type"] ?? "", body: resource.body };
}

/** Sends a HEAD and lets go of the connection.  Throws: FetchError; the signal's reason. */
async function ask(url: URL, options: FetchOptions): Promise<void> {
  const answer = await safeFetch(url, { ...options, method: "HEAD" });
  if (!answer.isUnchanged) await Array.fromAsync(answer.body);
}

/** Why a fetch failed, in the service's words. */
export function fetchMessage({ failure, status }: FetchError, maxBytes: number): string {
  switch (failure) {
    case "status":
    case "redirects":
      return `Failed to fetch asset. Received HTTP response code "${status ?? "3XX"}".`;
    case "timeout":
      return "Timeout while fetching asset.";
    case "too_large":
      return sizeMessage(maxBytes);
    case "bad_url":
    case "refused_address":
    case "network":
      return "Failed to fetch asset. The URL may be incorrect or the server hosting the asset may be down.";
  }
}
