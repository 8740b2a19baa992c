import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Whether something exists under `path`. */
export async function exists(path: string): Promise<boolean> {
  return (await statOrUndefined(path)) !== undefined;
}

export async function statOrUndefined(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Moves a finished temporary file to its final name; both it and its folder are on disk before this returns. */
export async function commitFile(temporaryPath: string, finalPath: string): Promise<void> {
  await syncPath(temporaryPath);
  await rename(temporaryPath, finalPath);
  await syncPath(dirname(finalPath));
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems cannot sync a folder; the rename itself stands.
    if (!isErrno(error, "EINVAL") && !isErrno(error, "EISDIR") && !isErrno(error, "EPERM")) throw error;
  } finally {
    await handle.close();
  }
}

export async function sha256OfFile(path: string, range?: { start: number; end: number }): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, range)) hash.update(chunk as Buffer); // no encoding set: always a Buffer
  return hash.digest("hex");
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
