import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { commitFile, isErrno } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";

/** Writes a new file; returns its size. */
export async function writeAll(path: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  let sizeBytes = 0;
  await using handle = await open(path, "wx");
  for await (const chunk of body) {
    await handle.writeFile(chunk);
    sizeBytes += chunk.length;
  }
  return sizeBytes;
}

/** Deleting the last object of a folder removes the folder, maybe between its making and the rename: then once more. */
export async function commitInFolder(temporaryPath: string, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await mkdir(dirname(path), { recursive: true });
    try {
      await commitFile(temporaryPath, path);
      return;
    } catch (error) {
      if (!isErrno(error, "ENOENT") || attempt === 10) throw error;
    }
  }
}

/** A full disk in words of ours; anything else as it is. */
export function explainWriting(error: unknown): unknown {
  if (isErrno(error, "ENOSPC") || isErrno(error, "EDQUOT") || isErrno(error, "EFBIG")) {
    return new AppError("output_unwritable", "The disk that files are stored on is full.", { cause: error, retryable: true });
  }
  return error;
}
