import { Readable } from "node:stream";
import { AppError } from "../domain/errors.ts";

/** Passes bytes on until there are too many of them, or until aborted, even amid a silence of the body.
 *  Throws: AppError `upload_too_large`; the signal's reason. */
export async function* limitBytes(
  body: AsyncIterable<Uint8Array>,
  options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  const { maxBytes = Infinity, signal } = options;
  const iterator = body[Symbol.asyncIterator]();
  let sizeBytes = 0;
  let isOver = false;
  try {
    for (;;) {
      const next = await (signal === undefined ? iterator.next() : nextUnlessAborted(iterator, signal));
      if (next.done === true) break;
      sizeBytes += next.value.length;
      if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
      yield next.value;
    }
    isOver = true;
  } finally {
    if (!isOver) await leave(body, iterator, signal);
  }
}

export function tooLarge(maxBytes: number): AppError {
  return new AppError("upload_too_large", `The file is larger than the ${maxBytes} bytes that are allowed.`, {
    details: { maxBytes },
  });
}

function nextUnlessAborted<T>(iterator: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<T>>();
  if (signal.aborted) reject(signal.reason);
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  iterator
    .next()
    .then(resolve, reject)
    .finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}

/** A silent body may never answer, so after an abort nobody waits for it. */
async function leave(body: AsyncIterable<Uint8Array>, iterator: AsyncIterator<Uint8Array>, signal?: AbortSignal): Promise<void> {
  if (body instanceof Readable) body.destroy();
  const left = iterator.return?.();
  if (signal?.aborted === true) left?.catch(() => undefined);
  else await left;
}
