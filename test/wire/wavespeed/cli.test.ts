import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resultBytes } from "../../support/job-driver.ts";
import { type Folder, makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";
import { type SourceServer, serveSources } from "../../support/wavespeed-source.ts";

const program = fileURLToPath(new URL("../../../node_modules/@wavespeed/cli/dist/cli.js", import.meta.url));

let server: WavespeedServer;
let sources: SourceServer;
let home: Folder;
let key: string;
let clipPath: string;
let video: string;

beforeAll(async () => {
  server = await startWavespeedServer();
  home = await makeFolder();
  key = await server.newKey({ usd: 20 });
  clipPath = join(home.path, "clip.mp4");
  await writeStillClip(clipPath, { durationSeconds: 15.99 });
  sources = await serveSources({ "/clip.mp4": await readFile(clipPath) });
  video = `${sources.base}/clip.mp4`;
  await cli("config", "--base-url", server.base);
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** What the vendor's command line writes.  Throws: where it ends with another code than 0. */
async function cli(...values: readonly string[]): Promise<string> {
  const { path } = home;
  const env = {
    PATH: process.env["PATH"],
    HOME: path,
    XDG_CONFIG_HOME: join(path, "config"),
    WAVESPEED_API_KEY: key,
    NO_COLOR: "1",
  };
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...values], { env, cwd: path, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${values.join(" ")} failed: ${stdout}${stderr}`, { cause: error }));
    });
  });
}

// oxlint-disable-next-line typescript/no-explicit-any -- each test checks what it reads
async function json(...values: readonly string[]): Promise<any> {
  return JSON.parse(await cli(...values, "--json"));
}

describe("the vendor's command line", () => {
  test("reads the balance", async () => {
    expect(await json("balance")).toMatchObject({ balance: 20, currency: "USD" });
    expect(await cli("balance")).toContain("$20.00");
  });

  test("finds the model and its schema", async () => {
    expect(await json("models", "upscale")).toEqual([expect.objectContaining({ model_id: model })]);
    expect(await cli("models", "upscale", "--refresh")).toContain("$0.10");
    expect(await json("schema", model)).toMatchObject({ type: "object", required: ["video"] });
    expect(await cli("schema", model)).toContain("video-to-video");
  });

  test("asks for the price, also of a file that it has uploaded", async () => {
    expect(await json("price", model, "-i", `video=${video}`)).toMatchObject({ price: 0.1, currency: "USD" });
    const { url } = await json("upload", clipPath);
    expect(url).toMatch(new RegExp(`^${server.base}/files/`));
    expect(await json("price", model, "-i", `video=${url}`)).toMatchObject({ price: 0.3 });
    expect(await cli("price", model, "-i", `video=${url}`)).toContain("$0.3");
  });

  test("runs, shows, lists, downloads and deletes", async () => {
    const running = json("run", model, "-i", `video=${video}`);
    await server.work();
    const { outputs } = await running;
    expect(outputs).toEqual([expect.stringMatching(/\/[0-9a-f]{32}\.mp4$/)]);
    const id = /([0-9a-f]{32})\.mp4$/.exec(String(outputs[0]))?.[1] ?? "";

    const history = await json("history");
    expect(history).toMatchObject({ page: 1, total: 1, items: [{ id, status: "completed", inputs: { video } }] });
    expect(await cli("history")).toContain(id);
    expect(await json("history", "--status", "failed")).toMatchObject({ items: [] });
    expect(await json("show", id)).toMatchObject({ id, model, status: "completed", outputs });
    expect(await cli("show", id)).toContain("completed");

    const { saved } = await json("download", String(outputs[0]));
    expect(saved[0]).toMatch(/\.mp4$/);
    expect(await readFile(String(saved[0]))).toEqual(resultBytes);

    expect(await json("balance")).toMatchObject({ balance: 19.7 });
    expect(await cli("delete", id, "--yes")).toBe("");
    await expect(cli("show", id, "--json")).rejects.toThrow("404");
    expect(await json("history")).toMatchObject({ total: 0, items: [] });
  });

  test("waits in sync mode", async () => {
    const running = json("run", model, "-i", `video=${video}`, "--sync");
    await server.work();
    expect((await running).outputs).toHaveLength(1);
  });

  test("quotes a refusal", async () => {
    await expect(json("run", model)).rejects.toThrow('property \\\\\\"video\\\\\\" is missing');
  });
});
