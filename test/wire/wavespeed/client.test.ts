import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, WavespeedPredictionException, WavespeedSyncTimeoutException } from "wavespeed";
import { WaveSpeed } from "wavespeed-0-0";
import { Client as Client02 } from "wavespeed-0-2";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { resultBytes } from "../../support/job-driver.ts";
import { type Folder, makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";
import { type SourceServer, serveSources } from "../../support/wavespeed-source.ts";

let server: WavespeedServer;
let sources: SourceServer;
let folder: Folder;
let key: string;
let clipPath: string;
let video: string;

beforeAll(async () => {
  server = await startWavespeedServer();
  key = await server.newKey();
  folder = await makeFolder();
  clipPath = join(folder.path, "clip.mp4");
  await writeStillClip(clipPath, { durationSeconds: 6, size: { width: 320, height: 180 } });
  sources = await serveSources({ "/clip.mp4": await readFile(clipPath), "/text.mp4": "these are only words" });
  video = `${sources.base}/clip.mp4`;
});
beforeEach(() => {
  server.seen.length = 0;
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const current = () => new Client(key, { baseUrl: server.base });
const previous = () => new Client02(key, { baseUrl: `${server.base}/` });
const oldest = () => new WaveSpeed(key, { baseUrl: `${server.base}/api/v3/`, pollInterval: 0.05 });
const soon = { pollInterval: 0.05 };

function linesOf(pattern: RegExp): readonly string[] {
  return server.seen.map(({ line }) => line).filter((line) => pattern.test(line));
}

async function rejection(call: Promise<unknown>): Promise<Error> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error("the call did not fail", { cause: error });
}

test("run gives the address of the result, which downloads as it was made", async () => {
  const running = current().run(model, { video });
  await server.work();
  const { outputs } = (await running) as { outputs: string[] };
  expect(outputs).toHaveLength(1);
  expect(outputs[0]).toMatch(/\/files\/[^/]+\/[0-9a-f]{32}\.mp4$/);
  const file = await fetch(outputs[0] ?? "");
  expect(Buffer.from(await file.arrayBuffer())).toEqual(resultBytes);
  expect(linesOf(/^POST/)).toEqual([`POST /api/v3/${model}`]);
  expect(linesOf(/^GET \/api\/v3\/predictions\/[0-9a-f]{32}\/result$/).length).toBeGreaterThan(0);
  const [job] = await server.jobs.list(await accountId());
  expect(job).toMatchObject({ planned: { width: 1280, height: 720 }, request: { fps: "keep" } });
});

async function accountId(): Promise<string> {
  return (await server.accounts.identify(key))?.id ?? "";
}

test("runNoThrow names the task, and on failure carries its error", async () => {
  const good = current().runNoThrow(model, { video }, soon);
  await server.work();
  const succeeded = await good;
  expect(succeeded).toMatchObject({ outputs: [expect.any(String)], detail: { status: "completed" } });
  expect(succeeded.detail.taskId).toMatch(/^[0-9a-f]{32}$/);

  const bad = current().runNoThrow(model, { video: `${sources.base}/gone.mp4` }, soon);
  await server.work();
  const failed = await bad;
  expect(failed.outputs).toBeNull();
  expect(failed.detail.taskId).toMatch(/^[0-9a-f]{32}$/);
  expect(failed.detail.error).toBeInstanceOf(WavespeedPredictionException);
  expect(String(failed.detail.error)).toContain("media URL cannot be loaded: the server answered with status 404");
});

test("a file goes up by ticket without the key, and can be run", async () => {
  const url = await current().upload(clipPath);
  expect(url).toMatch(new RegExp(`^${server.base}/files/[^/]+/clip\\.mp4$`));
  const put = server.seen.find(({ line }) => line.startsWith("PUT"));
  expect(put?.headers).not.toHaveProperty("authorization");
  expect(put?.headers).toMatchObject({ "content-type": "video/mp4" });
  const downloaded = await fetch(url);
  expect(downloaded.headers.get("content-type")).toBe("video/mp4");
  expect(Buffer.from(await downloaded.arrayBuffer())).toEqual(await readFile(clipPath));

  const running = current().run(model, { video: url }, soon);
  await server.work();
  expect(await running).toMatchObject({ outputs: [expect.stringContaining(".mp4")] });
});

test("the client before uploads in one request, and runs", async () => {
  const url = await previous().upload(clipPath);
  expect(linesOf(/^POST/)).toEqual(["POST /api/v3/media/upload/binary"]);
  const running = previous().run(model, { video: url }, soon);
  await server.work();
  expect(await running).toMatchObject({ outputs: [expect.stringContaining(".mp4")] });
});

test("the oldest client uploads below v2, and runs with a raw callback in its query", async () => {
  const blob = new Blob([await readFile(clipPath)]);
  const url = await oldest().upload(blob, { filename: "blob.mp4" });
  expect(linesOf(/^POST/)).toEqual(["POST /api/v2/media/upload/binary"]);
  const webhook = "https://example.com/hook?ref=1&b=2";
  const running = oldest().run(model, { video: url } as never, { webhook });
  await server.work();
  const done = await running;
  expect(done).toMatchObject({ status: "completed", outputs: [expect.any(String)] });
  const jobs = await server.jobs.list(await accountId(), { limit: 1 });
  expect(jobs[0]?.webhookUrl).toBe("https://example.com/hook?ref=1");
});

describe("sync mode", () => {
  test("a short task is answered on the one request that asked", async () => {
    const running = current().run(model, { video }, { enableSyncMode: true });
    await server.work();
    expect(await running).toMatchObject({ outputs: [expect.stringContaining(".mp4")] });
    expect(server.seen).toHaveLength(1);
  });

  test("a failed task is told as such", async () => {
    const running = current().run(model, { video: `${sources.base}/text.mp4` }, { enableSyncMode: true });
    const failure = rejection(running);
    await server.work();
    expect((await failure).message).toMatch(/^Prediction failed \(task_id: [0-9a-f]{32}\): .*text/);
  });

  test("a long one is answered with where to look later, and goes on", async () => {
    await using impatient = await startWavespeedServer({ settings: { syncSeconds: 0.3 } });
    const client = new Client(await impatient.newKey(), { baseUrl: impatient.base });
    const error = await rejection(client.run(model, { video }, { enableSyncMode: true }));
    expect(error).toBeInstanceOf(WavespeedSyncTimeoutException);
    expect(impatient.seen).toHaveLength(1);
    const { resultUrl = "" } = error as WavespeedSyncTimeoutException;
    const path = new URL(resultUrl).pathname;
    await impatient.work();
    const reply = await fetch(`${impatient.base}${path}`, { headers: { authorization: `Bearer ${client["apiKey"]}` } });
    expect(await reply.json()).toMatchObject({ code: 200, data: { status: "completed" } });
  });
});

test.each([
  { generation: "0.3.2", run: async () => await current().run(model, { video }, soon) },
  { generation: "0.2.3", run: async () => await previous().run(model, { video }, soon) },
  { generation: "0.0.15", run: async () => await oldest().run(model, { video } as never) },
])("a prediction that is deleted ends the wait of client $generation at once, and costs nothing", async ({ run }) => {
  const paying = await server.newKey({ usd: 1 });
  const saved = key;
  key = paying;
  try {
    const failing = rejection(run());
    const claim = await server.driver.start();
    expect((await server.call("GET", "/api/v3/balance", { key })).body.data).toEqual({ balance: 0.9 });
    const id = claim.job.id.replaceAll("-", "");
    const deleted = await server.call("POST", "/api/v3/predictions/delete", { key, body: { ids: [id, "f".repeat(32), id] } });
    expect(deleted.body).toEqual({ code: 200, message: "success", data: { deleted_count: 1 } });
    expect((await failing).message).toContain("404");
    expect(await server.jobs.renew(claim)).toBe("cancelled");
    expect((await server.call("GET", "/api/v3/balance", { key })).body.data).toEqual({ balance: 1 });
  } finally {
    key = saved;
  }
});
