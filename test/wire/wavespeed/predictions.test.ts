import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { makeFolder, writeStillClip } from "../../support/wavespeed-clip.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";

let server: WavespeedServer;
beforeAll(async () => {
  server = await startWavespeedServer();
});
afterEach(() => server.clear());
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const video = "https://example.com/clip.mp4";

async function submit(key: string, body: object = { video }): Promise<string> {
  const reply = await server.call("POST", `/api/v3/${model}`, { key, body });
  expect(reply.body.code).toBe(200);
  return String(reply.body.data.id);
}

async function data(key: string, path: string) {
  return (await server.call("GET", path, { key })).body.data;
}

test("a submit is answered with the prediction as created, whatever else it holds", async () => {
  const key = await server.newKey();
  const { status, body } = await server.call("POST", `/api/v3/${model}/`, { key, body: { video, seed: 5, webhook_url: null } });
  expect(status).toBe(200);
  const id = String(body.data.id);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(body).toEqual({
    code: 200,
    message: "success",
    data: {
      id,
      model,
      outputs: [],
      urls: { get: `${server.base}/api/v3/predictions/${id}/result` },
      has_nsfw_contents: [],
      status: "created",
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      error: "",
      executionTime: 0,
      timings: { inference: 0 },
    },
  });
});

test("the two calls of the documentation work with nothing but the host replaced", async () => {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${await server.newKey()}` };
  const submitted = await fetch(`${server.base}/api/v3/${model}`, { method: "POST", headers, body: "{}" });
  expect([submitted.status, await submitted.json()]).toEqual([400, { code: 400, message: 'property "video" is missing' }]);
  const good = await fetch(`${server.base}/api/v3/${model}`, { method: "POST", headers, body: JSON.stringify({ video }) });
  const { data: created } = (await good.json()) as { data: { id: string } };
  const read = await fetch(`${server.base}/api/v3/predictions/${created.id}/result`, { headers });
  expect([read.status, await read.json()]).toEqual([200, { code: 200, message: "success", data: created }]);
});

test("a prediction goes through its states, the same at both addresses", async () => {
  const clock = new ManualClock();
  await using timed = await startWavespeedServer({ clock });
  const { body } = await timed.call("POST", `/api/v3/${model}`, { body: { video } });
  const path = `/api/v3/predictions/${body.data.id}`;
  const read = async () => {
    const long = (await timed.call("GET", `${path}/result`)).body;
    expect((await timed.call("GET", path)).body).toEqual(long);
    return long.data;
  };
  expect(await read()).toEqual(body.data);
  const claim = await timed.driver.start();
  expect(await read()).toEqual({ ...body.data, status: "processing" });
  clock.advance(6710);
  await timed.driver.succeed(claim);
  expect(await read()).toEqual({
    ...body.data,
    status: "completed",
    outputs: [expect.stringMatching(new RegExp(`^${timed.base}/files/[^/]+/${body.data.id}\\.mp4$`))],
    has_nsfw_contents: [false],
    executionTime: 6710,
    timings: { inference: 6710 },
  });
});

test("a cancelled task has failed, as far as clients are told", async () => {
  const key = await server.newKey();
  const id = await submit(key);
  await server.clear();
  expect(await data(key, `/api/v3/predictions/${id}`)).toMatchObject({
    status: "failed",
    code: 1405,
    error: "prediction was cancelled",
  });
});

test("unknown, foreign and deleted predictions, and other dialects' jobs, are not found", async () => {
  const key = await server.newKey();
  const other = await server.newKey();
  const id = await submit(key);
  const missing = { code: 404, message: "prediction not found" };
  const account = (await server.accounts.identify(key))?.id ?? "";
  const [own] = await server.jobs.list(account);
  if (own === undefined) throw new Error("there is no job");
  const { request, source } = own;
  const native = await server.jobs.submit({ accountId: account, dialect: "native", request, source, reserveMicros: 0n });
  for (const [credential, path] of [
    [other, id],
    [key, "0".repeat(32)],
    [key, id.toUpperCase()],
    [key, own.id],
    [key, "x"],
    [key, native.id.replaceAll("-", "")],
  ] as const) {
    const reply = await server.call("GET", `/api/v3/predictions/${path}/result`, { key: credential });
    expect(reply.status).toBe(404);
    expect(reply.body).toEqual(missing);
  }
});

describe("delete", () => {
  test("takes the prediction and its video away at once", async () => {
    const key = await server.newKey();
    const id = await submit(key);
    await server.driver.workOnce();
    const [output] = (await data(key, `/api/v3/predictions/${id}`)).outputs as string[];
    expect((await fetch(output ?? "")).status).toBe(200);
    const reply = await server.call("POST", "/api/v3/predictions/delete", { key, body: { ids: [id] } });
    expect(reply.body).toEqual({ code: 200, message: "success", data: { deleted_count: 1 } });
    expect((await fetch(output ?? "")).status).toBe(404);
    expect((await server.call("GET", `/api/v3/predictions/${id}/result`, { key })).status).toBe(404);
    expect((await server.call("POST", "/api/v3/predictions", { key, body: {} })).body.data).toEqual({
      page: 1,
      total: 0,
      items: [],
    });
  });

  test("passes over what is not there or another's", async () => {
    const key = await server.newKey();
    const id = await submit(key);
    const ids = [id, "nothing", "0".repeat(32)];
    const reply = await server.call("POST", "/api/v3/predictions/delete", { key: await server.newKey(), body: { ids } });
    expect(reply.body.data).toEqual({ deleted_count: 0 });
    expect(await data(key, `/api/v3/predictions/${id}`)).toMatchObject({ status: "created" });
  });

  test.each([
    [{}, 'property "ids" is missing'],
    [{ ids: "x" }, 'property "ids" must be a list of at most 100 strings'],
    [{ ids: [5] }, 'property "ids" must be a list of at most 100 strings'],
    [{ ids: Array.from({ length: 101 }, String) }, 'property "ids" must be a list of at most 100 strings'],
    ["{", "invalid request body"],
  ])("refuses %j", async (body, message) => {
    const reply = await server.call("POST", "/api/v3/predictions/delete", { body });
    expect(reply.body).toEqual({ code: 400, message });
  });
});

describe("the history", () => {
  test("has the newest first, in pages, by state and time, with inputs when asked for", async () => {
    const clock = new ManualClock(new Date("2026-01-01T00:00:00Z"));
    await using timed = await startWavespeedServer({ clock });
    const list = async (body: object) => (await timed.call("POST", "/api/v3/predictions", { body })).body.data;
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      const { body } = await timed.call("POST", `/api/v3/${model}?webhook=https://a.example/`, {
        body: { video, enable_sync_mode: false, webhook_url: "https://b.example/" },
      });
      ids.push(String(body.data.id));
      clock.advance(60_000);
    }
    await timed.driver.workOnce();
    await timed.driver.start();
    const idsOf = (found: { items: { id: string }[] }): readonly string[] => found.items.map(({ id }) => id);
    const whole = await list({});
    expect(whole).toMatchObject({
      page: 1,
      total: 3,
      items: [{ status: "created" }, { status: "processing" }, { status: "completed" }],
    });
    expect(idsOf(whole)).toEqual(ids.toReversed());
    expect(whole.items[0]).not.toHaveProperty("inputs");
    const second = await list({ page: 2, page_size: 2, include_inputs: true });
    expect(second).toMatchObject({ page: 2, total: 3 });
    expect(idsOf(second)).toEqual([ids[0]]);
    expect(second.items[0].inputs).toEqual({ video, enable_sync_mode: false, webhook_url: "https://b.example/" });
    expect(idsOf(await list({ status: "completed" }))).toEqual([ids[0]]);
    expect(idsOf(await list({ status: "processing" }))).toEqual([ids[1]]);
    expect(idsOf(await list({ status: "pending" }))).toEqual([ids[2]]);
    expect(await list({ status: "constructor" })).toEqual({ page: 1, total: 0, items: [] });
    expect(await list({ model: "other/model" })).toEqual({ page: 1, total: 0, items: [] });
    expect(
      await list({ model, created_after: "2026-01-01T00:01:00Z", created_before: "2026-01-01T00:02:00.000Z" }),
    ).toMatchObject({
      total: 1,
      items: [{ id: ids[1] }],
    });
    expect(idsOf(await list({ created_after: "2026-01-01T00:01:00.000001" }))).toEqual([ids[2], ids[1]]);
    expect(idsOf(await list({ created_after: "2026-01-01T02:01:00+02:00" }))).toEqual([ids[2], ids[1]]);
  });

  test.each([
    [{ page: 0 }, 'property "page" must be an integer from 1 to 1000000'],
    [{ page: "1" }, 'property "page" must be an integer from 1 to 1000000'],
    [{ page_size: 101 }, 'property "page_size" must be an integer from 1 to 100'],
    [{ created_after: "yesterday" }, 'property "created_after" must be an ISO 8601 time'],
    [{ created_before: "-271821-04-20T00:00:00Z" }, 'property "created_before" must be an ISO 8601 time'],
    [{ created_before: "2026-99-99" }, 'property "created_before" must be an ISO 8601 time'],
    [{ include_inputs: "yes" }, 'property "include_inputs" must be a boolean'],
    [{ status: 5 }, 'property "status" must be a string'],
  ])("refuses %j", async (body, message) => {
    expect((await server.call("POST", "/api/v3/predictions", { body })).body).toEqual({ code: 400, message });
  });
});

