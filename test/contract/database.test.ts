import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/domain/errors.ts";
import { migrate } from "../../src/db/migrate.ts";
import type { OpenDatabase } from "../../src/db/database.ts";
import { openDatabase } from "../../src/db/open-database.ts";
import { temporaryFolder } from "../support/clips.ts";
import { createTestDatabase, databaseKinds, missingDatabase, type TestDatabase } from "../support/databases.ts";

const root = new URL("../../", import.meta.url);

describe.each(databaseKinds)("the %s database", (kind) => {
  const missing = missingDatabase(kind);
  let made: TestDatabase;
  let database: OpenDatabase;

  beforeAll(async () => {
    if (missing !== undefined) return;
    made = await createTestDatabase(kind);
    database = made.database;
    await database.query("create table things (id integer primary key, amount bigint, at timestamptz, data jsonb)");
  });
  afterAll(async () => made?.[Symbol.asyncDispose]());
  beforeEach((context) => context.skip(missing !== undefined, missing));

  test("gives bigints, dates and JSON as what they are", async () => {
    const at = new Date("2026-03-04T05:06:07.089Z");
    const values = [1, 9_007_199_254_740_993n, at, JSON.stringify({ list: [1, null], text: "ü" })];
    await database.query("insert into things values ($1, $2, $3, $4)", values);
    const rows = await database.query("select amount, at, data, 2::bigint as small, null as nothing from things where id = 1");
    expect(rows).toEqual([
      { amount: 9_007_199_254_740_993n, at, data: { list: [1, null], text: "ü" }, small: 2n, nothing: null },
    ]);
  });

  test("a transaction that throws leaves nothing behind, one that does not all of it", async () => {
    const boom = new Error("boom");
    const failed = database.transaction(async (transaction) => {
      await transaction.query("insert into things (id) values (10)");
      await transaction.transaction((nested) => nested.query("insert into things (id) values (11)"));
      throw boom;
    });
    await expect(failed).rejects.toBe(boom);
    await database.transaction(async (transaction) => {
      await transaction.query("insert into things (id) values (12)");
      await transaction.raw.executeSql("insert into things (id) values (13); insert into things (id) values (14)");
    });
    expect(await database.query("select id from things where id >= 10 order by id")).toEqual([
      { id: 12 },
      { id: 13 },
      { id: 14 },
    ]);
  });

  test("an error of one statement does not spoil the next, even inside a library's own transaction", async () => {
    await expect(database.query("select * from nowhere")).rejects.toThrow("nowhere");
    await expect(database.raw.executeSql("begin; select * from nowhere; commit")).rejects.toThrow("nowhere");
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("statements with and without values give their rows to a library", async () => {
    expect(await database.raw.executeSql("select $1::int as one", [1])).toMatchObject({ rows: [{ one: 1 }] });
    expect(await database.raw.executeSql("select 1 as one; select 2 as one")).toMatchObject({ rows: [{ one: 1 }, { one: 2 }] });
  });

  test("migrations are applied once", async () => {
    expect(await migrate(database)).toEqual([]);
    const names = await database.query<{ name: string }>("select name from upres_migrations order by name");
    expect(names.map(({ name }) => name)).toContain("0001_jobs.sql");
  });
});

describe("the embedded database's folder", () => {
  test("is refused to a second user, with the holder's process named", async () => {
    const dataFolder = await temporaryFolder();
    await using first = await openDatabase({ dataFolder });
    expect(first.kind).toBe("embedded");
    const second = openDatabase({ dataFolder });
    await expect(second).rejects.toThrow(AppError);
    await expect(second).rejects.toMatchObject({ code: "workspace_busy", details: { pid: process.pid } });
  });

  test("is taken over from a dead process, and given free at the end", async () => {
    const dataFolder = await temporaryFolder();
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeFile(join(dataFolder, "lock"), `${child.pid} 1`);
    {
      await using database = await openDatabase({ dataFolder });
      expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
      expect(await readFile(join(dataFolder, "lock"), "utf8")).toContain(`${process.pid}`);
    }
    await expect(readFile(join(dataFolder, "lock"))).rejects.toThrow("ENOENT");
  });

  test("is not taken for held when a living process has a dead holder's number", async (context) => {
    context.skip(process.platform !== "linux", "only Linux tells when a process started");
    const dataFolder = await temporaryFolder();
    await writeFile(join(dataFolder, "lock"), `${process.pid} 1`);
    await using database = await openDatabase({ dataFolder });
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("a statement that would wait for its own transaction is refused instead", async () => {
    await using database = await openDatabase({ dataFolder: await temporaryFolder() });
    const locked = database.transaction(async (transaction) => {
      await transaction.query("select 1");
      return database.query("select 1");
    });
    await expect(locked).rejects.toThrow("the transaction's own database");
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("a new embedded database", () => {
  test("comes from a template that the installed engine made", async () => {
    const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(new URL(path, root), "utf8")) as unknown;
    const { version } = z.object({ version: z.string() }).parse(await read("node_modules/@electric-sql/pglite/package.json"));
    const advice = "run `node scripts/database-template.ts`";
    expect(await read("database/engine.json"), advice).toEqual({ "@electric-sql/pglite": version });
  });

  test("holds nothing before migrations: no table, no role, no secret that installations would share", async () => {
    await using database = await openDatabase({ dataFolder: await temporaryFolder() });
    const system = "('pg_catalog', 'information_schema')";
    const own = `select relname from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname not in ${system} and nspname not like 'pg_toast%'`;
    expect(await database.query(own)).toEqual([]);
    expect(await database.query("select rolname from pg_roles where rolname !~ '^pg_'")).toEqual([{ rolname: "postgres" }]);
  });

  test("is made in whole although an earlier start died while making it, and is for its owner alone", async (context) => {
    const dataFolder = await temporaryFolder();
    await mkdir(join(dataFolder, "database.new", "base"), { recursive: true });
    await writeFile(join(dataFolder, "database.new", "PG_VERSION"), "1");
    await using database = await openDatabase({ dataFolder });
    expect(await migrate(database)).toContain("0001_jobs.sql");
    expect(await readdir(dataFolder)).not.toContain("database.new");
    context.skip(process.platform === "win32", "Windows has no such permissions");
    expect((await stat(join(dataFolder, "database"))).mode & 0o777).toBe(0o700);
  });

  test("keeps little memory for itself", async () => {
    await using database = await openDatabase({ dataFolder: await temporaryFolder() });
    expect(await database.query("select current_setting('shared_buffers') as size")).toEqual([{ size: "16MB" }]);
  });
});
