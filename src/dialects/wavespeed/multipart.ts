import type { Readable } from "node:stream";
import type { Multipart } from "@fastify/multipart";
import { AppError } from "../../domain/errors.ts";
import { invalidBody } from "./body.ts";
import type { WavespeedRequest } from "./context.ts";

/** Disposing of it passes over what was not read. */
export type FilePart = AsyncDisposable & { readonly fileName: string; readonly body: Readable };

/** The part `file` of a form; undefined where there is none.
 *  Throws: AppError `bad_request` for a form that is broken or has too many parts, `cancelled` when the caller leaves. */
export async function nextFile({ parts, disconnected }: WavespeedRequest): Promise<FilePart | undefined> {
  if (parts === undefined) return undefined;
  const iterator = open(parts);
  for (;;) {
    const part = await next(iterator, disconnected);
    if (part === undefined) return undefined;
    if (part.type !== "file") continue;
    if (part.fieldname === "file") {
      const { file } = part;
      // A part of bytes without a name is a file too, whatever the type says.
      const fileName = (part.filename as string | undefined) ?? "upload";
      return { fileName, body: file, [Symbol.asyncDispose]: async () => void file.resume() };
    }
    part.file.resume();
  }
}

function open(parts: () => AsyncIterableIterator<Multipart>): AsyncIterator<Multipart> {
  try {
    return parts();
  } catch (error) {
    throw invalidBody(error); // no boundary in the header
  }
}

/** The parser says nothing any more once its caller has left. */
async function next(iterator: AsyncIterator<Multipart>, disconnected: AbortSignal): Promise<Multipart | undefined> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(new AppError("cancelled", "The caller went away."));
  if (disconnected.aborted) leave();
  disconnected.addEventListener("abort", leave, { once: true });
  try {
    const result = await Promise.race([iterator.next(), left]);
    return result.done === true ? undefined : result.value;
  } catch (error) {
    throw error instanceof AppError ? error : invalidBody(error);
  } finally {
    disconnected.removeEventListener("abort", leave);
  }
}
