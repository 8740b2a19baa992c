import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { templateFile } from "../src/db/database-template.ts";
import { startEngine } from "../src/db/embedded-engine.ts";
import { packFolder } from "../src/db/folder-archive.ts";

// Writes database/empty.br: the embedded database as the engine makes it, without tables. It has to be made again when the
// engine's version changes, which a test notices; migrations do not matter, they are applied when a database is opened.

const packageFile = new URL("../node_modules/@electric-sql/pglite/package.json", import.meta.url);
const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };
const folder = await mkdtemp(join(tmpdir(), "upres-template-"));
try {
  const database = join(folder, "database");
  // Segments of the log of 1 MB: an empty one is shipped, and as many as are needed are kept.
  const made = await PGlite.create({ dataDir: database, initDbStartParams: ["--wal-segsize=1"] });
  await made.close();
  // The first start leaves caches behind that make the next ones faster.
  const started = await startEngine(database);
  await started.exec("checkpoint");
  await started.close();
  const packed = await packFolder(database);
  const path = fileURLToPath(templateFile);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, packed);
  await writeFile(join(path, "..", "engine.json"), `${JSON.stringify({ "@electric-sql/pglite": version })}\n`);
  process.stdout.write(`${path}: ${(packed.length / 1e6).toFixed(2)} MB\n`);
} finally {
  await rm(folder, { recursive: true });
}
