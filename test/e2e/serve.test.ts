import { createPublicKey, verify } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { probe } from "../../src/media/probe.ts";
import { readTimeline } from "../../src/media/timeline.ts";
import { operations } from "../../src/server/native/openapi.ts";
import { EstimateDocument, TasteDocument } from "../../src/server/native/page-wire.ts";
import { CallbackReceiver } from "../support/callback-receiver.ts";
import { createClient, endpoint } from "../support/fal-client.ts";
import { NativeClient } from "../support/native-client.ts";
import { runUpres, ServeProcess } from "../support/serve-process.ts";

// `upres serve` as a user starts it, called over HTTP as a program would.

const quick = { tier: "fast", scale: 2, quality: 40 };
const Failure = z.object({ error: z.object({ code: z.string(), message: z.string(), request_id: z.uuid() }) });

let folder = "";
let dataFolder = "";
let clip: Uint8Array<ArrayBuffer>;
let longClip: Uint8Array<ArrayBuffer>;
let server: ServeProcess;
let client: NativeClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-serve-"));
  dataFolder = join(folder, "data");
  clip = await makeClip("clip.mp4", 1);
  longClip = await makeClip("long.mp4", 40);
  server = await ServeProcess.start(["--data", dataFolder], { UPRES_WEBHOOKS_ALLOW: "127.0.0.0/8", UPRES_JOBS_PER_ACCOUNT: "1" });
  client = new NativeClient(server.url);
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function makeClip(name: string, durationSeconds: number): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, name);
  await writeDemoClip(path, { size: { width: 96, height: 54 }, durationSeconds, gopFrames: 25 });
  return new Uint8Array(await readFile(path));
}

const ReportDocument = z.looseObject({
  stages: z.array(z.object({ name: z.string() })),
  decisions: z.array(z.object({ topic: z.string(), choice: z.string(), reason: z.string() })),
});

async function reportOf(id: string): Promise<z.infer<typeof ReportDocument>> {
  return ReportDocument.parse(await (await client.fetch(`/api/jobs/${id}/report`)).json());
}

/** How many frames a result holds, and at which rates they follow each other: one where they come steadily. */
async function rateOfFile(url: string, name: string): Promise<{ frames: number; framesPerSecond: readonly number[] }> {
  const path = join(folder, name);
  await writeFile(path, Buffer.from(await (await fetch(url)).arrayBuffer()));
  const { frameTicks, timeBase } = await readTimeline(path, 0);
  const steps = new Set(frameTicks.slice(1).map((ticks, index) => ticks - (frameTicks[index] ?? 0n)));
  const framesPerSecond = [...steps].map((ticks) => timeBase.den / (Number(ticks) * timeBase.num));
  return { frames: frameTicks.length, framesPerSecond };
}

async function failureOf(response: Response): Promise<{ status: number; code: string }> {
  return { status: response.status, code: Failure.parse(await response.json()).error.code };
}

