import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";

export type FetchFailure = "bad_url" | "refused_address" | "redirects" | "status" | "too_large" | "timeout" | "network";

/** A download that did not come about; the message is a phrase that completes "… failed:". */
export class FetchError extends Error {
  override readonly name = "FetchError";
  readonly failure: FetchFailure;
  readonly status: number | undefined;

  constructor(failure: FetchFailure, message: string, options: { cause?: unknown; status?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.failure = failure;
    this.status = options.status;
  }
}

export type FetchOptions = {
  readonly maxBytes: number;
  /** For the whole download, redirects included. */
  readonly timeoutMs: number;
  /** Longest silence of the server. */
  readonly idleTimeoutMs: number;
  readonly maxRedirects: number;
  /** Left out: GET. The body of a HEAD is empty. */
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** Asked with every address before a connection is made to it, at each redirect anew; left out, all are allowed. */
  readonly allowAddress?: (address: string) => boolean;
  readonly lookup?: typeof systemLookup;
  readonly signal?: AbortSignal;
};

/** Owns: the connection, until the body is read to its end or left. */
export type FetchedResource = {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly sizeBytes: number | undefined;
} & ({ readonly isUnchanged: true } | { readonly isUnchanged: false; readonly body: AsyncIterable<Buffer> });

/** Fetches an http(s) resource within limits on bytes, time, redirects and, where asked, addresses.
 *  Addresses are checked after the name is resolved, on the very address that is connected to.
 *  Throws: FetchError; the signal's reason when aborted. */
export async function safeFetch(url: URL, options: FetchOptions): Promise<FetchedResource> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const explain = (error: unknown): unknown => {
    if (options.signal?.aborted === true) return options.signal.reason;
    if (timeout.aborted) return new FetchError("timeout", `it took longer than ${options.timeoutMs / 1000} s`);
    return asFetchError(error);
  };
  try {
    const { response, finalUrl } = await follow(url, options, signal);
    const length = options.method === "HEAD" ? 0 : Number(response.headers["content-length"] ?? NaN);
    const sizeBytes = Number.isInteger(length) ? length : undefined;
    const common = { url: finalUrl, headers: response.headers, sizeBytes };
    if (response.statusCode === 304) {
      response.destroy();
      return { ...common, isUnchanged: true };
    }
    if (sizeBytes !== undefined && sizeBytes > options.maxBytes) {
      response.destroy();
      throw tooLarge(options.maxBytes);
    }
    return { ...common, isUnchanged: false, body: limitedBody(response, options.maxBytes, explain) };
  } catch (error) {
    throw explain(error);
  }
}

type Followed = { readonly response: IncomingMessage; readonly finalUrl: URL };

async function follow(start: URL, options: FetchOptions, signal: AbortSignal): Promise<Followed> {
  let url = start;
  let status = 0;
  for (let hop = 0; hop <= options.maxRedirects; hop += 1) {
    const response = await send(url, options, signal);
    status = response.statusCode ?? 0;
    if (status === 200 || status === 304) return { response, finalUrl: url };
    const { location } = response.headers;
    response.destroy();
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
      throw new FetchError("status", `the server answered with status ${status}`, { status });
    }
    const next = URL.parse(location, url.href);
    if (next === null) throw new FetchError("redirects", "the server redirects to an address that is not valid");
    url = next;
  }
  throw new FetchError("redirects", `the server redirects more than ${options.maxRedirects} times`, { status });
}

function send(url: URL, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { allowAddress } = options;
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new FetchError("bad_url", `${url.protocol.slice(0, -1)} is not http or https`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && allowAddress?.(host) === false) throw refusedAddress(host);
  const start = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = start(url, {
      agent: false,
      method: options.method ?? "GET",
      headers: { "user-agent": "upres", accept: "*/*", "accept-encoding": "identity", ...options.headers },
      lookup: guardedLookup(options.lookup, allowAddress),
      signal,
    });
    let response: IncomingMessage | undefined;
    request.setTimeout(options.idleTimeoutMs, () =>
      (response ?? request).destroy(new FetchError("timeout", `the server was silent for ${options.idleTimeoutMs / 1000} s`)),
    );
    request.once("response", (started) => {
      response = started;
      resolve(started);
    });
    request.once("error", reject);
    // After an answer this changes nothing; a server that switches protocols leaves it at that.
    request.once("close", () => reject(new FetchError("network", "the server does not answer with HTTP")));
    request.end();
  });
}

/** A `lookup` for sockets that passes on allowed addresses only, so that no later answer can take their place. */
export function guardedLookup(
  lookup: typeof systemLookup | undefined,
  allowAddress: FetchOptions["allowAddress"],
): LookupFunction {
  return (hostname, options, callback) => {
    (lookup ?? systemLookup)(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed: LookupAddress[] = allowAddress === undefined ? found : found.filter(({ address }) => allowAddress(address));
      const [first] = allowed;
      if (first === undefined) callback(refusedAddress(hostname), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

async function* limitedBody(
  response: IncomingMessage,
  maxBytes: number,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  let receivedBytes = 0;
  try {
    for await (const chunk of response) {
      const bytes = chunk as Buffer; // no encoding set: always a Buffer
      receivedBytes += bytes.length;
      if (receivedBytes > maxBytes) throw tooLarge(maxBytes);
      yield bytes;
    }
  } catch (error) {
    throw explain(error);
  } finally {
    response.destroy();
  }
}

function tooLarge(maxBytes: number): FetchError {
  return new FetchError("too_large", `it is larger than ${maxBytes} bytes`);
}

export function refusedAddress(host: string): FetchError {
  return new FetchError("refused_address", `${host} is not on the public internet`);
}

const networkPhrases: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name of the server is not known",
  EAI_AGAIN: "the name of the server cannot be looked up now",
  ECONNREFUSED: "the server refuses the connection",
  ECONNRESET: "the server broke off the connection",
  ETIMEDOUT: "the server does not answer",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "there is no network",
};

export function asFetchError(error: unknown): FetchError {
  if (error instanceof FetchError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const phrase = networkPhrases[code] ?? (error instanceof Error && error.message !== "" ? error.message : code);
  return new FetchError("network", phrase, { cause: error });
}
