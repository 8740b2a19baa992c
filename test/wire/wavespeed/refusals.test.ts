import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, WavespeedSubmissionException } from "wavespeed";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { AppError } from "../../../src/domain/errors.ts";
import { makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import {
  model,
  type RawCall,
  type RawReply,
  startWavespeedServer,
  type WavespeedServer,
} from "../../support/wavespeed-server.ts";
import { type SourceServer, serveSources } from "../../support/wavespeed-source.ts";

let server: WavespeedServer;
let sources: SourceServer;
let key: string;

beforeAll(async () => {
  server = await startWavespeedServer();
  key = await server.newKey();
  await using folder = await makeFolder();
  const longPath = join(folder.path, "long.mp4");
  await writeStillClip(longPath, { durationSeconds: 601 });
  sources = await serveSources({ "/long.mp4": await readFile(longPath), "/words.mp4": "these are only words" });
});
beforeEach(() => {
  server.seen.length = 0;
});
afterEach(() => server.clear());
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const submitPath = `/api/v3/${model}`;
const video = "https://example.com/clip.mp4";

async function submit(body: RawCall["body"], options: Omit<RawCall, "body"> & { query?: string } = {}): Promise<RawReply> {
  const { query = "", ...call } = options;
  return await server.call("POST", `${submitPath}${query}`, { key, ...call, ...(body !== undefined && { body }) });
}

async function jobCount(): Promise<number> {
  const [row] = await server.database.query<{ count: bigint }>("select count(*) as count from jobs");
  return Number(row?.count);
}

describe("a submit is refused, makes no job and is always answered in the envelope", () => {
  test.each([
    ["no property video", {}, 400, 'property "video" is missing'],
    ["the documentation's own body", "{}", 400, 'property "video" is missing'],
    ["a number", { video: 5 }, 400, 'property "video" must be a non-empty string'],
    ["null", { video: null }, 400, 'property "video" must be a non-empty string'],
    ["an empty text", { video: "" }, 400, 'property "video" must be a non-empty string'],
    ["a data URI", { video: "data:video/mp4;base64,AAAA" }, 400, 'property "video" must be a URL'],
    ["a path", { video: "/home/me/clip.mp4" }, 400, 'property "video" must be a URL'],
    ["a curl file", { video: "@clip.mp4" }, 400, 'property "video" must be a URL'],
    ["another protocol", { video: "ftp://example.com/clip.mp4" }, 400, 'property "video" must be a URL'],
    ["broken JSON", '{"video":', 400, "invalid request body"],
    ["nothing", "", 400, "invalid request body"],
    ["a list", [], 400, "invalid request body"],
    ["a text that is no object", '"x"', 400, "invalid request body"],
    ["a mode that is no boolean", { video, enable_sync_mode: "yes" }, 400, 'property "enable_sync_mode" must be a boolean'],
    ["a callback that is no text", { video, webhook_url: 5 }, 400, "invalid webhook url"],
    ["a callback that is no URL", { video, webhook_url: "nowhere" }, 400, "invalid webhook url"],
  ])("%s", async (_what, body, status, message) => {
    const before = await jobCount();
    const reply = await submit(body);
    expect(reply.status).toBe(status);
    expect(reply.headers.get("content-type")).toContain("application/json");
    expect(reply.body).toEqual({ code: status, message });
    expect(await jobCount()).toBe(before);
  });

  test("a body of another type is read as JSON all the same", async () => {
    const reply = await submit("{}", { headers: { "content-type": "text/plain" } });
    expect(reply.body).toEqual({ code: 400, message: 'property "video" is missing' });
  });

  test("a body that is too large", async () => {
    const reply = await submit(JSON.stringify({ video, filler: "x".repeat(1_100_000) }));
    expect(reply.body).toEqual({ code: 413, message: "file too large" });
  });

  test.each(["nowhere", "ftp://example.com/", "https://"])("the callback %s in the query", async (target) => {
    const reply = await submit({ video }, { query: `?webhook=${encodeURIComponent(target)}` });
    expect(reply.body).toEqual({ code: 400, message: "invalid webhook url" });
  });

  test.each([
    ["without a key", {}],
    ["with a wrong key", { authorization: "Bearer wrong" }],
    ["with a key of another kind", { authorization: "Basic abc" }],
  ])("%s", async (_what, headers) => {
    for (const [method, path] of [
      ["POST", submitPath],
      ["GET", `/api/v3/predictions/${"0".repeat(32)}/result`],
      ["GET", "/api/v3/balance"],
      ["POST", "/api/v3/media/uploads"],
      ["POST", "/api/v3/media/upload/binary"],
      ["POST", "/api/v2/media/upload/binary"],
      ["POST", "/api/v3/other/model"],
      ["GET", "/api/v3/nothing"],
    ] as const) {
      const reply = await fetch(`${server.base}${path}`, { method, headers });
      expect(reply.status).toBe(401);
      expect(await reply.json()).toEqual({ code: 401, message: "Unauthorized" });
    }
  });

  test("with too little left", async () => {
    const reply = await submit({ video }, { key: await server.newKey({ usd: 0.09 }) });
    expect(reply.body).toEqual({ code: 402, message: "insufficient balance" });
  });

  test("for another model, and for anything else that does not exist", async () => {
    const reply = await server.call("POST", "/api/v3/wavespeed-ai/z-image/turbo", { key, body: { prompt: "x" } });
    expect(reply.body).toEqual({ code: 404, message: "model not found" });
    expect((await server.call("GET", "/api/v3/wavespeed-ai/z-image", { key })).body).toEqual({ code: 404, message: "not found" });
    expect((await server.call("GET", submitPath, { key })).body).toEqual({ code: 405, message: "method not allowed" });
    expect((await server.call("DELETE", "/api/v3/predictions", { key })).body.code).toBe(405);
  });

  test("too often in a minute", async () => {
    const limited = await server.newKey({ requestsPerMinute: 2 });
    for (let index = 0; index < 5; index += 1) {
      expect((await server.call("GET", "/api/v3/balance", { key: limited })).status).toBe(200);
    }
    expect((await submit({ video }, { key: limited })).status).toBe(200);
    expect((await submit({ video }, { key: limited })).status).toBe(200);
    const reply = await submit({ video }, { key: limited });
    expect(reply.body).toEqual({ code: 429, message: "Too many requests" });
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("a server in trouble", () => {
  test("says so without saying why", async () => {
    const broken = { authenticate: () => Promise.reject(new Error("password of the database: x")) };
    await using sick = await startWavespeedServer({ parts: broken });
    const reply = await sick.call("GET", "/api/v3/balance");
    expect(reply.status).toBe(500);
    expect(reply.body).toEqual({ code: 500, message: "internal server error" });
  });

  test("takes nothing new while it closes", async () => {
    await using closing = await startWavespeedServer({ parts: { closing: AbortSignal.abort() } });
    for (const path of [submitPath, "/api/v3/media/uploads", "/api/v3/media/upload/binary"]) {
      const reply = await closing.call("POST", path, { body: { video } });
      expect(reply.status).toBe(503);
      expect(reply.body).toEqual({ code: 503, message: "service unavailable" });
    }
  });

  test("passes on that too many jobs wait", async () => {
    const jobs = { ...server.jobs, submit: () => Promise.reject(new AppError("queue_full", "100 jobs wait.")) };
    await using full = await startWavespeedServer({ parts: { jobs: Object.setPrototypeOf(jobs, server.jobs) } });
    const reply = await full.call("POST", submitPath, { body: { video } });
    expect(reply.body).toEqual({ code: 429, message: "Too many requests" });
    expect(reply.headers.get("retry-after")).toBe("5");
  });
});

describe("the client sends a refused submit once, and quotes the refusal", () => {
  const client = (credential: string) => new Client(credential, { baseUrl: server.base });
  test.each([
    {
      what: "no video",
      input: {},
      name: model,
      usd: undefined,
      quoted: 'HTTP 400: {"code":400,"message":"property \\"video\\" is missing"}',
    },
    {
      what: "no balance",
      input: { video },
      name: model,
      usd: 0,
      quoted: 'HTTP 402: {"code":402,"message":"insufficient balance"}',
    },
    {
      what: "no such model",
      input: { video },
      name: "a/b",
      usd: 1,
      quoted: 'HTTP 404: {"code":404,"message":"model not found"}',
    },
  ])("$what", async ({ input, name, usd, quoted }) => {
    const credential = await server.newKey(usd === undefined ? {} : { usd });
    const error: unknown = await client(credential)
      .run(name, input)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WavespeedSubmissionException);
    expect(String(error)).toContain(quoted);
    expect(server.seen).toHaveLength(1);
  });

  test("a wrong key", async () => {
    const error: unknown = await client("wrong")
      .run(model, { video })
      .catch((reason: unknown) => reason);
    expect(String(error)).toContain('HTTP 401: {"code":401,"message":"Unauthorized"}');
    expect(server.seen).toHaveLength(1);
  });
});

describe("what is wrong with a video is found by the task", () => {
  test.each([
    {
      what: "an address that leads nowhere",
      path: "/gone.mp4",
      code: 1402,
      error: "media URL cannot be loaded: the server answered with status 404",
    },
    { what: "a file of text", path: "/words.mp4", code: 1401, error: "The file is not a video: it is text." },
    { what: "601 seconds", path: "/long.mp4", code: 1401, error: "video duration 601.00s exceeds the maximum of 600s" },
  ])("$what", async ({ path, code, error }) => {
    const credential = await server.newKey({ usd: 20 });
    const client = new Client(credential, { baseUrl: server.base });
    const running = client
      .run(model, { video: `${sources.base}${path}` }, { pollInterval: 0.05 })
      .catch((reason: unknown) => reason);
    await server.work();
    const message = String(await running);
    const [, id = ""] = /Prediction failed \(task_id: ([0-9a-f]{32})\)/.exec(message) ?? [];
    expect(message).toContain(error);
    const reply = await server.call("GET", `/api/v3/predictions/${id}/result`, { key: credential });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ code: 200, message: "success" });
    expect(reply.body.data).toMatchObject({ id, status: "failed", code, error, outputs: [], has_nsfw_contents: [] });
    expect(reply.body.data.timings).toEqual({ inference: 0 });
    expect((await server.call("GET", "/api/v3/balance", { key: credential })).body.data).toEqual({ balance: 20 });
  });

  test("a longer video than the balance covers", async () => {
    const credential = await server.newKey({ usd: 0.2 });
    const { body } = await submit({ video }, { key: credential });
    const claim = await server.driver.start();
    const error: unknown = await server.jobs
      .recordPlan(claim, { durationSeconds: 11, width: 640, height: 360 })
      .catch((reason: unknown) => reason);
    if (!(error instanceof AppError)) throw new Error("the plan was accepted");
    await server.driver.fail(claim, { code: error.code, message: error.message, details: error.details });
    const reply = await server.call("GET", `/api/v3/predictions/${body.data.id}`, { key: credential });
    expect(reply.body.data).toMatchObject({ status: "failed", code: 1403, error: "insufficient balance" });
    expect((await server.call("GET", "/api/v3/balance", { key: credential })).body.data).toEqual({ balance: 0.2 });
  });

  test("a length that is within the rounding of containers is taken", async () => {
    await submit({ video });
    const claim = await server.driver.start();
    await server.jobs.recordPlan(claim, { durationSeconds: 600.04, width: 640, height: 360 });
    await server.driver.succeed(claim, { durationSeconds: 600.04 });
    expect((await server.jobs.get(claim.job.accountId, claim.job.id))?.priceMicros).toBe(12_000_000n);
  });
});

describe("under the hosted rules", () => {
  test("http sources fail, http callbacks are refused", async () => {
    await using strict = await startWavespeedServer({ settings: { allowsHttp: false } });
    const accepted = await strict.call("POST", submitPath, { body: { video: `${sources.base}/words.mp4` } });
    expect(accepted.body).toMatchObject({ code: 200, data: { status: "created" } });
    await strict.work();
    const { body } = await strict.call("GET", `/api/v3/predictions/${accepted.body.data.id}/result`);
    expect(body.data).toMatchObject({
      status: "failed",
      code: 1402,
      error: "media URL cannot be loaded: only https is accepted",
    });
    for (const webhook_url of [
      "http://example.com/",
      "https://127.0.0.1/",
      "https://localhost/",
      "https://[::1]/",
      "https://10.0.0.1/",
    ]) {
      const reply = await strict.call("POST", submitPath, { body: { video, webhook_url } });
      expect(reply.body).toEqual({ code: 400, message: "invalid webhook url" });
    }
    const reply = await strict.call("POST", submitPath, { body: { video, webhook_url: "https://example.com/" } });
    expect(reply.body.code).toBe(200);
  });

  test("files of our own are taken over http all the same", async () => {
    await using strict = await startWavespeedServer({ settings: { allowsHttp: false } });
    await strict.store.put("media/wavespeed/a", one(Buffer.from("x")), { contentType: "video/mp4", fileName: "a.mp4" });
    const token = strict.parts.links.sign({
      key: "media/wavespeed/a",
      purpose: "read",
      expiresAt: new Date(Date.now() + 60_000),
    });
    await strict.call("POST", submitPath, { body: { video: `${strict.base}/files/${token}/a.mp4` } });
    const { job } = await strict.driver.start();
    expect(job.source).toEqual({ kind: "object", key: "media/wavespeed/a" });
  });

  test("without them there is no longest video", async () => {
    await using free = await startWavespeedServer({
      settings: { hostedLimits: false, maxSeconds: undefined, allowsHttp: false },
    });
    const { body } = await free.call("POST", submitPath, { body: { video: `${sources.base}/long.mp4` } });
    await free.work();
    const reply = await free.call("GET", `/api/v3/predictions/${body.data.id}/result`);
    expect(reply.body.data).toMatchObject({ status: "completed" });
  });
});

test("an own link that has expired fails as an address that leads nowhere", async () => {
  const token = server.parts.links.sign({ key: "media/wavespeed/b", purpose: "read", expiresAt: new Date(Date.now() - 1000) });
  const { body } = await submit({ video: `${server.base}/files/${token}/b.mp4` });
  await server.work();
  const reply = await server.call("GET", `/api/v3/predictions/${body.data.id}/result`, { key });
  expect(reply.body.data).toMatchObject({ code: 1402, error: "media URL cannot be loaded: the file is no longer kept" });
});

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