describe("a server without keys", () => {
  it("says that it is there and open", async () => {
    expect(server.mode).toBe("open");
    expect(await (await client.fetch("/healthz")).json()).toEqual({ status: "ok" });
    expect(await (await client.fetch("/readyz")).json()).toEqual({ status: "ready" });
    expect(await (await client.fetch("/api/health")).json()).toMatchObject({ status: "ready", open: true });
  });

  it("upscales an upload, tells each step, and gives the result whole and in parts", async () => {
    const upload = await client.upload(clip, "ein Film.mp4");
    expect(upload).toMatchObject({ file_name: "ein Film.mp4", content_type: "video/mp4", size_bytes: clip.length });
    const submitted = await client.submit({ upload_id: upload.id, ...quick });
    const names: string[] = [];
    for await (const { name } of client.events(submitted.id)) names.push(name);
    expect(new Set(names)).toEqual(new Set(["state", "progress", "log"]));
    expect(names.at(-1)).toBe("state");

    const job = await client.job(submitted.id);
    expect(job).toMatchObject({ state: "succeeded", progress: 1, queue_position: null, error: null });
    expect(job.result).toMatchObject({ width: 192, height: 108, frames: 25, content_type: "video/mp4" });
    expect(job.result?.file_name).toBe("ein Film-upscaled.mp4");
    const { url = "", size_bytes: sizeBytes = 0 } = job.result ?? {};
    expect((await client.job(submitted.id)).result?.url).toBe(url);

    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      "content-type": "video/mp4",
      "content-length": String(sizeBytes),
      "accept-ranges": "bytes",
      "access-control-allow-origin": "*",
    });
    expect(whole.headers.get("content-disposition")).toMatch(/^inline; filename=".*\.mp4"/);
    const bytes = new Uint8Array(await whole.arrayBuffer());
    const saved = join(folder, "result.mp4");
    await writeFile(saved, bytes);
    const [video] = (await probe(saved)).streams;
    expect(video).toMatchObject({ kind: "video", codedSize: { width: 192, height: 108 } });

    const middle = await fetch(url, { headers: { range: "bytes=100-299" } });
    expect(middle.status).toBe(206);
    expect(middle.headers.get("content-range")).toBe(`bytes 100-299/${sizeBytes}`);
    expect(Buffer.from(await middle.arrayBuffer()).equals(bytes.subarray(100, 300))).toBe(true);
    const end = await fetch(url, { headers: { range: "bytes=-50" } });
    expect(Buffer.from(await end.arrayBuffer()).equals(bytes.subarray(-50))).toBe(true);
    const beyond = await fetch(url, { headers: { range: `bytes=${sizeBytes}-` } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${sizeBytes}`]);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), (await head.arrayBuffer()).byteLength]).toEqual([
      200,
      String(sizeBytes),
      0,
    ]);
    const again = await fetch(url, { headers: { "if-none-match": whole.headers.get("etag") ?? "" } });
    expect(again.status).toBe(304);
    const forged = await fetch(url.replace(/\/files\/./, "/files/f"));
    expect(forged.status).toBe(404);

    const logs = z
      .object({ lines: z.array(z.object({ sequence: z.int(), message: z.string() })).min(3) })
      .parse(await (await client.fetch(`/api/jobs/${submitted.id}/logs`)).json());
    const rest = await client.fetch(`/api/jobs/${submitted.id}/logs?after=${logs.lines[0]?.sequence}`);
    expect(await rest.json()).toMatchObject({ lines: logs.lines.slice(1).map(({ message }) => ({ message })) });
  });

  it("takes an upload up again where it broke off", async () => {
    const tus = { "tus-resumable": "1.0.0" };
    const fileName = Buffer.from("resumed.mp4").toString("base64");
    const created = await client.fetch("/api/uploads/tus", {
      method: "POST",
      headers: { ...tus, "upload-length": String(clip.length), "upload-metadata": `filename ${fileName}` },
    });
    expect(created.status).toBe(201);
    const place = created.headers.get("location") ?? "";
    const send = async (from: number, to: number): Promise<Response> =>
      await client.fetch(place, {
        method: "PATCH",
        headers: { ...tus, "upload-offset": String(from), "content-type": "application/offset+octet-stream" },
        body: clip.subarray(from, to),
      });
    expect((await send(0, 1000)).status).toBe(204);
    expect((await send(0, 1000)).status).toBe(409);
    const offset = (await client.fetch(place, { method: "HEAD", headers: tus })).headers.get("upload-offset");
    expect(offset).toBe("1000");
    const last = await send(1000, clip.length);
    expect(last.status).toBe(204);
    const uploadId = last.headers.get("upload-id") ?? "";
    const plan = await client.post("/api/plan", { upload_id: uploadId, to: "1080p", tier: "fast" });
    expect(await plan.json()).toMatchObject({ time: { frames: 25 } });
    expect(await readdir(join(dataFolder, "uploads"))).toEqual([]);
  });

  it("takes its own links as inputs", async () => {
    const upload = await client.upload(clip, "a.mp4");
    const first = await client.finished((await client.submit({ upload_id: upload.id, ...quick })).id);
    const second = await client.finished((await client.submit({ video_url: first.result?.url, ...quick })).id);
    expect(second).toMatchObject({ state: "succeeded", result: { width: 384, height: 216 } });
  });

  it("makes the same bytes as the command and as the fal dialect", async () => {
    const commandPath = join(folder, "command.mp4");
    const made = await runUpres([join(folder, "clip.mp4"), "-o", commandPath, "--scale", "2", "--tier", "fast"]);
    expect(made).toMatchObject({ code: 0 });
    const byCommand = await readFile(commandPath);

    const upload = await client.upload(clip, "clip.mp4");
    const { result } = await client.finished((await client.submit({ upload_id: upload.id, tier: "fast", scale: 2 })).id);
    const byNative = Buffer.from(await (await fetch(result?.url ?? "")).arrayBuffer());
    expect(byNative.equals(byCommand)).toBe(true);

    const fal = createClient(server.url);
    const videoUrl = await fal.storage.upload(new Blob([clip], { type: "video/mp4" }));
    const input = { video_url: videoUrl, scale_ratio: 2, enhancement_tier: "fast" } as const;
    const { data } = await fal.subscribe(endpoint, { input });
    const { video } = z.object({ video: z.object({ url: z.url() }) }).parse(data);
    const byFal = Buffer.from(await (await fetch(video.url)).arrayBuffer());
    expect(byFal.equals(byCommand)).toBe(true);
  });

  it("retimes, restores and sharpens as fal's fields say", async () => {
    const fal = createClient(server.url);
    const videoUrl = await fal.storage.upload(new Blob([clip], { type: "video/mp4" }));
    const wishes = { target_fps: "60fps", enhancement_preset: "ugc", fidelity: "medium" } as const;
    const input = { video_url: videoUrl, scale_ratio: 2, enhancement_tier: "fast", ...wishes } as const;
    const { data, requestId } = await fal.subscribe(endpoint, { input });
    const { video, duration } = z.object({ video: z.object({ url: z.url() }), duration: z.number() }).parse(data);
    expect(duration).toBe(1);
    expect(await rateOfFile(video.url, "sixty.mp4")).toEqual({ frames: 60, framesPerSecond: [60] });
    expect((await client.job(requestId)).request).toMatchObject({ fps: 60, preset: "ugc", fidelity: "medium" });
    const report = await reportOf(requestId);
    expect(report).toMatchObject({ output: { frames: 60, frameRate: "60" }, frames: { output: 60, expected: 60 } });
    expect(report.stages.map(({ name }) => name)).toEqual(expect.arrayContaining(["interpolate", "sharpen"]));
  });

  it("retimes to a fraction by the native API, and takes what the caller knows of the source", async () => {
    const upload = await client.upload(clip, "clip.mp4");
    const wishes = { fps: { num: 30_000, den: 1001 }, preset: "ugc", assume: { scan: "progressive", noise: 6 } };
    const job = await client.finished((await client.submit({ upload_id: upload.id, ...quick, ...wishes })).id);
    expect(job).toMatchObject({ state: "succeeded", request: wishes, result: { frames: 30 } });
    expect(await rateOfFile(job.result?.url ?? "", "ntsc.mp4")).toEqual({ frames: 30, framesPerSecond: [30_000 / 1001] });
    const { stages, decisions } = await reportOf(job.id);
    expect(stages.map(({ name }) => name)).toEqual(expect.arrayContaining(["denoise", "interpolate"]));
    expect(decisions).toContainEqual(expect.objectContaining({ reason: expect.stringContaining("30000/1001") }));
  });

  it("calls back with the finished job, signed", async () => {
    await using receiver = await CallbackReceiver.start();
    const upload = await client.upload(clip, "told.mp4");
    const job = await client.submit({ upload_id: upload.id, ...quick, webhook_url: receiver.url });
    const { headers, body } = await receiver.received;
    expect(JSON.parse(body)).toMatchObject({ id: job.id, state: "succeeded", result: { frames: 25 } });
    const { keys } = z
      .object({ keys: z.tuple([z.object({ kty: z.string(), crv: z.string(), x: z.string() })]) })
      .parse(await (await client.fetch("/api/webhook-key")).json());
    const signature = Buffer.from(String(headers["x-upres-signature"]), "base64url");
    const signed = Buffer.from(`${String(headers["x-upres-timestamp"])}.${body}`);
    const publicKey = createPublicKey({ key: keys[0], format: "jwk" });
    expect(verify(null, signed, publicKey, signature)).toBe(true);
    const list = await runUpres(["jobs", "deliveries", "--data", dataFolder, "--json"]);
    expect(JSON.parse(list.stdout)).toMatchObject([{ job_id: job.id, attempts: 1 }]);
    const own = await client.fetch(`/api/jobs/${job.id}/deliveries`);
    expect(await own.json()).toMatchObject({ deliveries: [{ url: receiver.url, attempts: 1 }] });
    const report = await client.fetch(`/api/jobs/${job.id}/report`);
    expect(await report.json()).toMatchObject({ output: expect.any(Object) });
  });

  it("gives the same job for the same idempotency key", async () => {
    const upload = await client.upload(clip, "once.mp4");
    const key = { "idempotency-key": "order-17" };
    const [first, second] = [
      await client.submit({ upload_id: upload.id, ...quick }, key),
      await client.submit({ upload_id: upload.id, ...quick }, key),
    ];
    expect(second.id).toBe(first.id);
    expect((await client.finished(first.id)).state).toBe("succeeded");
  });

  it("cancels what runs and what waits, and lists all", async () => {
    const upload = await client.upload(longClip, "long.mp4");
    const running = await client.submit({ upload_id: upload.id, tier: "standard", scale: 8 });
    const waiting = await client.submit({ upload_id: upload.id, tier: "standard", scale: 8 });
    for await (const { name, data } of client.events(running.id)) {
      if (name === "progress" && z.object({ frames_done: z.int() }).parse(data).frames_done > 0) break;
    }
    expect(await client.job(waiting.id)).toMatchObject({ state: "queued", queue_position: 0 });
    expect((await client.fetch(`/api/jobs/${waiting.id}`, { method: "DELETE" })).status).toBe(200);
    const cancelled = await client.post(`/api/jobs/${running.id}/cancel`, {});
    expect(await cancelled.json()).toMatchObject({ id: running.id, state: "cancelled", result: null });
    expect((await client.finished(waiting.id)).state).toBe("cancelled");
    expect(await failureOf(await client.post(`/api/jobs/${running.id}/cancel`, {}))).toEqual({
      status: 409,
      code: "job_finished",
    });
    const list = z
      .object({ jobs: z.array(z.object({ id: z.uuid() })) })
      .parse(await (await client.fetch("/api/jobs?limit=2")).json());
    expect(list.jobs.map(({ id }) => id)).toEqual([waiting.id, running.id]);
  });

  it("serves its page, and a taste of a video in every tier to compare frame by frame", async () => {
    const page = await client.fetch("/");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    expect(await failureOf(await client.fetch("/api/admin/keys"))).toEqual({ status: 403, code: "forbidden" });
    const upload = await client.upload(clip, "taste.mp4");
    const answer = await client.post("/api/tastes", { upload_id: upload.id, scale: 2 });
    const taste = TasteDocument.parse(await answer.json());
    expect(taste.jobs.length).toBeGreaterThanOrEqual(2);
    for (const { id } of taste.jobs) {
      expect(await client.finished(id)).toMatchObject({
        state: "succeeded",
        price_micros: "0",
        result: { width: 192, frames: 25 },
      });
      for (const of of ["source", "result"]) {
        const frame = await client.fetch(`/api/jobs/${id}/frame?of=${of}&index=24`);
        expect([frame.status, frame.headers.get("x-frame-index")]).toEqual([200, "24"]);
      }
    }
    const estimate = EstimateDocument.parse(
      await (await client.post("/api/estimates", { upload_id: upload.id, scale: 2 })).json(),
    );
    expect(estimate.tiers[0]).toMatchObject({ available: true, time: { method: "measured" } });
    expect(await readdir(join(dataFolder, "tmp"))).toEqual([]);
  });

  it("plans and quotes without running", async () => {
    const upload = await client.upload(clip, "plan.mp4");
    const plan = await (await client.post("/api/plan", { upload_id: upload.id, to: "1080p", tier: "fast" })).json();
    expect(plan).toMatchObject({ outputSize: { width: 1920, height: 1080 }, time: { frames: 25 } });
    const quote = await (await client.post("/api/quote", { upload_id: upload.id, to: "1080p", tier: "fast" })).json();
    expect(quote).toMatchObject({ output: { width: 1920, height: 1080, frames: 25 }, duration_seconds: 1, price_micros: "0" });
    expect(await readdir(join(dataFolder, "tmp"))).toEqual([]);
  });

  it.each([
    [{}, 400, "bad_request"],
    [{ video_url: "ftp://example.org/a.mp4" }, 400, "bad_request"],
    [{ video_url: "https://example.org/a.mp4", to: "4k", scale: 2 }, 400, "bad_request"],
    [{ video_url: "https://example.org/a.mp4", colour: "red" }, 400, "bad_request"],
    [{ upload_id: "b0e0dd5a-9c7c-4a53-8a55-4bd3c0a86d2c" }, 404, "upload_not_found"],
  ])("refuses %j", async (body, status, code) => {
    expect(await failureOf(await client.post("/api/jobs", body))).toEqual({ status, code });
  });

  it("refuses what is no video, malformed JSON and unknown places", async () => {
    const page = await client.fetch("/api/uploads", { method: "POST", body: "<html>sorry</html>" });
    expect(await failureOf(page)).toEqual({ status: 422, code: "input_unreadable" });
    const headers = { "content-type": "application/json" };
    const broken = await client.fetch("/api/jobs", { method: "POST", body: "{", headers });
    expect(await failureOf(broken)).toEqual({ status: 400, code: "bad_request" });
    expect(await failureOf(await client.fetch("/nowhere"))).toEqual({ status: 404, code: "object_not_found" });
    expect(await failureOf(await client.fetch("/api/jobs/not-a-job"))).toEqual({ status: 404, code: "job_not_found" });
    expect(await failureOf(await client.fetch("/control/keys"))).toEqual({ status: 401, code: "unauthorized" });
  });

  it("refuses pages of other sites", async () => {
    const origin = { origin: "https://elsewhere.example" };
    expect(await failureOf(await client.fetch("/api/jobs", { headers: origin }))).toEqual({ status: 401, code: "unauthorized" });
    expect((await client.fetch("/api/jobs", { headers: { origin: "http://localhost:3000" } })).status).toBe(200);
  });

  it("describes itself for programs and for people", async () => {
    const document = z
      .object({ openapi: z.literal("3.1.0"), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await client.fetch("/api/openapi.json")).json());
    for (const { path, method } of operations) expect(document.paths[path]).toHaveProperty(method);
    const page = await (await client.fetch("/api/docs")).text();
    for (const { path } of operations) expect(page).toContain(`<code>${path}</code>`);
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it("counts", async () => {
    const text = await (await client.fetch("/metrics")).text();
    expect(text).toMatch(/^upres_jobs_finished_total\{state="succeeded",dialect="native"\} (?:[7-9]|1[01])$/m);
    expect(text).toMatch(/^upres_jobs_finished_total\{state="cancelled",dialect="native"\} 2$/m);
    expect(text).toMatch(/^upres_jobs\{state="queued"\} 0$/m);
    expect(text).toMatch(/^upres_deliveries\{state="delivered"\} 1$/m);
    expect(text).toMatch(/^upres_job_run_seconds_count 1[0-4]$/m);
  });
});

describe("keys", () => {
  it("close the running server to everyone else, until it knows only revoked ones too", async () => {
    const made = await runUpres(["keys", "create", "--name", "ci", "--credits", "2.5", "--data", dataFolder, "--json"]);
    expect(made).toMatchObject({ code: 0 });
    const { id, key } = z.object({ id: z.uuid(), key: z.string() }).parse(JSON.parse(made.stdout));
    expect(await failureOf(await client.fetch("/api/jobs"))).toEqual({ status: 401, code: "unauthorized" });
    expect(await failureOf(await client.fetch("/metrics"))).toEqual({ status: 401, code: "unauthorized" });
    const holder = new NativeClient(server.url, key);
    expect(await (await holder.fetch("/api/jobs")).json()).toEqual({ jobs: [], next_before: null, next_cursor: null });
    const keyed = await client.fetch("/api/jobs", { headers: { authorization: `Key ${key}` } });
    expect(keyed.status).toBe(200);
    const foreign = await holder.fetch("/api/jobs", { headers: { origin: "https://elsewhere.example" } });
    expect(foreign.headers.get("access-control-allow-origin")).toBe("*");

    const list = await runUpres(["keys", "list", "--data", dataFolder]);
    expect(list.stdout).toMatch(new RegExp(`^${id} +ci .* 2\\.50 +valid$`, "m"));
    expect(list.stdout).not.toContain(key.split(":")[1] ?? key);
    expect(await runUpres(["keys", "revoke", id, "--data", dataFolder])).toMatchObject({ code: 0 });
    expect(await failureOf(await holder.fetch("/api/jobs"))).toEqual({ status: 401, code: "unauthorized" });
    expect(await failureOf(await client.fetch("/api/jobs"))).toEqual({ status: 401, code: "unauthorized" });
    const jobs = await runUpres(["jobs", "list", "--data", dataFolder, "--json"]);
    expect(z.array(z.object({ state: z.string() })).parse(JSON.parse(jobs.stdout)).length).toBeGreaterThan(5);
  });
});

describe("ending", () => {
  it("refuses a second server on the same data, and ends well on SIGTERM", async () => {
    const second = await runUpres(["serve", "--port", "0", "--data", dataFolder]);
    expect(second).toMatchObject({ code: 1, stdout: "" });
    expect(second.stderr).toMatch(/^upres: /);
    const ended = await server.stop("SIGTERM");
    expect(ended.code).toBe(0);
    expect(await readdir(dataFolder)).not.toContain("server.json");
    const keys = await runUpres(["keys", "list", "--data", dataFolder, "--json"]);
    expect(z.array(z.unknown()).parse(JSON.parse(keys.stdout))).toHaveLength(1);
  });
});
