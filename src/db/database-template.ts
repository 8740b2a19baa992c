import { readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../core/files.ts";
import { unpackFolder } from "./folder-archive.ts";

/** An empty database as the embedded engine makes it in a second or two, packed. scripts/database-template.ts writes it,
 *  and beside it the version of the engine. */
export const templateFile = new URL("../../database/empty.br", import.meta.url);

/** Makes an empty database where there is none yet: all of it, or none. The data folder's lock is held meanwhile. */
export async function ensureDatabase(folder: string): Promise<void> {
  if (await exists(join(folder, "PG_VERSION"))) return;
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await unpackFolder(await readFile(templateFile), draft);
  await rename(draft, folder);
}
