import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { cleanEnvironment } from "../support/serve-process.ts";
import { temporaryFolder } from "../support/clips.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const committed = join(root, "web", "dist");

async function read(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [path.slice(folder.length + 1).replaceAll("\\", "/"), await readFile(path)] as const;
  });
  return new Map(await Promise.all(files));
}

it("is committed as its sources build it, byte for byte", async () => {
  const folder = await temporaryFolder();
  const env = { ...cleanEnvironment(), NODE_ENV: "production" };
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  await promisify(execFile)(process.execPath, [vite, "build", "web", "--outDir", folder, "--emptyOutDir"], { cwd: root, env });
  const [built, kept] = [await read(folder), await read(committed)];
  expect([...built.keys()].toSorted(), "run `npm run build:web`").toEqual([...kept.keys()].toSorted());
  const stale = [...built].filter(([name, bytes]) => kept.get(name)?.equals(bytes) !== true).map(([name]) => name);
  expect(stale, "run `npm run build:web`").toEqual([]);
});

it("loads less than 200 kB of compressed JavaScript in all, and names no other host", async () => {
  const files = [...(await read(committed))];
  const scripts = files.filter(([name]) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(3);
  expect(scripts.reduce((sum, [, bytes]) => sum + gzipSync(bytes).length, 0)).toBeLessThan(200_000);
  const page = String((await read(committed)).get("index.html"));
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page).not.toMatch(/<(?:script|style)>/);
  for (const [name, bytes] of files) if (name.endsWith(".css")) expect(String(bytes)).not.toMatch(/url\(["']?(?:https?:)?\/\//);
});
