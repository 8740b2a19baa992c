import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** From the top down; a folder's name ends in a slash, a file's does not. Imports go to lower rows only. */
const rows: readonly (readonly string[])[] = [
  ["cli/"],
  ["app.ts"],
  ["server/", "config.ts"],
  ["dialects/", "delivery/", "worker/"],
  ["ingest/", "jobs/", "engine/", "accounts/"],
  ["db/", "storage/", "media/", "inference/", "kernels/", "models/"],
  ["domain/"],
  ["core/"],
];

/** Outside technology and the only places that may import it: folders, or files where a pattern says which. */
const fences: Readonly<Record<string, RegExp>> = {
  "node-av": /^media\//,
  "onnxruntime-node": /^inference\//,
  commander: /^cli\//,
  pg: /^db\//,
  "@electric-sql/pglite": /^db\//,
  "pg-boss": /^jobs\//,
  fastify: /^(?:server\/|dialects\/\w+\/routes\.ts$)/,
  "@fastify/cors": /^server\//,
  "@fastify/multipart": /^(?:server\/|dialects\/)/,
  "@fastify/websocket": /^dialects\//,
  ws: /^dialects\//,
  "@fastify/rate-limit": /^server\//,
  "@fastify/swagger": /^server\//,
  pino: /^server\//,
  "prom-client": /^server\//,
  "@tus/server": /^server\//,
  "@tus/file-store": /^storage\//,
  "@aws-sdk/client-s3": /^storage\//,
  "@aws-sdk/lib-storage": /^storage\//,
};
/** What every folder may import from outside. */
const anywhere = new Set(["zod"]);

const longestFileLines = 400;
const wantedFileLines = 200;

type Import = { readonly from: string; readonly to: string };
type SourceFile = { readonly path: string; readonly text: string };

const files: readonly SourceFile[] = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => ({ path, text: readFileSync(join(root, "src", path), "utf8") }));

const statement =
  /^\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;

/** Every imported name as it is written, types included. */
const written: readonly Import[] = files.flatMap(({ path, text }) =>
  [...text.matchAll(statement)].map((match) => ({ from: path, to: match[1] ?? match[2] ?? match[3] ?? "" })),
);

/** Imports of our own sources, as paths below src/. */
const internal: readonly Import[] = written
  .filter(({ to }) => to.startsWith(".") && to.endsWith(".ts"))
  .map(({ from, to }) => ({ from, to: relative(join(root, "src"), join(root, "src", dirname(from), to)).replaceAll("\\", "/") }));

function partOf(path: string): string {
  const folder = path.split("/")[0] ?? path;
  return folder === path ? path : `${folder}/`;
}

function rowOf(path: string): number {
  return rows.findIndex((row) => row.includes(partOf(path)));
}

function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

test("the sources were read", () => {
  expect(files.length).toBeGreaterThan(40);
  expect(internal.length).toBeGreaterThan(100);
  expect(internal).toContainEqual({ from: "engine/session.ts", to: "engine/assemble.ts" });
  expect(internal).toContainEqual({ from: "engine/tiles.ts", to: "inference/tile-protocol.ts" });
  expect(written.some(({ from, to }) => from.startsWith("media/") && to === "node-av")).toBe(true);
});

test("every file belongs to a row", () => {
  expect(files.filter(({ path }) => rowOf(path) < 0).map(({ path }) => path)).toEqual([]);
});

function goesUpOrSideways({ from, to }: Import): boolean {
  return partOf(from) !== partOf(to) && rowOf(to) <= rowOf(from);
}

test("imports go down: never up, never sideways between folders of one row", () => {
  expect(internal.filter(goesUpOrSideways)).toEqual([]);
});

test("the rule of rows tells right from wrong", () => {
  const examples: readonly (readonly [string, string, boolean])[] = [
    ["domain/errors.ts", "engine/run.ts", true],
    ["models/locate.ts", "inference/tile-pool.ts", true],
    ["engine/run.ts", "cli/main.ts", true],
    ["core/async.ts", "domain/errors.ts", true],
    ["server/server.ts", "config.ts", true],
    ["engine/tiles.ts", "inference/tile-protocol.ts", false],
    ["engine/stages/enhance.ts", "engine/tiles.ts", false],
    ["cli/main.ts", "core/async.ts", false],
  ];
  expect(examples.map(([from, to]) => goesUpOrSideways({ from, to }))).toEqual(examples.map(([, , wrong]) => wrong));
});

test("every relative import names an existing source file or a data file", () => {
  const known = new Set(files.map(({ path }) => path));
  expect(internal.filter(({ to }) => !known.has(to))).toEqual([]);
  const others = written.filter(({ to }) => to.startsWith(".") && !to.endsWith(".ts"));
  expect(others.filter(({ to }) => !to.endsWith(".json"))).toEqual([]);
});

function cyclesIn(imports: readonly Import[]): readonly string[] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (trail.includes(path) || done.has(path)) return;
    for (const { to } of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return cycles;
}

test("no file imports itself through others", () => {
  expect(cyclesIn(internal)).toEqual([]);
  const example = [
    { from: "a.ts", to: "b.ts" },
    { from: "b.ts", to: "c.ts" },
    { from: "c.ts", to: "b.ts" },
  ];
  expect(cyclesIn(example)).toEqual(["b.ts → c.ts → b.ts"]);
});

/** Packages, without what Node.js brings along. */
const foreign: readonly Import[] = written.filter(({ to }) => !to.startsWith(".") && !to.startsWith("node:"));

function isOutsideFence({ from, to }: Import): boolean {
  const name = packageOf(to);
  return !anywhere.has(name) && fences[name]?.test(from) !== true;
}

test("each outside technology has one importer, and none is without a fence", () => {
  expect(foreign.filter(isOutsideFence)).toEqual([]);
  expect(new Set(foreign.map(({ to }) => packageOf(to))).size).toBeGreaterThan(8);
});

test("the rule of fences tells right from wrong", () => {
  const examples: readonly (readonly [string, string, boolean])[] = [
    ["server/create-server.ts", "fastify", false],
    ["dialects/fal/routes.ts", "fastify", false],
    ["dialects/fal/decode.ts", "fastify", true],
    ["jobs/submit.ts", "pg", true],
    ["domain/job.ts", "zod", false],
    ["core/async.ts", "left-pad", true],
    ["db/postgres.ts", "pg/lib/utils.js", false],
  ];
  expect(examples.map(([from, to]) => isOutsideFence({ from, to }))).toEqual(examples.map(([, , wrong]) => wrong));
});

test("only config.ts reads the environment, only the CLI's output writes to the console", () => {
  const readers = files.filter(
    ({ path, text }) => path !== "config.ts" && /\bprocess\s*\.\s*env\b|\benv\b[^;]*from "node:process"/.test(text),
  );
  expect(readers.map(({ path }) => path)).toEqual([]);
  const writers = files.filter(({ path, text }) => path !== "cli/output.ts" && /\bconsole\s*\./.test(text));
  expect(writers.map(({ path }) => path)).toEqual([]);
});

test("no source file is longer than 400 lines", () => {
  const lengths = files.map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
  const long = lengths.filter(({ lines }) => lines > wantedFileLines).toSorted((a, b) => b.lines - a.lines);
  if (long.length > 0) {
    process.stdout.write(`over ${wantedFileLines} lines: ${long.map(({ path, lines }) => `${path} (${lines})`).join(", ")}\n`);
  }
  expect(long.filter(({ lines }) => lines > longestFileLines)).toEqual([]);
});
