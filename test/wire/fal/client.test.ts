import { ApiError, type QueueStatus, ValidationError } from "@fal-ai/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clientWays, createClient, endpoint, videoUrl } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";
import { resultBytes } from "../../support/job-driver.ts";

let server: FalServer;
beforeAll(async () => {
  server = await startFalServer();
}, 60_000);
beforeEach(() => {
  server.seen.length = 0;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function failureOf(call: Promise<unknown>): Promise<ApiError<Record<string, unknown>>> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error("the call did not fail with an ApiError", { cause: error });
}

function statuses(updates: readonly QueueStatus[]): readonly string[] {
  return updates.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]);
}

function messages(update: QueueStatus | undefined): readonly string[] {
  return update !== undefined && "logs" in update && Array.isArray(update.logs) ? update.logs.map(({ message }) => message) : [];
}

describe.each(clientWays)("the published client by way of %s", (way) => {
  const client = () => createClient(server.base, { way });

  test.each(["polling", "streaming"] as const)(
    "subscribes by %s, hears every state in order and each log line once",
    async (mode) => {
      const updates: QueueStatus[] = [];
      const enqueued = Promise.withResolvers<string>();
      const started = Promise.withResolvers<void>();
      const subscribed = client().subscribe(endpoint, {
        input: { video_url: videoUrl },
        logs: true,
        mode,
        ...(mode === "polling" && { pollInterval: 5 }),
        onEnqueue: (id) => enqueued.resolve(id),
        onQueueUpdate: (update) => {
          updates.push({ ...update, ...("logs" in update && { logs: [...(update.logs ?? [])] }) } as QueueStatus); // a copy
          if (messages(update).includes("planned")) started.resolve();
        },
      });
      const claim = await server.driver.start();
      await server.driver.log(claim, "planned");
      await started.promise;
      await server.driver.log(claim, "done");
      await server.driver.succeed(claim);
      const { data, requestId } = await subscribed;

      expect(requestId).toBe(await enqueued.promise);
      expect(statuses(updates).slice(-2)).toEqual(["IN_PROGRESS", "COMPLETED"]);
      expect(["IN_QUEUE", "IN_PROGRESS"]).toContain(statuses(updates)[0]);
      expect(messages(updates.at(-1))).toEqual(["planned", "done"]);
      expect(data).toEqual({
        video: {
          url: expect.stringMatching(/\/out\.mp4$/),
          content_type: "video/mp4",
          file_name: "out.mp4",
          file_size: resultBytes.length,
        },
        duration: 10,
      });
      const file = await fetch((data as { video: { url: string } }).video.url); // checked above
      expect(Buffer.from(await file.arrayBuffer())).toEqual(resultBytes);
    },
  );

  test("runs synchronously, well and with an error of validation", async () => {
    const working = server.driver.workOnce();
    const { data } = await client().run(endpoint, { input: { video_url: videoUrl } });
    await working;
    expect(data).toMatchObject({ duration: 10 });
    const error = await failureOf(client().run(endpoint, { input: { video_url: videoUrl, scale_ratio: 11 } }));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error.status).toBe(422);
    expect(error.requestId).not.toBe("");
  });

  test("meets a validation error as the result of a submit that was accepted", async () => {
    const error = await failureOf(
      client().subscribe(endpoint, { input: { video_url: videoUrl, scale_ratio: 0.5 }, pollInterval: 5 }),
    );
    expect(error).toBeInstanceOf(ValidationError);
    const validation = error as ValidationError; // checked on the line above
    expect(validation.getFieldErrors("scale_ratio")).toEqual([
      {
        loc: ["body", "scale_ratio"],
        msg: "Input should be greater than or equal to 1.1",
        type: "greater_than_equal",
        input: 0.5,
        ctx: { ge: 1.1 },
      },
    ]);
  });

  test("reads status, result and cancel in each state", async () => {
    const { queue } = client();
    const submitted = await queue.submit(endpoint, { input: { video_url: videoUrl } });
    const requestId = submitted.request_id;
    expect(submitted).toMatchObject({ status: "IN_QUEUE", queue_position: 0 });
    expect(await queue.status(endpoint, { requestId })).toMatchObject({ status: "IN_QUEUE", queue_position: 0 });
    const early = await failureOf(queue.result(endpoint, { requestId }));
    expect(early).toMatchObject({ status: 400, body: { detail: "Request is still in progress" } });

    const claim = await server.driver.start();
    await server.driver.log(claim, "planned");
    expect(await queue.status(endpoint, { requestId })).toMatchObject({ status: "IN_PROGRESS", logs: null });
    const withLogs = await queue.status(endpoint, { requestId, logs: true });
    expect(withLogs).toMatchObject({ logs: [{ message: "planned", level: "INFO", source: "USER" }] });

    await queue.cancel(endpoint, { requestId });
    expect(await queue.status(endpoint, { requestId })).toMatchObject({
      status: "COMPLETED",
      error: "Request was cancelled",
      error_type: "client_cancelled",
    });
    const again = await failureOf(queue.cancel(endpoint, { requestId }));
    expect(again).toMatchObject({ status: 400, body: { status: "ALREADY_COMPLETED" } });
    const result = await failureOf(queue.result(endpoint, { requestId }));
    expect(result).toMatchObject({ status: 499, body: { detail: "Request was cancelled", error_type: "client_cancelled" } });
  });

  test("learns that an unknown request is unknown", async () => {
    const { queue } = client();
    const requestId = "024ca5b1-45d3-4afd-883e-ad3abe2a1c4d";
    for (const call of [queue.status, queue.result, queue.cancel]) {
      expect(await failureOf(call(endpoint, { requestId }))).toMatchObject({ status: 404, body: { status: "NOT_FOUND" } });
    }
  });

  test("cancels on the server when its own time is up", async () => {
    const enqueued = Promise.withResolvers<string>();
    const subscribed = client().subscribe(endpoint, {
      input: { video_url: videoUrl },
      timeout: 40,
      pollInterval: 10,
      onEnqueue: (id) => enqueued.resolve(id),
    });
    await expect(subscribed).rejects.toThrow(/timed out/);
    const id = await enqueued.promise;
    for await (const event of server.jobs.watch(id, AbortSignal.timeout(5_000))) if (event.type === "state") break;
    expect((await server.jobs.get("alice", id))?.state).toBe("cancelled");
  });

  test("is told that no worker was free in time, once", async () => {
    const call = failureOf(client().run(endpoint, { input: { video_url: videoUrl }, startTimeout: 1.01 }));
    let swept = 0;
    while (swept === 0) {
      swept = await server.jobs.sweep();
      await new Promise(setImmediate);
    }
    const error = await call;
    expect(error).toMatchObject({ status: 504, isUserTimeout: true });
    expect(server.seen.filter(({ line }) => line.startsWith("POST"))).toHaveLength(1);
  });

  test("is refused without a key and with a wrong one", async () => {
    const wrong = createClient(server.base, { way, credentials: "alice:wrong" });
    const error = await failureOf(wrong.queue.submit(endpoint, { input: { video_url: videoUrl } }));
    expect(error).toMatchObject({ status: 401, body: { detail: "No user found for Key ID and Secret" } });
    const requestId = "024ca5b1-45d3-4afd-883e-ad3abe2a1c4d";
    const status = await failureOf(wrong.queue.status(endpoint, { requestId }));
    expect(status).toMatchObject({ status: 401, body: { detail: "invalid key credentials" } });
  });

  test("sends a video as part of its input, which the server reads without a request", async () => {
    const file = new Blob([resultBytes], { type: "video/mp4" });
    const { request_id: id } = await client().queue.submit(endpoint, { input: { video_url: file } });
    const job = await server.jobs.get("alice", id);
    expect(job?.source).toMatchObject({ kind: "object", key: expect.stringMatching(/^uploads\/fal\/.*\.mp4$/) });
    await client().queue.cancel(endpoint, { requestId: id });
  });

  test.each(["503", "429", "drop"] as const)("makes one job of one call though the first answer is %s", async (mishap) => {
    const before = (await server.jobs.list("alice")).length;
    server.front.mishaps.push(mishap);
    const { request_id: id } = await client().queue.submit(endpoint, { input: { video_url: videoUrl } });
    expect((await server.jobs.list("alice")).length).toBe(before + 1);
    await client().queue.cancel(endpoint, { requestId: id });
  });
});

test("what a submit carries in headers and query reaches the job", async () => {
  const client = createClient(server.base);
  const { request_id: id } = await client.queue.submit(endpoint, {
    input: { video_url: videoUrl, target_resolution: "4k", enhancement_tier: "fast" },
    webhookUrl: "http://127.0.0.1:9/hook",
    priority: "low",
    hint: "anything",
    startTimeout: 600,
    headers: { "x-custom": "1" },
    storageSettings: { expiresIn: "1d" },
  });
  const job = await server.jobs.get("alice", id);
  expect(job).toMatchObject({
    priority: "low",
    webhookUrl: "http://127.0.0.1:9/hook",
    resultLifetimeSeconds: 86_400,
    request: { target: { kind: "box", box: "4k" }, tier: "fast", fps: "keep" },
    source: { kind: "url", url: videoUrl },
  });
  expect((job?.startDeadline?.getTime() ?? 0) - (job?.createdAt.getTime() ?? 0)).toBeGreaterThan(599_000);
  const submit = server.seen.find(({ line }) => line.startsWith("POST /fal/queue"));
  expect(submit?.headers).toMatchObject({ "x-fal-runner-hint": "anything", "x-custom": "1" });
  await client.queue.cancel(endpoint, { requestId: id });
});
