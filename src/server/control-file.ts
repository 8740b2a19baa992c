import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isErrno } from "../core/files.ts";

/** How the `upres` command finds and convinces the server that has a data folder open. */
export const ControlFile = z.object({ url: z.url(), token: z.string().min(20) });
export type ControlFile = z.infer<typeof ControlFile>;

export function newControlToken(): string {
  return randomBytes(32).toString("base64url");
}

/** Written so that only the owner of the server's files can read it. */
export async function writeControlFile(folder: string, content: ControlFile): Promise<void> {
  const path = pathIn(folder);
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.part`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${path}.part`, path);
}

/** Undefined when no server has left one, or none that can be read. */
export async function readControlFile(folder: string): Promise<ControlFile | undefined> {
  try {
    return ControlFile.safeParse(JSON.parse(await readFile(pathIn(folder), "utf8"))).data;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes it, unless another server has written its own since. */
export async function removeControlFile(folder: string, token: string): Promise<void> {
  if ((await readControlFile(folder))?.token === token) await rm(pathIn(folder), { force: true });
}

function pathIn(folder: string): string {
  return join(folder, "server.json");
}
