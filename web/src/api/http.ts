import { keyInUse } from "./key.ts";

/** What the server said, or that it could not be asked. `message` is a sentence for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, message: string, status: number, retryAfterSeconds?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export function authorization(): Record<string, string> {
  const key = keyInUse();
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** A request whose answer is what was asked for.  Throws: ApiError; an AbortError as it is. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ ...authorization(), ...headersOf(init) });
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (isAbort(error)) throw error;
    throw unreachable();
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

export function unreachable(): ApiError {
  return new ApiError("offline", "The server does not answer. Is `upres serve` still running?", 0);
}

function headersOf(init: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(init.headers));
}

async function failureOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const wait = Number.isFinite(retryAfter) ? retryAfter : undefined;
  return readFailure(await response.text(), response.status, wait);
}

/** Reads `{ error: { code, message } }`; what is none of ours is named by its status. */
export function readFailure(text: string, status: number, retryAfterSeconds?: number): ApiError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === "string" && typeof error.message === "string") {
      return new ApiError(error.code, error.message, status, retryAfterSeconds);
    }
  } catch {
    // Not JSON: something between this page and the server has answered.
  }
  return new ApiError("internal", `The server answered ${status}. Try again; its log says more.`, status, retryAfterSeconds);
}

export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as Answer; // the server's own types; checked there
}

type SendOptions = {
  readonly method?: "POST" | "PATCH" | "DELETE";
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Record<string, string>;
};

export async function sendJson<Answer>(path: string, options: SendOptions = {}): Promise<Answer> {
  const { method = "POST", body, signal, headers = {} } = options;
  const response = await request(path, {
    method,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  return (await response.json()) as Answer; // as above
}

/** Asks again as long as the server is still at what was asked before and left: quick choices end in the last one, not in an error. */
export async function inTurn<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.code !== "rate_limited" || signal.aborted) throw failure;
      await new Promise((resolve) => setTimeout(resolve, (failure.retryAfterSeconds ?? 1) * 1000));
    }
  }
}
