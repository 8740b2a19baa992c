import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, type TestContext } from "vitest";
import { resolveOutputSize } from "../../../src/domain/output-size.ts";
import { resultBytes } from "../../support/job-driver.ts";
import { Task, UseapiClient } from "../../support/useapi-client.ts";
import { makeClip, png, startUseapiServer, type UseapiServer } from "../../support/useapi-server.ts";

const run = promisify(execFile);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server: UseapiServer;
let client: UseapiClient;
let clip: Buffer;
let folder: string;
beforeAll(async () => {
  server = await startUseapiServer();
  client = new UseapiClient(server);
  clip = await makeClip(2);
  folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  await writeFile(join(folder, "clip.mp4"), clip);
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Ends whatever the other tests left unfinished, so that no local account is busy. */
async function cancelAll(): Promise<void> {
  for (const { id } of await server.jobs.list("local", { states: ["queued", "running"] })) await server.jobs.cancel("local", id);
}

/** Runs a program that may not be there; its output as JSON. */
async function outputOf(context: TestContext, program: string, args: readonly string[]): Promise<unknown> {
  const known = await run(program, ["--version"]).catch(() => undefined);
  context.skip(known === undefined, `${program} is not there`);
  return JSON.parse((await run(program, args)).stdout);
}

const curlCommon = ["-s", "-H", "Authorization: Bearer user:1-x"];

function created(assetUuid: string, name: string) {
  return {
    taskId: expect.stringMatching(/^user:\d+-runwayml:me@upres\.local-task:[0-9a-f-]{36}$/),
    id: expect.stringMatching(uuid),
    name: `Upscaled ${name}`,
    image: null,
    createdAt: expect.stringMatching(time),
    updatedAt: expect.stringMatching(time),
    taskType: "harrods",
    options: {
      name: `Upscaled ${name}`,
      parent_asset_group_id: expect.stringMatching(uuid),
      creationSource: "apps",
      creationSourceAppId: "upscale-video",
      asset_id: assetUuid,
      exploreMode: true,
      recordingEnabled: true,
    },
    status: "THROTTLED",
    error: null,
    progressText: null,
    progressRatio: "0",
    estimatedTimeToStartSeconds: 0,
    artifacts: [],
    sharedAsset: null,
    sourceAssetId: null,
    code: 200,
  };
}

test("row 1: a file that curl uploads is listed and read under its id", async (context) => {
  const uploaded = await outputOf(context, "curl", [
    ...curlCommon,
    "-X",
    "POST",
    `${server.api}/assets/?name=a%20b`,
    "-H",
    "Content-Type: video/mp4",
    "--data-binary",
    `@${join(folder, "clip.mp4")}`,
  ]);
  expect(uploaded).toMatchObject({ name: "a b", size: clip.length, type: { name: "video", type: "video", isDirectory: false } });
  const { assetId, id } = uploaded as { assetId: string; id: string }; // read below
  expect(assetId).toMatch(/^user:\d+-runwayml:me@upres\.local-asset:/);
  const read = await client.call("GET", `/assets/${assetId}`);
  expect(read).toMatchObject({
    status: 200,
    body: {
      assetId,
      id,
      name: "a b",
      mediaType: "video",
      fileSize: clip.length,
      fileExtStandardized: "mp4",
      isUserUpload: true,
      metadata: {
        frameRate: 25,
        duration: 2,
        width: 32,
        height: 18,
        hasAlphaChannel: false,
        hasAudio: true,
        dimensions: [32, 18],
        size: { width: 32, height: 18 },
      },
      taskId: null,
    },
  });
  const listed = await client.call("GET", "/assets/?mediaType=video&offset=0&limit=50");
  expect(listed.body).toContainEqual(read.body);
  const { url } = read.body as { url: string }; // checked by fetching it
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(clip)).toBe(true);
});

test("row 2: the documented fetch example answers with every field", async () => {
  const { assetId, id } = await client.upload(clip, "clip.mp4");
  const data = {
    method: "POST",
    headers: { Authorization: `Bearer user:1-abc`, "Content-Type": "application/json" },
    body: JSON.stringify({ videoAssetId: assetId, exploreMode: true, replyUrl: "https://cb.example/hook", replyRef: "order-1" }),
  };
  const response = await fetch(`${server.api}/videos/upscale`, data);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    ...created(id, "clip.mp4"),
    replyUrl: "https://cb.example/hook",
    replyRef: "order-1",
  });
  await cancelAll();
});

