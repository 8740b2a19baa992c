import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { Runware } from "@runware/sdk-js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { resultBytes } from "../../support/job-driver.ts";
import { clipBytes, model, type RunwareServer, startRunwareServer, videoUrl } from "../../support/runware-server.ts";

let server: RunwareServer;
beforeAll(async () => {
  server = await startRunwareServer();
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

type Options = ConstructorParameters<typeof Runware>[0];
type Client = Awaited<ReturnType<typeof Runware.initialize>>;

/** The published client, unmodified; it is disconnected when the test ends, or its timers keep the process alive. */
async function connect(options: Partial<Options> = {}): Promise<Client> {
  const client = await Runware.initialize({ apiKey: server.alice, url: server.socketUrl, ...options });
  onTestFinished(() => client.disconnect());
  return client;
}

const Refused = z.object({ error: z.record(z.string(), z.unknown()) });

/** What the client rejects with. */
async function refusalOf(call: Promise<unknown>): Promise<Readonly<Record<string, unknown>>> {
  const reason: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  return Refused.parse(reason).error;
}

const Result = z.object({
  taskType: z.literal("upscale"),
  taskUUID: z.string(),
  status: z.literal("success"),
  videoUUID: z.uuidv4(),
  videoURL: z.url(),
  mediaUUID: z.uuidv4(),
  mediaURL: z.url(),
  cost: z.number().optional(),
});

const inputs = { video: videoUrl };

test("1: connects, and holds a session", async () => {
  server.seen.length = 0;
  const client = await connect();
  expect(client["_connectionSessionUUID"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(server.seen).toHaveLength(1);
  expect(server.seen[0]?.line).toBe("GET /v1?sdk=js&version=1.3.2");
});

test.each(["", "/"])("1: a bare host with %j behind it works too", async (ending) => {
  const client = await connect({ url: `${server.base.replace("http", "ws")}${ending}` });
  expect(client["_connectionSessionUUID"]).toMatch(/^[0-9a-f-]{36}$/);
});

test("2: an asynchronous task resolves to one object whose file downloads", async () => {
  const client = await connect();
  const upscaled = client.upscale({ model, inputs, deliveryMethod: "async", includeCost: true });
  const claim = await server.driver.start();
  expect(claim.job.request).toMatchObject({
    target: { kind: "box", box: "1080p", keepsLarger: true },
    container: "mp4",
    quality: 95,
  });
  expect(claim.job.source).toEqual({ kind: "url", url: videoUrl });
  await server.driver.succeed(claim);
  const result = Result.parse(await upscaled);
  expect(result.mediaUUID).toBe(result.videoUUID);
  expect(result.mediaURL).toBe(result.videoURL);
  expect(result.videoURL.endsWith(`/${result.videoUUID}.mp4`)).toBe(true);
  expect(result.cost).toBe(0);
  const file = await fetch(result.videoURL, { headers: { range: "bytes=0-3" } });
  expect(file.status).toBe(206);
  const whole = await fetch(result.videoURL);
  expect(whole.headers.get("content-type")).toBe("video/mp4");
  expect(Buffer.from(await whole.arrayBuffer())).toEqual(resultBytes);
});

test("3: without includeCost there is no cost", async () => {
  const client = await connect();
  const [result] = await Promise.all([client.upscale({ model, inputs, deliveryMethod: "async" }), server.driver.workOnce()]);
  expect(Object.keys(result)).not.toContain("cost");
  expect(Result.parse(result).cost).toBeUndefined();
});

test("4: the plain call, which is synchronous, resolves to the finished object", async () => {
  const client = await connect();
  const [result] = await Promise.all([client.upscale({ model, inputs }), server.driver.workOnce()]);
  expect(Result.parse(result).videoUUID).toMatch(/-4/);
});

test("5: the acknowledgment has two keys, and a later poll gives an array", async () => {
  const client = await connect();
  const acknowledged = await client.upscale({ model, inputs, deliveryMethod: "async", skipResponse: true });
  expect(Object.keys(acknowledged).toSorted()).toEqual(["taskType", "taskUUID"]);
  const { taskUUID } = acknowledged;
  expect(await client.getResponse({ taskUUID })).toEqual([{ taskType: "upscale", taskUUID, status: "processing" }]);
  const claim = await server.driver.start();
  expect(await client.getResponse({ taskUUID })).toEqual([{ taskType: "upscale", taskUUID, status: "processing", progress: 0 }]);
  await server.driver.succeed(claim);
  const [result, ...others] = await client.getResponse({ taskUUID });
  expect(others).toEqual([]);
  expect(Result.parse(result).taskUUID).toBe(taskUUID);
  expect(await client.getResponse({ taskUUID })).toEqual([result]);
});

test("6: a stored file is used and deleted, and cannot be used again", async () => {
  const client = await connect();
  const stored = await client.mediaStorage({ media: `data:video/mp4;base64,${clipBytes.toString("base64")}` });
  expect(stored).toMatchObject({ taskType: "mediaStorage", operation: "upload", mediaUUID: expect.any(String) });
  const file = await fetch(z.object({ mediaURL: z.url() }).parse(stored).mediaURL);
  expect(Buffer.from(await file.arrayBuffer())).toEqual(clipBytes);

  const use = { model, inputs: { video: stored.mediaUUID }, deliveryMethod: "async" };
  const upscaled = client.upscale(use);
  const claim = await server.driver.start();
  expect(claim.job.source).toEqual({ kind: "object", key: `media/runware/${stored.mediaUUID}` });
  await server.driver.succeed(claim);
  const result = Result.parse(await upscaled);

  const deleted = await client.mediaStorage({ operation: "delete", media: stored.mediaUUID });
  expect(deleted).toMatchObject({ operation: "delete", mediaUUID: stored.mediaUUID });
  expect(Object.keys(deleted)).not.toContain("mediaURL");
  expect((await fetch(z.object({ mediaURL: z.url() }).parse(stored).mediaURL)).status).toBe(404);
  expect(await refusalOf(client.upscale(use))).toMatchObject({ code: "mediaNotFound", parameter: "inputs.video" });
  expect(await refusalOf(client.mediaStorage({ operation: "delete", media: stored.mediaUUID }))).toMatchObject({
    code: "mediaNotFound",
  });

  const again = client.upscale({ model, inputs: { video: result.videoUUID }, deliveryMethod: "async", skipResponse: true });
  await again;
  const second = await server.driver.start();
  expect(second.job.source).toEqual({ kind: "object", key: expect.stringMatching(/^results\//) });
  await server.driver.succeed(second);
});

test.each([
  ["WEBM", 20, "webm"],
  ["MOV", 99, "mov"],
] as const)("7: %s of quality %i is made as asked", async (outputFormat, outputQuality, container) => {
  const client = await connect();
  const upscaled = client.upscale({ model, inputs, outputFormat, outputQuality, ttl: 60, deliveryMethod: "async" });
  const claim = await server.driver.start();
  expect(claim.job.request).toMatchObject({ container, quality: outputQuality });
  expect(claim.job.resultLifetimeSeconds).toBe(60);
  await server.driver.succeed(claim);
  const result = Result.parse(await upscaled);
  expect(result.videoURL.endsWith(`/${result.videoUUID}.${container}`)).toBe(true);
});

test.each([
  [{ outputFormat: "AVI" }, "invalidOutputFormat", "outputFormat"],
  [{ outputQuality: 19 }, "invalidOutputQuality", "outputQuality"],
  [{ outputQuality: 100 }, "invalidOutputQuality", "outputQuality"],
  [{ ttl: 59 }, "invalidTtl", "ttl"],
  [{ model: "bytedance:1@1" }, "invalidModel", "model"],
  [{ inputs: undefined }, "missingInputs", "inputs"],
  [{ upscaleFactor: 2 }, "unsupportedParameter", "upscaleFactor"],
] as const)("8: %j is refused at once as %s", async (changes, code, parameter) => {
  const client = await connect();
  const taskUUID = randomUUID();
  const before = await server.jobs.list(await accountOfAlice(), {});
  const call = client.upscale({ model, inputs, deliveryMethod: "async", taskUUID, ...changes } as Parameters<
    Client["upscale"]
  >[0]);
  expect(await refusalOf(call)).toMatchObject({ code, parameter, taskUUID, taskType: "upscale" });
  expect(await server.jobs.list(await accountOfAlice(), {})).toHaveLength(before.length);
});

async function accountOfAlice(): Promise<string> {
  const account = await server.accounts.identify(server.alice);
  if (account === undefined) throw new Error("alice has no account");
  return account.id;
}

test("9: a UUID that is used twice conflicts, and the first task finishes", async () => {
  const [first, second] = await Promise.all([connect(), connect()]);
  const taskUUID = randomUUID();
  const upscaled = first.upscale({ model, inputs, deliveryMethod: "async", taskUUID });
  const claim = await server.driver.start();
  expect(await refusalOf(second.upscale({ model, inputs, deliveryMethod: "async", taskUUID }))).toMatchObject({
    code: "conflictTaskUUID",
    taskUUID,
  });
  await server.driver.succeed(claim);
  expect(Result.parse(await upscaled).taskUUID).toBe(taskUUID);
});

test("10: a task that nobody knows is not found", async () => {
  const client = await connect();
  const taskUUID = randomUUID();
  expect(await refusalOf(client.getResponse({ taskUUID }))).toMatchObject({
    code: "taskNotFound",
    parameter: "taskUUID",
    taskType: "getResponse",
    taskUUID,
  });
});

test("11: a source that cannot be fetched is acknowledged, and rejects later", async () => {
  const client = await connect();
  const refused = refusalOf(client.upscale({ model, inputs, deliveryMethod: "async" }));
  const claim = await server.driver.start();
  await server.driver.fail(claim, {
    code: "download_failed",
    message: "Downloading failed: status 404.",
    details: { status: 404 },
  });
  expect(await refused).toMatchObject({ code: "failedToTransferVideo", status: "error", taskUUID: expect.any(String) });
});

test.each([["wrong"], [""], ["00000000-0000-4000-8000-000000000000:wrong-secret-of-enough-length"]])(
  "12: the key %j is refused",
  async (apiKey) => {
    const refused = await refusalOf(Runware.initialize({ apiKey, url: server.socketUrl, shouldReconnect: false }));
    expect(refused).toMatchObject({ code: "invalidApiKey", taskType: "authentication" });
  },
);

test("13: heartbeats are answered, and the connection goes on working", { timeout: 60_000 }, async () => {
  const client = await connect({ heartbeatInterval: 10_000 });
  const answered = Promise.withResolvers<string>();
  client["_ws"].on("message", (message: Buffer) => answered.resolve(String(message)));
  expect(JSON.parse(await answered.promise)).toEqual({ data: [{ taskType: "ping", pong: true }] });
  const stored = await client.mediaStorage({ media: clipBytes.toString("base64") });
  expect(stored.mediaUUID).toMatch(/^[0-9a-f-]{36}$/);
});

test("14: a call survives its connection", { timeout: 60_000 }, async () => {
  const client = await connect();
  const polled = Promise.withResolvers<void>();
  const upscaled = client.upscale({ model, inputs, deliveryMethod: "async" });
  const claim = await server.driver.start();
  client["_ws"].on("message", (message: Buffer) => String(message).includes("processing") && polled.resolve());
  await polled.promise;
  server.dropConnections();
  await server.driver.succeed(claim);
  expect(Result.parse(await upscaled).status).toBe("success");
});

test("15: five calls at once get their own results", async () => {
  const client = await connect();
  const ids = Array.from({ length: 5 }, () => randomUUID());
  const calls = ids.map((taskUUID, index) =>
    client.upscale({
      model,
      inputs: { video: `https://example.com/${index}.mp4` },
      taskUUID,
      ...(index % 2 === 0 && { deliveryMethod: "async" }),
    }),
  );
  for (let index = 0; index < calls.length; index += 1) await server.driver.workOnce();
  const results = (await Promise.all(calls)).map((result) => Result.parse(result));
  expect(results.map(({ taskUUID }) => taskUUID)).toEqual(ids);
  expect(new Set(results.map(({ videoUUID }) => videoUUID)).size).toBe(5);
});

test("16: the details of a task are its request and its response", async () => {
  const client = await connect();
  const taskUUID = randomUUID();
  const [result] = await Promise.all([
    client.upscale({ model, inputs, deliveryMethod: "async", taskUUID, outputFormat: "MOV" }),
    server.driver.workOnce(),
  ]);
  expect(await client.getTaskDetails({ taskUUID })).toEqual({
    taskType: "getTaskDetails",
    taskUUID,
    request: [{ taskType: "upscale", taskUUID, model, inputs, deliveryMethod: "async", outputFormat: "MOV" }],
    response: { data: [result] },
  });
});

test("17: the webhook gets the flat object, and a refused call comes again", async () => {
  const bodies: string[] = [];
  const receiver = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(bodies.length === 1 ? 500 : 200).end();
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  onTestFinished(() => void receiver.close());
  const { port } = z.object({ port: z.int() }).parse(receiver.address());
  const client = await connect();
  const webhookURL = `http://127.0.0.1:${port}/hook?token=secret`;
  const { taskUUID } = await client.upscale({
    model,
    inputs,
    webhookURL,
    includeCost: true,
    deliveryMethod: "async",
    skipResponse: true,
  });
  await server.driver.workOnce();
  const [result] = await client.getResponse({ taskUUID });
  server.delivery.start();
  await expect.poll(() => bodies.length, { timeout: 20_000 }).toBe(2);
  expect(bodies.map((body): unknown => JSON.parse(body))).toEqual([result, result]);
});

test("18: an upload endpoint goes with the task", async () => {
  const client = await connect();
  const uploadEndpoint = "https://bucket.example.com/key?X-Amz-Signature=abc";
  const { taskUUID } = await client.upscale({ model, inputs, uploadEndpoint, deliveryMethod: "async", skipResponse: true });
  const claim = await server.driver.start();
  expect(claim.job.uploadUrl).toBe(uploadEndpoint);
  await server.driver.fail(claim, { code: "upload_refused", message: "The result cannot be sent: it answers 403.", details: {} });
  expect(await refusalOf(client.getResponse({ taskUUID }))).toMatchObject({ code: "uploadFailed", status: "error", taskUUID });
});

test("a dry run is acknowledged with a price, and nothing runs", async () => {
  const client = await connect({ dryRun: true });
  const { taskUUID, ...rest } = await client.upscale({ model, inputs, deliveryMethod: "async", skipResponse: true });
  expect(rest).toEqual({ taskType: "upscale", cost: 0 });
  expect(await refusalOf(client.getResponse({ taskUUID }))).toMatchObject({ code: "taskNotFound" });
});
