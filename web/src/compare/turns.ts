import { ApiError } from "../api/http.ts";

/** The server makes so many pictures at once for an account. */
const mostAtOnce = 4;
const tries = 6;

let running = 0;
const waiting: (() => void)[] = [];

/** Runs when it is its turn, and again a little later when the server is busy.  Throws: ApiError; an AbortError. */
export async function withTurn<Value>(run: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 429) || attempt === tries) throw error;
        await new Promise((resolve) => setTimeout(resolve, 150 * attempt));
      }
    }
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
