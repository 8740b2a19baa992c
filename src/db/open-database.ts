import type { OpenDatabase } from "./database.ts";
import { openEmbedded } from "./embedded.ts";
import { openPostgres } from "./postgres.ts";

export type DatabaseOptions = {
  /** A Postgres connection string; undefined: PGlite in `<dataFolder>/database`. */
  readonly url?: string | undefined;
  readonly dataFolder: string;
};

/** Throws: AppError `workspace_busy` when another process uses the embedded database of this folder. */
export function openDatabase({ url, dataFolder }: DatabaseOptions): Promise<OpenDatabase> {
  return url === undefined ? openEmbedded(dataFolder) : openPostgres(url);
}
