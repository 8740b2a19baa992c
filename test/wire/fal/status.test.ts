import { ApiError, type FalClient, type QueueStatus } from "@fal-ai/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientWays, createClient, endpoint, videoUrl } from "../../support/fal-client.ts";
import { type FalServer, startFalServer } from "../../support/fal-server.ts";
import { ManualClock } from "../../support/manual-clock.ts";

// How the published client follows a request that was submitted before, and what it finds long after the end.

let server: FalServer;
beforeAll(async () => {
  server = await startFalServer();
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const submit = async (client: FalClient): Promise<string> =>
  (await client.queue.submit(endpoint, { input: { video_url: videoUrl } })).request_id;

const messages = (status: QueueStatus | undefined): readonly string[] =>
  status !== undefined && "logs" in status ? (status.logs ?? []).map(({ message }) => message) : [];

function statuses(updates: readonly QueueStatus[]): readonly string[] {
  return updates.map(({ status }) => status).filter((status, index, all) => status !== all[index - 1]);
}

describe.each(clientWays)("by way of %s", (way) => {
  const client = (): FalClient => createClient(server.base, { way });

  test("streamStatus gives every state, each log line once, and ends with the request", async () => {
    const { queue } = client();
    const requestId = await submit(client());
    const stream = await queue.streamStatus(endpoint, { requestId, logs: true });
    const heard: QueueStatus[] = [];
    let work: Promise<void> | undefined;
    for await (const status of stream) {
      heard.push(status);
      work ??= server.driver.workOnce();
    }
    await work;
    expect(statuses(heard)[0]).toBe("IN_QUEUE");
    expect(statuses(heard).at(-1)).toBe("COMPLETED");
    expect(heard.every(({ request_id: id }) => id === requestId)).toBe(true);
    expect(heard.flatMap(messages)).toEqual(["planned", "done"]);
    expect(await stream.done()).toMatchObject({ status: "COMPLETED", metrics: { inference_time: expect.any(Number) } });
    expect(await queue.result(endpoint, { requestId })).toMatchObject({ data: { duration: 10 } });
  });

  test("streamStatus of a request that is over gives its end at once, also when it failed", async () => {
    const { queue } = client();
    const requestId = await submit(client());
    await server.driver.fail(await server.driver.start(), { code: "no_video", message: "why", details: {} });
    const stream = await queue.streamStatus(endpoint, { requestId });
    const heard: QueueStatus[] = [];
    for await (const status of stream) heard.push(status);
    expect(heard).toMatchObject([{ status: "COMPLETED", error_type: "unsupported_video_format" }]);
    expect(heard[0]).not.toHaveProperty("logs");
  });

  test("streamStatus of an unknown request fails", async () => {
    const requestId = "024ca5b1-45d3-4afd-883e-ad3abe2a1c4d";
    const stream = await client().queue.streamStatus(endpoint, { requestId });
    await expect(stream.done()).rejects.toMatchObject({ status: 404, body: { status: "NOT_FOUND" } });
  });

  test.each(["polling", "streaming"] as const)("subscribeToStatus by %s follows a request to its end", async (mode) => {
    const { queue } = client();
    const requestId = await submit(client());
    const heard: QueueStatus[] = [];
    const first = Promise.withResolvers<void>();
    const followed = queue.subscribeToStatus(endpoint, {
      requestId,
      logs: true,
      mode,
      ...(mode === "polling" && { pollInterval: 5 }),
      onQueueUpdate: (status) => {
        heard.push(status);
        first.resolve();
      },
    });
    await first.promise;
    await server.driver.workOnce();
    expect(await followed).toMatchObject({ status: "COMPLETED", request_id: requestId });
    expect(statuses(heard)[0]).toBe("IN_QUEUE");
    expect(statuses(heard).at(-1)).toBe("COMPLETED");
    expect(messages(heard.at(-1))).toEqual(["planned", "done"]);
  });

  test("subscribeToStatus hears that the request was cancelled", async () => {
    const { queue } = client();
    const requestId = await submit(client());
    const followed = queue.subscribeToStatus(endpoint, { requestId, pollInterval: 5 });
    await queue.cancel(endpoint, { requestId });
    expect(await followed).toMatchObject({ status: "COMPLETED", error_type: "client_cancelled" });
  });
});

test("a request is unknown once its result's lifetime is over, its own or the operator's", async () => {
  const clock = new ManualClock(new Date());
  await using other = await startFalServer({ clock });
  const { queue } = createClient(other.base);
  const input = { video_url: videoUrl };
  const { request_id: short } = await queue.submit(endpoint, { input, storageSettings: { expiresIn: 60 } });
  await other.driver.workOnce();
  const { request_id: usual } = await queue.submit(endpoint, { input });
  await other.driver.workOnce();
  const outcome = async (requestId: string): Promise<readonly unknown[]> => {
    const calls = [queue.status(endpoint, { requestId }), queue.result(endpoint, { requestId })];
    const settled = await Promise.allSettled(calls);
    return settled.map((each) => (each.status === "fulfilled" ? "found" : each.reason instanceof ApiError && each.reason.status));
  };
  const { data } = await queue.result(endpoint, { requestId: short });
  const { video } = data as { video: { url: string } }; // of that shape, see client.test.ts

  clock.advance(59_999);
  expect(await outcome(short)).toEqual(["found", "found"]);
  expect((await fetch(video.url)).status).toBe(200);
  clock.advance(1);
  expect(await outcome(short)).toEqual([404, 404]);
  expect((await fetch(video.url)).status).toBe(404);
  expect(await outcome(usual)).toEqual(["found", "found"]);
  const late = await queue.result(endpoint, { requestId: short }).catch((error: unknown) => error);
  expect(late).toMatchObject({ status: 404, body: { status: "NOT_FOUND" } });
  clock.advance(3_540_000);
  expect(await outcome(usual)).toEqual([404, 404]);
});