describe("row 3: the documented examples for other clients", () => {
  test("curl", async (context) => {
    const { assetId, id } = await client.upload(clip);
    const body = JSON.stringify({ videoAssetId: assetId, exploreMode: true });
    const answer = await outputOf(context, "curl", [
      ...curlCommon,
      "-H",
      "Accept: application/json",
      "-H",
      "Content-Type: application/json",
      "-X",
      "POST",
      `${server.api}/videos/upscale`,
      "-d",
      body,
    ]);
    expect(answer).toEqual(created(id, "clip.mp4"));
    await cancelAll();
  });

  test("Python", async (context) => {
    const { assetId, id } = await client.upload(clip);
    const program = [
      "import sys, json",
      "try:\n  import requests\nexcept ImportError:\n  print('null'); sys.exit()",
      'headers = {"Content-Type": "application/json", "Authorization": "Bearer user:1-x"}',
      'body = {"videoAssetId": sys.argv[2], "exploreMode": True}',
      "print(json.dumps(requests.post(sys.argv[1], headers=headers, json=body).json()))",
    ].join("\n");
    const answer = await outputOf(context, "python3", ["-c", program, `${server.api}/videos/upscale`, assetId]);
    context.skip(answer === null, "requests is not installed");
    expect(answer).toEqual(created(id, "clip.mp4"));
    await cancelAll();
  });
});

test("row 4: a form, where every value is a string, is taken like JSON", async () => {
  const { assetId, id } = await client.upload(clip);
  const form = new FormData();
  for (const [name, value] of Object.entries({ videoAssetId: assetId, exploreMode: "true", maxJobs: "5", replyUrl: "" })) {
    form.set(name, value);
  }
  form.set("unknown", new Blob(["a file that nobody asked for"]), "x.bin");
  expect(await client.call("POST", "/videos/upscale", form)).toMatchObject({ status: 200, body: created(id, "clip.mp4") });
  form.set("maxJobs", "1");
  expect(await client.call("POST", "/videos/upscale", form)).toMatchObject({
    status: 429,
    body: { error: "Account me@upres.local is busy executing 1 tasks" },
  });
  form.set("exploreMode", "perhaps");
  expect(await client.call("POST", "/videos/upscale", form)).toMatchObject({
    status: 400,
    body: { error: "Parameter exploreMode must be boolean" },
  });
  await cancelAll();
});

test("row 5: a task is polled by either spelling of its id until its artifact can be had", async () => {
  const { assetId } = await client.upload(clip, "my.clip.mp4");
  const { taskId } = await client.start({ videoAssetId: assetId });
  expect(await client.task(taskId)).toMatchObject({ status: "PENDING", progressRatio: "0", estimatedTimeToStartSeconds: 0 });
  const claim = await server.driver.start();
  expect(await client.task(encodeURIComponent(taskId))).toMatchObject({ status: "RUNNING", progressRatio: "0.00" });
  await server.jobs.renew(claim, { framesDone: 29, framesTotal: 50 });
  const running = await client.call("GET", `/tasks/?taskId=${encodeURIComponent(taskId)}`);
  expect(running.body).toMatchObject({ status: "RUNNING", progressRatio: "0.58", artifacts: [] });
  await server.jobs.renew(claim, { framesDone: 50, framesTotal: 50 });
  expect(await client.task(taskId)).toMatchObject({ progressRatio: "0.99" });
  await server.driver.succeed(claim, { width: 4096, height: 2304, durationSeconds: 2.0004 });
  const done = await client.call("GET", `/tasks/${taskId}`);
  expect(done.body).not.toHaveProperty("code");
  const task = Task.parse(done.body);
  expect(task).toMatchObject({ status: "SUCCEEDED", progressRatio: "1", estimatedTimeToStartSeconds: null, error: null });
  const [artifact] = task.artifacts;
  expect(artifact).toEqual({
    id: expect.stringMatching(uuid),
    assetId: expect.stringMatching(/^user:\d+-runwayml:me@upres\.local-asset:/),
    taskId,
    createdAt: expect.stringMatching(time),
    updatedAt: expect.stringMatching(time),
    userId: 1,
    createdBy: 1,
    parentAssetGroupId: expect.stringMatching(uuid),
    filename: "my.clip 4K.mp4",
    url: expect.stringMatching(/^http:/),
    fileSize: String(resultBytes.length),
    isDirectory: false,
    previewUrls: [],
    private: true,
    privateInTeam: true,
    deleted: false,
    reported: false,
    favorite: false,
    metadata: { frameRate: 25, duration: 2, dimensions: [4096, 2304], size: { width: 4096, height: 2304 } },
  });
  const file = await fetch(artifact?.url ?? "");
  expect(Buffer.from(await file.arrayBuffer()).equals(resultBytes)).toBe(true);
});

test.each([
  [1280, 720, 4096, 2304],
  [1080, 1920, 2160, 3840],
])("row 6: %d x %d becomes %d x %d", { timeout: 120_000 }, async (width, height, wantedWidth, wantedHeight) => {
  const { assetId } = await client.upload(await makeClip(0.12, { width, height }));
  await client.start({ videoAssetId: assetId, exploreMode: true });
  const claim = await server.driver.start();
  // What the engine plans for that source.
  expect(resolveOutputSize({ width, height }, claim.job.request.target)).toMatchObject({
    width: wantedWidth,
    height: wantedHeight,
  });
  expect(claim.job.request).toMatchObject({ fps: "keep", container: "mp4" });
  expect((await client.call("GET", `/assets/${assetId}`)).body).toMatchObject({ metadata: { width, height } });
  await cancelAll();
});

