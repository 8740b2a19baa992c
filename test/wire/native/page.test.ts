import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../../src/media/demo-clip.ts";
import { probe } from "../../../src/media/probe.ts";
import { EstimateDocument, SessionDocument, TasteDocument, ViewDocument } from "../../../src/server/native/page-wire.ts";
import { JobDocument, JobList, UploadDocument } from "../../../src/server/native/wire.ts";
import { writeGreyClip } from "../../support/grey-clip.ts";
import { NativeClient } from "../../support/native-client.ts";
import { type NativeServer, startNativeServer } from "../../support/native-server.ts";
import { readPng } from "../../support/png.ts";

// What the page asks of the native API, on small clips, with a worker's part done by hand.

const Failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

let folder: string;
let server: NativeServer;
let alice: NativeClient;
let bob: NativeClient;
/** 120 frames of a zoom with sound. */
let demo: string;
/** 30 frames that grow brighter by four each, and the same twice as large. */
let source: string;
let result: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-page-"));
  const path = join(folder, "demo.mp4");
  await writeDemoClip(path, { size: { width: 96, height: 54 }, durationSeconds: 4, gopFrames: 25 });
  const lumaOf = (index: number): number => 40 + index * 4;
  const grey = { frames: 30, lumaOf, step: 20, beside: path };
  await writeGreyClip(join(folder, "small.mp4"), { ...grey, size: { width: 64, height: 32 } });
  await writeGreyClip(join(folder, "large.mp4"), { ...grey, size: { width: 128, height: 64 } });
  server = await startNativeServer();
  const keyed = async (name: string): Promise<NativeClient> =>
    new NativeClient(server.base, (await server.accounts.createKey({ name })).credential);
  [alice, bob] = [await keyed("alice"), await keyed("bob")];
  demo = (await alice.upload(new Uint8Array(await readFile(path)), "zoom.mp4")).id;
  source = (await alice.upload(new Uint8Array(await readFile(join(folder, "small.mp4"))), "grey.mp4")).id;
  result = (await alice.upload(new Uint8Array(await readFile(join(folder, "large.mp4"))), "grey-large.mp4")).id;
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function failureOf(response: Response): Promise<{ status: number; code: string }> {
  return { status: response.status, code: Failure.parse(await response.json()).error.code };
}

async function accountIdOf(client: NativeClient): Promise<string> {
  return SessionDocument.parse(await (await client.fetch("/api/session")).json()).account.id;
}

/** A job of alice's that is done, with one of her uploads as its result. */
async function doneJob(uploadId = source, resultId = result): Promise<JobDocument> {
  const job = await alice.submit({ upload_id: uploadId, tier: "fast", scale: 2 });
  const claim = await server.driver.start();
  await server.driver.succeed(claim, { objectKey: `uploads/${await accountIdOf(alice)}/${resultId}`, frames: 30 });
  return await alice.job(job.id);
}

test("the session says who one is and what there is to choose from", async () => {
  const session = SessionDocument.parse(await (await alice.fetch("/api/session")).json());
  expect(session.account).toMatchObject({ name: "alice", is_admin: false, balance_micros: null });
  expect(session.dialects.map(({ name, base_url }) => [name, base_url])).toContainEqual(["fal", `${server.base}/fal/queue`]);
  expect(await failureOf(await new NativeClient(server.base).fetch("/api/session"))).toEqual({
    status: 401,
    code: "unauthorized",
  });
});

describe("uploads", () => {
  test("tell of themselves to their account, with a link", async () => {
    const upload = UploadDocument.parse(await (await alice.fetch(`/api/uploads/${source}`)).json());
    expect(upload).toMatchObject({ id: source, file_name: "grey.mp4", path: expect.stringMatching(/^\/files\/.+\/grey\.mp4$/) });
    for (const id of [source, randomUUID(), "x"]) {
      expect(await failureOf(await bob.fetch(`/api/uploads/${id}`))).toEqual({ status: 404, code: "upload_not_found" });
    }
  });

  test("can be fetched from an address", async () => {
    const bytes = await readFile(join(folder, "small.mp4"));
    const web = createServer((_request, response) => response.end(bytes));
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = web.address() as AddressInfo; // listens on TCP
      const answer = await alice.post("/api/uploads/fetch", { video_url: `http://127.0.0.1:${port}/my%20clip.mp4?secret=1` });
      expect(answer.status).toBe(201);
      expect(await answer.json()).toMatchObject({
        file_name: "my clip.mp4",
        size_bytes: bytes.length,
        content_type: "video/mp4",
      });
    } finally {
      web.close();
    }
    expect((await alice.post("/api/uploads/fetch", { video_url: "ftp://a/b" })).status).toBe(400);
  });
});

