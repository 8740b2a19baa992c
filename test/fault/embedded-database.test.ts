import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { migrate } from "../../src/db/migrate.ts";
import { openDatabase } from "../../src/db/open-database.ts";
import { temporaryFolder } from "../support/clips.ts";

const script = fileURLToPath(new URL("../support/database-writer.ts", import.meta.url));
const Message = z.object({ written: z.int() });

function startWriter(dataFolder: string): ChildProcess {
  return fork(script, [dataFolder], { stdio: "inherit" });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** Writes rows of 20 kB until so many are committed, and kills the process; the last row that it told of. */
async function writeAndKill(dataFolder: string, rows: number): Promise<number> {
  const child = startWriter(dataFolder);
  let told = 0;
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    child.on("message", (message) => {
      const { written } = Message.parse(message);
      told = written;
      count += 1;
      if (count === rows) resolve();
    });
    child.on("exit", () => reject(new Error("the writer ended by itself")));
  });
  await kill(child);
  return told;
}

test("every row that was committed before kill -9 is there afterwards, time and again", async () => {
  const dataFolder = await temporaryFolder();
  let told = 0;
  for (const rows of [1, 40, 300]) told = await writeAndKill(dataFolder, rows);
  await using database = await openDatabase({ dataFolder });
  const [row] = await database.query<{ count: bigint; last: number; broken: bigint }>(
    `select count(*) as count, max(id) as last, count(*) filter (where filler <> repeat('x', 20000) || id::text) as broken
     from rows_written`,
  );
  expect(row?.last).toBeGreaterThanOrEqual(told);
  expect(row).toMatchObject({ count: BigInt(row?.last ?? 0), broken: 0n });
});

test("a first start that is killed while it makes the database does not spoil the next", async (context) => {
  const dataFolder = await temporaryFolder();
  const appeared = Promise.withResolvers<void>();
  using watcher = new DisposableStack();
  const seen = watch(dataFolder, (_, name) => {
    if (name === "database.new") appeared.resolve();
  });
  watcher.defer(() => seen.close());
  const child = startWriter(dataFolder);
  await appeared.promise;
  await kill(child);
  context.annotate(`left behind: ${(await readdir(dataFolder)).join(", ")}`);
  await using database = await openDatabase({ dataFolder });
  expect(await migrate(database)).toContain("0001_jobs.sql");
  expect(await readdir(dataFolder)).not.toContain("database.new");
  expect(await readdir(join(dataFolder, "database"))).toContain("PG_VERSION");
});