test("row 9: what is over maxJobs is refused, with what is in the way", async () => {
  const { assetId } = await client.upload(clip);
  const first = await client.start({
    videoAssetId: assetId,
    maxJobs: 1,
    replyUrl: "https://cb.example/hook",
    replyRef: "order-1",
  });
  const before = await server.jobs.count("local");
  const second = await client.upscale({ videoAssetId: assetId, maxJobs: 1 });
  expect(second.status).toBe(429);
  expect(second.headers.get("retry-after")).toBe("10");
  expect(second.body).toEqual({
    error: "Account me@upres.local is busy executing 1 tasks",
    runningTasks: {
      "me@upres.local": [
        { email: "me@upres.local", taskId: first.taskId, id: first.id, replyUrl: "https://cb.example/hook", replyRef: "order-1" },
      ],
    },
    code: 429,
  });
  expect(await server.jobs.count("local")).toBe(before);
  expect((await client.upscale({ videoAssetId: assetId, maxJobs: 2 })).status).toBe(200);
  await cancelAll();
});

test("without maxJobs the account's own number counts, exactly, however many come at once", async () => {
  const { assetId } = await client.upload(clip);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => client.upscale({ videoAssetId: assetId, exploreMode: true })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  await cancelAll();
});

test("row 12: an artifact is an asset that can be upscaled again and stays of the 4K class", async () => {
  const { assetId } = await client.upload(clip, "clip.mp4");
  const { taskId } = await client.start({ videoAssetId: assetId });
  await server.driver.workOnce({ width: 3840, height: 2160, durationSeconds: 2 });
  const [artifact] = (await client.task(taskId)).artifacts;
  const again = await client.start({ videoAssetId: artifact?.assetId });
  expect(again).toMatchObject({ name: "Upscaled clip 4K.mp4", options: { asset_id: artifact?.id } });
  const { job } = await server.driver.start();
  expect(resolveOutputSize({ width: 3840, height: 2160 }, job.request.target)).toMatchObject({ width: 3840, height: 2160 });
  expect(job.source).toEqual({ kind: "object", key: (await server.jobs.get("local", taskId.slice(-36)))?.result?.objectKey });
  await cancelAll();
  const asset = await client.call("GET", `/assets/${artifact?.assetId}`);
  expect(asset.body).toMatchObject({
    name: "clip 4K.mp4",
    taskId,
    isUserUpload: false,
    fileSize: resultBytes.length,
    metadata: { frameRate: 25, duration: 2, width: 3840, height: 2160, hasAudio: true },
  });
  const listed = await client.call("GET", "/assets/?offset=0&limit=50");
  expect(listed.body).toContainEqual(asset.body);
  expect((await client.call("DELETE", `/assets/${artifact?.assetId}`)).status).toBe(204);
  expect((await client.call("GET", `/assets/${artifact?.assetId}`)).status).toBe(404);
  expect((await client.task(taskId)).artifacts).toEqual([]);
  expect((await fetch(artifact?.url ?? "")).status).toBe(404);
});

test("row 14: a task is scheduled while it is unfinished, and credits rise by two a second", async () => {
  const { assetId } = await client.upload(clip);
  const before = await client.usedCredits();
  const { taskId } = await client.start({ videoAssetId: assetId, replyRef: "r" });
  expect((await client.call("GET", "/scheduler/")).body).toEqual([{ taskId, replyRef: "r" }]);
  await server.driver.workOnce({ durationSeconds: 2 });
  expect((await client.call("GET", "/scheduler")).body).toEqual([]);
  expect((await client.usedCredits()) - before).toBe(4);
  expect((await client.call("GET", "/features/?email=me@upres.local")).body).toMatchObject({ permitted: { storageGB: 500 } });
  expect((await client.call("GET", "/accounts")).body).toEqual({
    "me@upres.local": {
      email: "me@upres.local",
      password: "********",
      maxJobs: 5,
      jwt: { token: "********", exp: expect.any(Number), iat: expect.any(Number), id: 1 },
    },
  });
});

test("the older routes take the source as assetId", async () => {
  const { assetId, id } = await client.upload(clip);
  for (const path of ["/gen4/upscale", "/gen3alpha/upscale/"]) {
    expect(await client.call("POST", path, { assetId, exploreMode: true })).toMatchObject({
      status: 200,
      body: { options: { asset_id: id } },
    });
    expect((await client.call("POST", path, { videoAssetId: assetId })).body).toMatchObject({
      error: "Parameter assetId is required",
    });
  }
  await cancelAll();
});

test("images and sound are assets too, told apart by what they are", async () => {
  const { assetId } = await client.upload(png, "dot.png", "image/png; charset=binary");
  expect((await client.call("GET", `/assets/${assetId}`)).body).toMatchObject({
    mediaType: "image",
    metadata: null,
    fileExtStandardized: "png",
  });
  const images = await client.call("GET", "/assets/?offset=0&limit=50&mediaType=image");
  expect(images.body).toMatchObject([{ assetId }]);
  expect((await client.call("GET", "/assets/?offset=1&limit=50&mediaType=image")).body).toEqual([]);
});
