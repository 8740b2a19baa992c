import { headBytes, sniffContentType } from "./sniff.ts";

/** A body whose first bytes were looked at.  Owns: the body; disposing of it closes what it comes from. */
export type SniffedBody = AsyncDisposable & { readonly contentType: string; readonly whole: AsyncIterable<Uint8Array> };

/** Reads the first bytes of a body to learn its type; they come again in `whole`.
 *  Throws: AppError `input_unreadable` for what is no media file, with the body closed. */
export async function sniffBody(body: AsyncIterable<Uint8Array>): Promise<SniffedBody> {
  const iterator = body[Symbol.asyncIterator]();
  const close = async (): Promise<void> => void (await iterator.return?.());
  try {
    const first: Uint8Array[] = [];
    for (let sizeBytes = 0; sizeBytes < headBytes;) {
      const next = await iterator.next();
      if (next.done === true) break;
      first.push(next.value);
      sizeBytes += next.value.length;
    }
    const contentType = sniffContentType(Buffer.concat(first).subarray(0, headBytes));
    return { contentType, whole: chain(first, iterator), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* chain(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}
