import { openDatabase } from "../../src/db/open-database.ts";

// Opens an embedded database and writes rows until it is killed; tells its parent of each row that was committed.

const dataFolder = process.argv[2] ?? "";
const database = await openDatabase({ dataFolder });
await database.query("create table if not exists rows_written (id integer primary key, filler text)");
const [last] = await database.query<{ id: number }>("select coalesce(max(id), 0) as id from rows_written");
for (let id = (last?.id ?? 0) + 1; ; id += 1) {
  await database.query("insert into rows_written values ($1::integer, repeat('x', 20000) || $1::integer::text)", [id]);
  process.send?.({ written: id });
}
