import { readdir, readFile } from "node:fs/promises";
import type { OpenDatabase } from "./database.ts";

const folder = new URL("../../migrations/", import.meta.url);
const lock = 7_261_501;

/** Applies what is new of migrations/*.sql, in order, all in one transaction; several processes may do so at once.
 *  The names of those applied now. */
export async function migrate(database: OpenDatabase): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  return database.transaction(async (transaction) => {
    await transaction.query("select pg_advisory_xact_lock($1)", [lock]);
    await transaction.query(
      "create table if not exists upres_migrations (name text primary key, applied_at timestamptz not null default now())",
    );
    const applied = new Set(
      (await transaction.query<{ name: string }>("select name from upres_migrations")).map(({ name }) => name),
    );
    const added = names.filter((name) => !applied.has(name));
    for (const name of added) {
      await transaction.raw.executeSql(await readFile(new URL(name, folder), "utf8"));
      await transaction.query("insert into upres_migrations (name) values ($1)", [name]);
    }
    return added;
  });
}
