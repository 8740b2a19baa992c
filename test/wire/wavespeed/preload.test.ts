import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Folder, makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";

const preload = fileURLToPath(new URL("../../../preload/wavespeed.cjs", import.meta.url));
const script = fileURLToPath(new URL("../../support/wavespeed-script.ts", import.meta.url));

let server: WavespeedServer;
let folder: Folder;
let clipPath: string;
beforeAll(async () => {
  server = await startWavespeedServer();
  folder = await makeFolder();
  clipPath = join(folder.path, "clip.mp4");
  await writeStillClip(clipPath, { durationSeconds: 6 });
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Run = { readonly flag?: string; readonly env?: Record<string, string>; readonly values?: readonly string[] };

async function start({ flag = "--require", env = {}, values = [script, model, clipPath] }: Run): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { env: { PATH: process.env["PATH"], ...env }, timeout: 120_000, cwd: tmpdir() };
    execFile(process.execPath, [flag, preload, ...values], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

test.each(["--require", "--import"])("a program runs on this server with %s, its source untouched", async (flag) => {
  const env = { WAVESPEED_BASE_URL: `${server.base}/`, WAVESPEED_API_KEY: await server.newKey() };
  const running = start({ flag, env });
  await server.work();
  const { video, outputs } = JSON.parse(await running) as { video: string; outputs: string[] };
  expect(video).toMatch(new RegExp(`^${server.base}/files/`));
  expect(outputs).toEqual([expect.stringMatching(new RegExp(`^${server.base}/files/[^/]+/[0-9a-f]{32}\\.mp4$`))]);
});

test("it says what is missing", async () => {
  await expect(start({})).rejects.toThrow("WAVESPEED_BASE_URL is not set; it has to be the address of the server");
  await expect(start({ env: { WAVESPEED_BASE_URL: "" } })).rejects.toThrow("WAVESPEED_BASE_URL is not set");
  await expect(start({ env: { WAVESPEED_BASE_URL: "localhost:80" } })).rejects.toThrow('WAVESPEED_BASE_URL is "localhost:80"');
  const elsewhere = { env: { WAVESPEED_BASE_URL: server.base }, values: [join(folder.path, "app.mjs")] };
  await expect(start(elsewhere)).rejects.toThrow('The package "wavespeed" 0.2 or newer was not found');
});