test("an estimate says what a video is and what each tier makes of it", async () => {
  const answer = await alice.post("/api/estimates", { upload_id: demo, scale: 2 });
  expect(answer.status).toBe(200);
  const estimate = EstimateDocument.parse(await answer.json());
  expect(estimate.source).toMatchObject({
    file_name: "zoom.mp4",
    codec: "h264",
    width: 96,
    height: 54,
    frames: 100,
    frame_rate: 25,
    has_audio: true,
    playable: { browsers: "yes" },
  });
  expect(estimate.findings.length).toBeGreaterThan(0);
  expect(estimate.proposal.reason).not.toBe("");
  expect(estimate.demanding).toMatchObject({ duration_seconds: 2 });
  expect(estimate.tiers.map(({ tier }) => tier)).toEqual(["fast", "standard", "pro"]);
  const [fast] = estimate.tiers;
  if (fast?.available !== true) throw new Error("the fast tier is not there");
  expect(fast.output).toEqual({ width: 192, height: 108, frames: 100, frame_rate: 25 });
  expect(fast.time.low_seconds).toBeLessThan(fast.time.high_seconds);
  expect(fast.size.bytes).toBeGreaterThan(1000);
  expect(fast).toMatchObject({ price_micros: "0", hosted_price_micros: { wavespeed: "100000", runway: "80000" } });
  expect(await failureOf(await bob.post("/api/estimates", { upload_id: demo }))).toEqual({
    status: 404,
    code: "upload_not_found",
  });
  const noVideo = await alice.upload(new Uint8Array(Buffer.from("RIFF\x24\0\0\0WAVEfmt ")), "a.wav");
  expect((await alice.post("/api/estimates", { upload_id: noVideo.id })).status).toBe(422);
});

test("a taste is an exact excerpt and one free job for each tier there is, one taste at a time", async () => {
  const answer = await alice.post("/api/tastes", { upload_id: demo, scale: 2 });
  expect(answer.status).toBe(201);
  const taste = TasteDocument.parse(await answer.json());
  expect(taste.excerpt).toMatchObject({ duration_seconds: 2, width: 96, height: 54, frames: 50 });
  expect(taste.jobs.length + taste.unavailable.length).toBe(3);
  for (const job of taste.jobs) {
    expect(job).toMatchObject({ state: "queued", is_free: true, taste: { id: taste.id, upload_id: demo } });
    expect(job.source.upload_id).toBe(taste.excerpt.upload_id);
  }
  expect(await failureOf(await alice.post("/api/tastes", { upload_id: demo }))).toEqual({ status: 429, code: "too_many_jobs" });

  const file = join(folder, "excerpt.mp4");
  const stored = await server.store.read(`uploads/${await accountIdOf(alice)}/${taste.excerpt.upload_id}`);
  await writeFile(file, stored.body);
  const [video] = (await probe(file)).streams;
  expect(video).toMatchObject({ kind: "video", color: { matrix: "bt709", range: "limited" }, pixelFormat: { chroma: "420" } });
  // The same picture in both, to the bit.
  const whole = await alice.fetch(`/api/uploads/${demo}/frame?seconds=${taste.excerpt.start_seconds + 1}`);
  const part = await alice.fetch(`/api/uploads/${taste.excerpt.upload_id}/frame?seconds=1`);
  expect(part.headers.get("x-frame-index")).toBe("25");
  expect(Buffer.from(await part.arrayBuffer()).equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);

  const only = JobList.parse(await (await alice.fetch("/api/jobs?tastes=only")).json());
  expect(new Set(only.jobs.map(({ id }) => id))).toEqual(new Set(taste.jobs.map(({ id }) => id)));
  const counted = await alice.fetch("/api/jobs/counts?tastes=only");
  expect(await counted.json()).toMatchObject({ queued: taste.jobs.length, succeeded: 0 });
  const hidden = JobList.parse(await (await alice.fetch("/api/jobs?tastes=hide")).json());
  expect(hidden.jobs.filter((job) => job.taste !== null)).toEqual([]);
  for (const { id } of taste.jobs) await alice.fetch(`/api/jobs/${id}/cancel`, { method: "POST" });
});