test("the balance is in dollars, and a number where there is no limit", async () => {
  expect(await data(await server.newKey({ usd: 50.25 }), "/api/v3/balance")).toEqual({ balance: 50.25 });
  expect(await data(await server.newKey(), "/api/v3/balance")).toEqual({ balance: 1_000_000 });
});

test("the catalogue has the one model, with its schema", async () => {
  const models = await data(await server.newKey(), "/api/v3/models");
  expect(models).toHaveLength(1);
  expect(models[0]).toMatchObject({ model_id: model, name: "Runwayml Upscale V1", type: "video-to-video", base_price: 0.1 });
  expect(models[0].api_schema.api_schemas[0]).toMatchObject({
    type: "model_run",
    method: "POST",
    api_path: `/api/v3/${model}`,
    request_schema: {
      type: "object",
      properties: { video: { type: "string" } },
      required: ["video"],
      "x-order-properties": ["video"],
    },
  });
});

describe("a quote", () => {
  const quote = async (inputs: object | undefined, path = "price") =>
    (await server.call("POST", `/api/v3/model/${path}`, { body: { model_id: model, inputs } })).body;

  test("goes by the length of a file that was uploaded here", async () => {
    await using folder = await makeFolder();
    const path = join(folder.path, "clip.mp4");
    await writeStillClip(path, { durationSeconds: 15.99 });
    const form = new FormData();
    form.append("file", new Blob([await readFile(path)]), "clip.mp4");
    const headers = { authorization: `Bearer ${await server.newKey()}` };
    const uploaded = await fetch(`${server.base}/api/v3/upload`, { method: "POST", body: form, headers });
    const { data: file } = (await uploaded.json()) as { data: { url: string } };
    for (const spelling of ["price", "pricing"]) {
      expect(await quote({ video: file.url }, spelling)).toMatchObject({
        code: 200,
        data: { model_id: model, price: 0.3, discounted_price: 0.3, discount_rate: 0, currency: "USD" },
      });
    }
  });

  test.each([[{ video }], [{}], [undefined], [{ video: "not a url" }], [{ video: 5 }]])(
    "is the least there is for %j",
    async (inputs) => {
      expect((await quote(inputs)).data).toMatchObject({ price: 0.1, discounted_price: 0.1 });
    },
  );

  test("is refused for other models and broken bodies", async () => {
    const other = await server.call("POST", "/api/v3/model/price", { body: { model_id: "a/b", inputs: {} } });
    expect(other.body).toEqual({ code: 404, message: "model not found" });
    const none = await server.call("POST", "/api/v3/model/price", { body: {} });
    expect(none.body).toEqual({ code: 400, message: 'property "model_id" is missing' });
  });
});

test.each([
  { seconds: 3, cost: 0.1 },
  { seconds: 5.9, cost: 0.1 },
  { seconds: 15.99, cost: 0.3 },
  { seconds: 60, cost: 1.2 },
])("$seconds seconds cost $cost dollars", async ({ seconds, cost }) => {
  const key = await server.newKey({ usd: 10 });
  await using folder = await makeFolder();
  const path = join(folder.path, "clip.mp4");
  await writeStillClip(path, { durationSeconds: seconds });
  const stored = await server.parts.ingest.storeUpload("uploads/test", chunks(await readFile(path)), { fileName: "clip.mp4" });
  const token = server.parts.links.sign({ key: stored.key, purpose: "read", expiresAt: new Date(Date.now() + 60_000) });
  const id = await submit(key, { video: `${server.base}/files/${token}/clip.mp4` });
  expect((await data(key, "/api/v3/balance")).balance).toBeCloseTo(9.9, 6);
  await server.work();
  expect(await data(key, `/api/v3/predictions/${id}`)).toMatchObject({ status: "completed" });
  expect((await data(key, "/api/v3/balance")).balance).toBeCloseTo(10 - cost, 6);
});

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
