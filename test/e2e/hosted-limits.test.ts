import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type App, createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { probe } from "../../src/media/probe.ts";
import { falCaller, runwareCaller, runwayCaller, useapiCaller, type Video, wavespeedCaller } from "../support/dialect-callers.ts";
import { file, type SourceHost, startSourceHost } from "../support/runway-sources.ts";
import { type Folder, makeFolder, writeStillClip } from "../support/wavespeed-clip.ts";

// The limits of the hosted services on the whole app: made small here, and a video of two seconds is too long; switched off,
// and the same video is taken, from this machine and by plain http.

const key = "any:key";
const seconds = 2;

let folder: Folder;
let sources: SourceHost;
let video: Video;
let dataUri: string;
beforeAll(async () => {
  folder = await makeFolder();
  const path = join(folder.path, "clip.mp4");
  await writeStillClip(path, { durationSeconds: seconds });
  const bytes = await readFile(path);
  sources = await startSourceHost({ "/clip.mp4": file(bytes), "/plain": file(bytes, "text/plain") });
  video = { url: `${sources.base}/clip.mp4`, bytes };
  dataUri = `data:video/mp4;base64,${bytes.toString("base64")}`;
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

type Running = { readonly app: App; readonly url: string };

async function start(name: string, settings: Readonly<Record<string, string>>): Promise<Running> {
  const environment = {
    UPRES_PORT: "0",
    UPRES_DATA: join(folder.path, name),
    UPRES_THREADS: "2",
    UPRES_PROVIDER: "cpu",
    ...settings,
  };
  const app = await createApp(readConfig({ environment }), { logger: silentLogger });
  const { url = "" } = await app.listen();
  return { app, url };
}

describe("with limits that are smaller than the video", () => {
  let running: Running;
  beforeAll(async () => {
    running = await start("limited", {
      UPRES_RUNWAY_MAX_SECONDS: "1",
      UPRES_USEAPI_MAX_SECONDS: "1",
      UPRES_WAVESPEED_MAX_SECONDS: "1",
    });
  });
  afterAll(async () => await running.app.close());

  test("Runway's API names the longest length and insists on https", async () => {
    const caller = runwayCaller(running.url, key);
    const issue = { code: "too_big", maximum: 1, message: "Asset duration must be at most 1 seconds", path: ["videoUri"] };
    expect(await caller.submit(video, { changes: { videoUri: dataUri } })).toMatchObject({
      status: 400,
      body: { error: "Validation of body failed", issues: [issue] },
    });
    expect(await caller.submit(video)).toMatchObject({
      status: 400,
      body: { issues: [{ code: "custom", message: "Only HTTPS URLs are allowed.", path: ["videoUri"] }] },
    });
  });

  test("useapi.net's API names both lengths", async () => {
    expect(await useapiCaller(running.url, key).submit(video)).toEqual({
      status: 400,
      body: { error: "videoAssetId duration (2.00s) exceeds maximum 1s for video upscale", code: 400 },
    });
  });

  test("WaveSpeed's API fails the task with 1401, and with 1402 for plain http", async () => {
    const caller = wavespeedCaller(running.url, key);
    const changes = { video: await uploadToWavespeed(running.url), enable_sync_mode: true };
    expect(await caller.submit(video, { changes })).toMatchObject({
      status: 200,
      body: { data: { status: "failed", code: 1401, error: "video duration 2.00s exceeds the maximum of 1s" } },
    });
    expect(await caller.submit(video, { changes: { enable_sync_mode: true } })).toMatchObject({
      status: 200,
      body: { data: { status: "failed", code: 1402, error: "media URL cannot be loaded: only https is accepted" } },
    });
  });

  test("fal's and Runware's APIs have no such limits, but private addresses are nobody's to fetch from", async () => {
    const fal = falCaller(running.url, key);
    const id = fal.idOf(await fal.submit(video));
    await expect
      .poll(() => fal.read(id), { timeout: 120_000 })
      .toMatchObject({
        status: 422,
        body: { detail: [{ loc: ["body", "video_url"], type: "file_download_error", input: video.url }] },
      });
    expect(await runwareCaller(running.url, key).submit(video, { changes: { deliveryMethod: "sync" } })).toMatchObject({
      body: { errors: [{ code: "failedToTransferVideo", parameter: "inputs.video" }] },
    });
  });
});

describe("with UPRES_HOSTED_LIMITS=off", () => {
  let running: Running;
  beforeAll(async () => {
    running = await start("unlimited", {
      UPRES_HOSTED_LIMITS: "off",
      UPRES_RUNWAY_MAX_SECONDS: "1",
      UPRES_USEAPI_MAX_SECONDS: "1",
      UPRES_WAVESPEED_MAX_SECONDS: "1",
      UPRES_FETCH_ALLOW: "127.0.0.0/8",
    });
  });
  afterAll(async () => await running.app.close());

  test("Runway's API takes the video by plain http from a bare address, whatever its type is said to be", async () => {
    const caller = runwayCaller(running.url, key);
    const submitted = await caller.submit({ ...video, url: `${sources.base}/plain` });
    expect(submitted.status).toBe(200);
    const id = caller.idOf(submitted);
    await expect.poll(() => caller.read(id), { timeout: 180_000 }).toMatchObject({ body: { status: "SUCCEEDED" } });
    const { output } = z.object({ output: z.tuple([z.url()]) }).parse((await caller.read(id)).body);
    expect(await sizeOf(output[0])).toEqual({ width: 640, height: 360 });
  });

  test("WaveSpeed's API takes the same", async () => {
    const { body } = await wavespeedCaller(running.url, key).submit(video, { changes: { enable_sync_mode: true } });
    expect(body).toMatchObject({ data: { status: "completed", error: "" } });
    const { data } = z.object({ data: z.object({ outputs: z.tuple([z.url()]) }) }).parse(body);
    expect(await sizeOf(data.outputs[0])).toEqual({ width: 640, height: 360 });
  });

  test("useapi.net's API takes the upload", async () => {
    const caller = useapiCaller(running.url, key);
    const submitted = await caller.submit(video);
    expect(submitted).toMatchObject({ status: 200, body: { status: "THROTTLED", error: null } });
    // It would be made 4096 pixels wide; that it is taken is enough here.
    expect(await caller.stop?.(caller.idOf(submitted))).toMatchObject({ status: 204 });
  });
});

async function uploadToWavespeed(base: string): Promise<string> {
  const form = new FormData();
  form.set("file", new File([new Uint8Array(video.bytes)], "clip.mp4"));
  const reply = await fetch(`${base}/api/v3/media/upload/binary`, { method: "POST", body: form });
  const Uploaded = z.object({ data: z.object({ download_url: z.url() }) });
  return Uploaded.parse(await reply.json()).data.download_url;
}

async function sizeOf(link: string): Promise<unknown> {
  const path = join(folder.path, "result.mp4");
  await writeFile(path, Buffer.from(await (await fetch(link)).arrayBuffer()));
  return (await probe(path)).streams.find((stream) => stream.kind === "video")?.codedSize;
}
