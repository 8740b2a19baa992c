import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../../src/media/demo-clip.ts";
import { temporaryFolder } from "../../support/clips.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { clipBytes, pollTask, post, type RunwareServer, startRunwareServer, upscaleTask } from "../../support/runware-server.ts";

let server: RunwareServer;
beforeAll(async () => {
  server = await startRunwareServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const base64 = clipBytes.toString("base64");
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

function mediaTask(changes: Readonly<Record<string, unknown>>) {
  return { taskType: "mediaStorage", taskUUID: randomUUID(), operation: "upload", ...changes };
}

const Stored = z.object({ mediaUUID: z.uuidv4(), mediaURL: z.url() });

async function stored(changes: Readonly<Record<string, unknown>>, on = server) {
  const { status, body } = await post(on, [mediaTask(changes)]);
  expect({ status, body }).toEqual({ status: 200, body: { data: [expect.anything()] } });
  return Stored.parse(body.data?.[0]);
}

/** A site with one file, or without it. */
async function startSite(bytes: Uint8Array | undefined): Promise<string> {
  const site = createServer((_request, response) => {
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  onTestFinished(() => void site.close());
  const { port } = z.object({ port: z.int() }).parse(site.address());
  return `http://127.0.0.1:${port}/file`;
}

/** Half a second of a moving picture. */
async function smallVideo(): Promise<Buffer> {
  const path = join(await temporaryFolder(), "small.mp4");
  await writeDemoClip(path, { size: { width: 160, height: 90 }, durationSeconds: 0.48, gopFrames: 12 });
  return await readFile(path);
}

describe("mediaStorage", () => {
  test.each([
    ["bare base64", base64, clipBytes, "video/mp4", "mp4"],
    ["a data URI, whatever type it declares", `data:text/plain;base64,${base64}`, clipBytes, "video/mp4", "mp4"],
  ])("keeps %s", async (_name, media, bytes, type, extension) => {
    const task = mediaTask({ media, deliveryMethod: "sync" });
    const { status, body } = await post(server, [task]);
    expect(status).toBe(200);
    const [item] = body.data ?? [];
    expect(item).toEqual({
      taskType: "mediaStorage",
      taskUUID: task.taskUUID,
      operation: "upload",
      mediaUUID: expect.any(String),
      mediaURL: expect.any(String),
    });
    const { mediaUUID, mediaURL } = Stored.parse(item);
    expect(mediaURL.endsWith(`/${mediaUUID}.${extension}`)).toBe(true);
    const file = await fetch(mediaURL);
    expect(file.headers.get("content-type")).toBe(type);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
  });

  test("fetches an address, and leaves nothing else behind", { timeout: 120_000 }, async () => {
    const bytes = await smallVideo();
    const { mediaUUID, mediaURL } = await stored({ media: await startSite(bytes) });
    expect(mediaURL.endsWith(`/${mediaUUID}.mp4`)).toBe(true);
    expect(Buffer.from(await (await fetch(mediaURL)).arrayBuffer())).toEqual(bytes);
    const left: string[] = [];
    for await (const { key } of server.store.list("inputs/")) left.push(key);
    expect(left).toEqual([]);
  });

  test.each([
    [{ media: undefined }, 400, "missingMedia"],
    [{ media: "short" }, 400, "invalidMedia"],
    [{ media: randomUUID() }, 400, "invalidMedia"],
    [{ media: Buffer.from("just some text, which is no media at all, ".repeat(4)).toString("base64") }, 400, "invalidMedia"],
    [{ media: base64, operation: "rename" }, 400, "invalidOperation"],
    [{ media: randomUUID(), operation: "delete" }, 404, "mediaNotFound"],
    [{ media: base64, taskUUID: "1" }, 400, "invalidTaskUUID"],
  ])("refuses %j with %i %s", async (changes, status, code) => {
    const task: Readonly<Record<string, unknown>> = mediaTask(changes);
    const reply = await post(server, [task]);
    expect(reply.status).toBe(status);
    expect(reply.body.errors?.[0]).toMatchObject({ code, taskType: "mediaStorage", taskUUID: task["taskUUID"] });
  });

  test("says when an address gives nothing", async () => {
    const { status, body } = await post(server, [mediaTask({ media: await startSite(undefined) })]);
    expect(status).toBe(400);
    expect(body.errors?.[0]).toMatchObject({ code: "failedToTransferMedia", parameter: "media" });
  });

  test("belongs to its account", async () => {
    const { mediaUUID } = await stored({ media: base64 });
    const others = await post(server, [mediaTask({ operation: "delete", media: mediaUUID })], { key: server.bob });
    expect(others.status).toBe(404);
    const own = await post(server, [mediaTask({ operation: "delete", media: mediaUUID.toUpperCase() })]);
    expect(own.body.data?.[0]).toMatchObject({ operation: "delete", mediaUUID });
  });

  test("deletes a result too: its task keeps its answer, its file is gone", async () => {
    const task = upscaleTask();
    await post(server, [task]);
    await server.driver.workOnce();
    const [item] = (await post(server, [pollTask(task.taskUUID)])).body.data ?? [];
    const { mediaUUID, mediaURL } = Stored.parse(item);
    expect((await fetch(mediaURL)).status).toBe(200);
    expect((await post(server, [mediaTask({ operation: "delete", media: mediaUUID })])).status).toBe(200);
    expect((await fetch(mediaURL)).status).toBe(404);
    expect((await post(server, [pollTask(task.taskUUID)])).body.data).toEqual([item]);
  });

  test("of a result that is not there yet finds nothing", async () => {
    const task = upscaleTask();
    await post(server, [task]);
    const claim = await server.driver.start();
    const { resultId } = z.object({ resultId: z.string() }).parse(claim.job.dialectData);
    expect((await post(server, [mediaTask({ operation: "delete", media: resultId })])).status).toBe(404);
    expect((await post(server, [upscaleTask({ inputs: { video: resultId } })])).body.errors?.[0]).toMatchObject({
      code: "mediaNotFound",
    });
    await server.driver.succeed(claim);
  });
});

test("files stay for 30 days after their last use", { timeout: 120_000 }, async () => {
  const clock = new ManualClock();
  await using patient = await startRunwareServer({ clock });
  const day = 86_400_000;
  const [used, unused] = [await stored({ media: base64 }, patient), await stored({ media: base64 }, patient)];
  clock.advance(20 * day);
  expect((await post(patient, [upscaleTask({ inputs: { video: used.mediaUUID } })])).status).toBe(200);
  clock.advance(11 * day);
  await stored({ media: base64 }, patient);
  const keys: string[] = [];
  for await (const { key } of patient.store.list("media/runware/")) keys.push(key);
  expect(keys).toContain(`media/runware/${used.mediaUUID}`);
  expect(keys).not.toContain(`media/runware/${unused.mediaUUID}`);
  expect((await post(patient, [upscaleTask({ inputs: { video: unused.mediaUUID } })])).body.errors?.[0]).toMatchObject({
    code: "mediaNotFound",
  });
});

test("what was not stored leaves nothing behind, and results are forgotten after 30 days too", { timeout: 120_000 }, async () => {
  const clock = new ManualClock();
  await using patient = await startRunwareServer({ clock });
  const count = async (): Promise<number> => {
    const [row] = await patient.database.query<{ count: bigint }>("select count(*) as count from runware_media");
    return Number(row?.count);
  };
  const words = { taskType: "mediaStorage", taskUUID: randomUUID(), media: Buffer.from("words ".repeat(20)).toString("base64") };
  expect((await post(patient, [words])).body.errors?.[0]?.["code"]).toBe("invalidMedia");
  expect(await count()).toBe(0);
  await post(patient, [upscaleTask()]);
  expect(await count()).toBe(1);
  clock.advance(31 * 86_400_000);
  await post(patient, [upscaleTask()]);
  expect(await count()).toBe(1);
});

test("a dry run costs what the video's length makes", { timeout: 120_000 }, async () => {
  await using dear = await startRunwareServer({ secondMicros: 100_000 });
  const video = await startSite(await smallVideo());
  const headers = { "x-runware-dry-run": "1" };
  const { body } = await post(dear, [upscaleTask({ inputs: { video } })], { headers });
  expect(body.data?.[0]?.["cost"]).toBeCloseTo(0.048, 3);
  const inline = (await smallVideo()).toString("base64");
  const second = await post(dear, [upscaleTask({ inputs: { video: inline } })], { headers });
  expect(second.body.data?.[0]?.["cost"]).toBeCloseTo(0.048, 3);
  for await (const { key } of dear.store.list("inputs/")) expect(key).toBe("nothing");
});

test("a result goes with its time to live, its task keeps its answer", { timeout: 120_000 }, async () => {
  const clock = new ManualClock();
  await using patient = await startRunwareServer({ clock });
  const task = upscaleTask({ ttl: 60 });
  await post(patient, [task]);
  await patient.driver.workOnce();
  const { body } = await post(patient, [pollTask(task.taskUUID)]);
  const { mediaURL } = Stored.parse(body.data?.[0]);
  clock.advance(59_000);
  expect((await fetch(mediaURL)).status).toBe(200);
  clock.advance(2_000);
  expect((await fetch(mediaURL)).status).toBe(404);
  expect((await post(patient, [pollTask(task.taskUUID)])).body).toEqual(body);
});

describe("imageUpload", () => {
  const imageTask = (image: unknown) => ({ taskType: "imageUpload", taskUUID: randomUUID(), image });

  test("keeps a still", async () => {
    const task = imageTask(`data:image/png;base64,${png.toString("base64")}`);
    const { body } = await post(server, [task]);
    expect(body.data).toEqual([
      {
        taskType: "imageUpload",
        taskUUID: task.taskUUID,
        imageUUID: expect.any(String),
        imageURL: expect.stringMatching(/\.png$/),
      },
    ]);
    expect((await fetch(String(body.data?.[0]?.["imageURL"]))).headers.get("content-type")).toBe("image/png");
  });

  test("refuses what is none, in its own words", async () => {
    expect((await post(server, [imageTask(undefined)])).body.errors?.[0]).toMatchObject({ code: "missingImage" });
    expect((await post(server, [imageTask("no")])).body.errors?.[0]).toMatchObject({ code: "invalidImage" });
    const missing = await post(server, [imageTask(await startSite(undefined))]);
    expect(missing.body.errors?.[0]).toMatchObject({ code: "failedToTransferImage", parameter: "image" });
  });
});
