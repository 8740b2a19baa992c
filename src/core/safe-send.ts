import type { lookup as systemLookup } from "node:dns";
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { asFetchError, FetchError, guardedLookup, refusedAddress } from "./safe-fetch.ts";

export type SendOptions = {
  readonly method: "POST" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | { readonly stream: Readable; readonly sizeBytes: number };
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Asked with every address before a connection is made to it; left out, all are allowed. */
  readonly allowAddress?: (address: string) => boolean;
  readonly lookup?: typeof systemLookup;
  readonly signal?: AbortSignal;
};

export type SendReply = { readonly status: number };

/** Sends a body to an http(s) URL; a redirect is an answer like any other. The answer's own body is not read.
 *  Throws: FetchError where there is no answer; the signal's reason when aborted. */
export async function safeSend(url: URL, options: SendOptions): Promise<SendReply> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  try {
    const response = await exchange(url, options, signal);
    response.destroy();
    return { status: response.statusCode ?? 0 };
  } catch (error) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (timeout.aborted) throw new FetchError("timeout", `there was no answer within ${options.timeoutMs / 1000} s`);
    throw asFetchError(error);
  }
}

async function exchange(url: URL, options: SendOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { allowAddress, body, lookup } = options;
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FetchError("bad_url", `${url.protocol.slice(0, -1)} is not http or https`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && allowAddress?.(host) === false) throw refusedAddress(host);
  const sizeBytes = typeof body === "string" ? Buffer.byteLength(body) : body.sizeBytes;
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  const request = start(url, {
    agent: false,
    method: options.method,
    headers: { "user-agent": "upres", ...options.headers, "content-length": String(sizeBytes) },
    lookup: guardedLookup(lookup, allowAddress),
    signal,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
    // After an answer this changes nothing; a target that switches protocols leaves it at that.
    request.once("close", () => reject(new FetchError("network", "the target does not answer with HTTP")));
  });
  if (typeof body === "string") request.end(body);
  // A target may answer before it has read everything: its answer is what counts then.
  else pipeline(body.stream, request).catch((error: unknown) => request.destroy(asFetchError(error)));
  return await answered;
}