describe("frames", () => {
  /** As a screen shows limited-range luma. */
  const shown = (luma: number): number => Math.round(((luma - 16) * 255) / 219);
  const frameOf = async (path: string) => {
    const answer = await alice.fetch(path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return { answer, pixels: readPng(Buffer.from(await answer.arrayBuffer())) };
  };

  test("are exact, forwards and backwards, of source and result alike", async () => {
    const { id } = await doneJob();
    for (const index of [0, 17, 18, 3, 29]) {
      for (const [of, width] of [
        ["source", 64],
        ["result", 128],
      ] as const) {
        const { answer, pixels } = await frameOf(`/api/jobs/${id}/frame?of=${of}&index=${index}`);
        expect([pixels.width, answer.headers.get("x-frame-index"), answer.headers.get("x-frame-count")]).toEqual([
          width,
          String(index),
          "30",
        ]);
        const grey = shown(40 + index * 4);
        for (const value of pixels.at(width - 2, 5)) expect(Math.abs(value - grey)).toBeLessThanOrEqual(1);
      }
    }
    const { answer } = await frameOf(`/api/jobs/${id}/frame?of=source&seconds=0.41`);
    expect([answer.headers.get("x-frame-index"), answer.headers.get("x-frame-seconds")]).toEqual(["10", "0.400000"]);
  });

  test("come as a region, smaller, as JPEG, and not again when they are known", async () => {
    const { id } = await doneJob();
    const region = await frameOf(`/api/jobs/${id}/frame?index=4&x=61&y=3&width=7&height=9`);
    expect([region.pixels.width, region.pixels.height]).toEqual([7, 9]);
    // The step is between pixels 63 and 64.
    expect(region.pixels.at(0, 0)[0] - region.pixels.at(6, 0)[0]).toBeGreaterThan(18);
    expect(Math.abs(region.pixels.at(2, 0)[0] - region.pixels.at(0, 0)[0])).toBeLessThanOrEqual(1);
    expect(region.answer.headers.get("x-picture-size")).toBe("128x64");
    const small = await frameOf(`/api/jobs/${id}/frame?index=4&max_width=32`);
    expect([small.pixels.width, small.pixels.height]).toEqual([32, 16]);
    const jpeg = await alice.fetch(`/api/jobs/${id}/frame?index=4&format=jpeg`);
    expect(jpeg.headers.get("content-type")).toBe("image/jpeg");
    expect(Buffer.from(await jpeg.arrayBuffer()).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    const again = await alice.fetch(`/api/jobs/${id}/frame?index=4&format=jpeg`, {
      headers: { "if-none-match": jpeg.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  test("are made four at once for an account, and the others are told to come again", async () => {
    const { id } = await doneJob();
    const asked = await Promise.all(Array.from({ length: 9 }, (_, index) => alice.fetch(`/api/jobs/${id}/frame?index=${index}`)));
    const statuses = asked.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(statuses).toContain(429);
    expect((await alice.fetch(`/api/jobs/${id}/frame?index=0`)).status).toBe(200);
  });

  test("that are not there or not one's own are refused", async () => {
    const { id } = await doneJob();
    const path = `/api/jobs/${id}/frame`;
    expect(await failureOf(await alice.fetch(`${path}?index=30`))).toEqual({ status: 404, code: "object_not_found" });
    expect(await failureOf(await alice.fetch(`${path}?index=0&x=500&y=0&width=4&height=4`))).toEqual({
      status: 400,
      code: "bad_request",
    });
    expect(await failureOf(await alice.fetch(path))).toEqual({ status: 400, code: "bad_request" });
    expect(await failureOf(await bob.fetch(`${path}?index=0`))).toEqual({ status: 404, code: "job_not_found" });
    expect(await failureOf(await new NativeClient(server.base).fetch(`${path}?index=0`))).toMatchObject({ status: 401 });
    const waiting = await alice.submit({ video_url: "https://example.com/clip.mp4" });
    expect(await failureOf(await alice.fetch(`/api/jobs/${waiting.id}/frame?index=0`))).toEqual({
      status: 404,
      code: "object_not_found",
    });
    await alice.fetch(`/api/jobs/${waiting.id}/cancel`, { method: "POST" });
  });

  test("go with what a player needs", async () => {
    const { id } = await doneJob();
    const view = ViewDocument.parse(await (await alice.fetch(`/api/jobs/${id}/view`)).json());
    expect(view.source).toMatchObject({
      width: 64,
      height: 32,
      frames: 30,
      frame_rate: 25,
      is_constant_rate: true,
      first_seconds: 0,
    });
    expect(view.result).toMatchObject({
      width: 128,
      playable: { mime: expect.stringMatching(/^video\/mp4; codecs="avc1\.F4/), browsers: "some" },
    });
    expect(await (await alice.fetch(`/api/jobs/${id}/times?from=28&count=9`)).json()).toEqual({
      from: 28,
      total: 30,
      seconds: [1.12, 1.16],
    });
  });
});

describe("the list of jobs", () => {
  test("is told in pages that neither miss nor repeat jobs of one moment", async () => {
    const key = (await server.accounts.createKey({ name: "carol" })).credential;
    const carol = new NativeClient(server.base, key);
    const made = new Set<string>();
    for (let i = 0; i < 7; i += 1) made.add((await carol.submit({ video_url: `https://example.com/${i % 2}.mp4` })).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: z.infer<typeof JobList> = JobList.parse(
        await (await carol.fetch(`/api/jobs?limit=3${cursor === null ? "" : `&cursor=${cursor}`}`)).json(),
      );
      seen.push(...page.jobs.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen.length).toBe(7);
    expect(new Set(seen)).toEqual(made);
    const [first] = JobList.parse(await (await carol.fetch("/api/jobs?limit=1&state=queued,running")).json()).jobs;
    const partners = JobList.parse(await (await carol.fetch(`/api/jobs?source=${first?.source.id}`)).json());
    expect(partners.jobs.length).toBe(4);
    expect(await (await carol.fetch("/api/jobs/counts")).json()).toEqual({
      queued: 7,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
    });
    expect((await carol.fetch("/api/jobs?state=lost")).status).toBe(400);
    for (const id of seen) await carol.fetch(`/api/jobs/${id}/cancel`, { method: "POST" });
  });

  test("is followed in one stream that is taken up again", async () => {
    const dave = new NativeClient(server.base, (await server.accounts.createKey({ name: "dave" })).credential);
    const left = new AbortController();
    const events = readEvents(dave, left.signal);
    expect(await next(events)).toMatchObject({ name: "hello" });
    const job = await dave.submit({ video_url: "https://example.com/clip.mp4" });
    const queued = await next(events);
    expect(queued).toMatchObject({ name: "job", data: { id: job.id, state: "queued" } });
    left.abort();
    await events.return(undefined);

    await dave.fetch(`/api/jobs/${job.id}/cancel`, { method: "POST" });
    const gone = await dave.submit({ video_url: "https://example.com/clip.mp4" });
    expect(await (await dave.fetch(`/api/jobs/${gone.id}/remove`, { method: "POST" })).json()).toEqual({
      id: gone.id,
      removed: true,
      files: 0,
    });
    await alice.fetch(`/api/jobs/${(await alice.submit({ video_url: "https://example.com/other.mp4" })).id}/cancel`, {
      method: "POST",
    });
    const again = new AbortController();
    const rest = readEvents(dave, again.signal, queued.id);
    const told = [await next(rest), await next(rest), await next(rest)];
    expect(told.map(({ name, data }) => [name, data["id"], data["state"]])).toEqual([
      ["hello", undefined, undefined],
      ["job", job.id, "cancelled"],
      ["removed", gone.id, undefined],
    ]);
    again.abort();
    await rest.return(undefined);
  });
});

test("a job is submitted again as it was, and removed with its files", async () => {
  const upload = await alice.upload(new Uint8Array(await readFile(join(folder, "small.mp4"))), "again.mp4");
  const other = await alice.upload(new Uint8Array(await readFile(join(folder, "large.mp4"))), "result.mp4");
  const done = await doneJob(upload.id, other.id);
  const answer = await alice.fetch(`/api/jobs/${done.id}/retry`, { method: "POST" });
  const again = JobDocument.parse(await answer.json());
  expect([answer.status, again.state, again.request, again.source]).toEqual([202, "queued", done.request, done.source]);
  expect(again.source.file_name).toBe("again.mp4");
  expect(await failureOf(await bob.fetch(`/api/jobs/${done.id}/remove`, { method: "POST" }))).toEqual({
    status: 404,
    code: "job_not_found",
  });
  // The upload stays while another job is of it.
  const remove = async (id: string) => (await (await alice.fetch(`/api/jobs/${id}/remove`, { method: "POST" })).json()) as object;
  expect(await remove(done.id)).toMatchObject({ files: 1 });
  expect((await alice.fetch(`/api/uploads/${upload.id}`)).status).toBe(200);
  expect(await remove(again.id)).toMatchObject({ files: 1 });
  expect((await alice.fetch(`/api/uploads/${upload.id}`)).status).toBe(404);
  expect((await alice.fetch(`/api/jobs/${done.id}`)).status).toBe(404);
});

type StreamEvent = { readonly name: string; readonly id: string; readonly data: Readonly<Record<string, unknown>> };

async function* readEvents(client: NativeClient, signal: AbortSignal, lastId?: string): AsyncGenerator<StreamEvent, undefined> {
  const headers: Record<string, string> = lastId === undefined ? {} : { "last-event-id": lastId };
  const response = await client.fetch("/api/events", { signal, headers });
  if (response.status !== 200 || response.body === null) throw new Error(`events answered ${response.status}`);
  let text = "";
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const [, name, id, data] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (name === undefined || id === undefined || data === undefined) continue;
        yield { name, id, data: JSON.parse(data) as Record<string, unknown> };
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return undefined;
}

async function next(events: AsyncGenerator<StreamEvent, undefined>): Promise<StreamEvent> {
  // The server's time goes on only here.
  const ticking = setInterval(() => server.clock.advance(250), 10);
  const { value } = await events.next().finally(() => clearInterval(ticking));
  if (value === undefined) throw new Error("the stream has ended");
  return value;
}
