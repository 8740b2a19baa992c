import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { JobResult } from "../../../src/domain/job.ts";
import { DeliveryList } from "../../../src/server/native/deliveries.ts";
import { operations } from "../../../src/server/native/openapi.ts";
import { NativeClient } from "../../support/native-client.ts";
import { type NativeServer, startNativeServer } from "../../support/native-server.ts";

// The native API's own documents of a job, with a worker's part done by hand.

const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()) }),
});
const body = { video_url: "https://example.com/clip.mp4", tier: "fast", scale: 2 };
const result: JobResult = {
  objectKey: "results/x/result.mp4",
  fileName: "clip-upscaled.mp4",
  contentType: "video/mp4",
  sizeBytes: 1,
  durationSeconds: 2,
  width: 3,
  height: 4,
  frames: 5,
};

let server: NativeServer;
let alice: NativeClient;
let bob: NativeClient;
beforeAll(async () => {
  server = await startNativeServer();
  const keyed = async (name: string): Promise<NativeClient> =>
    new NativeClient(server.base, (await server.accounts.createKey({ name })).credential);
  [alice, bob] = [await keyed("alice"), await keyed("bob")];
}, 60_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function failureOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { code, message } = Failure.parse(await response.json()).error;
  return { status: response.status, code, message };
}

describe("a job's report", () => {
  test("is there once the job has succeeded, for its own account only", async () => {
    const { id } = await alice.submit(body);
    const path = `/api/jobs/${id}/report`;
    expect(await failureOf(await alice.fetch(path))).toEqual({
      status: 404,
      code: "object_not_found",
      message: "The job has no report yet; it gets one when it succeeds.",
    });
    const claim = await server.driver.start();
    const report = { frames: { source: 5, written: 5 }, checks: [{ name: "duration", passed: true }] };
    await server.jobs.succeed(claim, result, report);
    const response = await alice.fetch(path);
    expect([response.status, await response.json()]).toEqual([200, report]);
    expect(await failureOf(await bob.fetch(path))).toMatchObject({ status: 404, code: "job_not_found" });
    const stranger = new NativeClient(server.base);
    expect(await failureOf(await stranger.fetch(path))).toMatchObject({ status: 401, code: "unauthorized" });
  });

  test("is none where a job failed, kept none, or does not exist", async () => {
    const failed = await alice.submit(body);
    await server.driver.fail(await server.driver.start(), { code: "decode_failed", message: "Damaged.", details: {} });
    expect(await failureOf(await alice.fetch(`/api/jobs/${failed.id}/report`))).toEqual({
      status: 404,
      code: "object_not_found",
      message: "The job is failed and has no report.",
    });
    const lost = await alice.submit(body);
    await server.jobs.succeed(await server.driver.start(), result, null);
    expect(await failureOf(await alice.fetch(`/api/jobs/${lost.id}/report`))).toMatchObject({
      code: "object_not_found",
      message: expect.stringMatching(/not kept/),
    });
    for (const id of [randomUUID(), "not-a-job", "%27"]) {
      expect(await failureOf(await alice.fetch(`/api/jobs/${id}/report`))).toMatchObject({ status: 404, code: "job_not_found" });
    }
  });
});

describe("a job's deliveries", () => {
  test("are listed with their outcome and sent again, for its own account only", async () => {
    await using target = await Target.start();
    const { id } = await alice.submit({ ...body, webhook_url: `${target.url}/hook?token=secret` });
    const list = async (): Promise<z.infer<typeof DeliveryList>["deliveries"]> =>
      DeliveryList.parse(await (await alice.fetch(`/api/jobs/${id}/deliveries`)).json()).deliveries;
    expect(await list()).toEqual([]);
    await server.driver.workOnce();
    const [waiting] = await list();
    expect(waiting).toMatchObject({ job_id: id, state: "waiting", attempts: 0, last_status: null, delivered_at: null });
    expect(waiting?.url).toBe(`${target.url}/hook`);

    target.status = 500;
    await server.delivery.runDue();
    expect(await list()).toMatchObject([{ state: "waiting", attempts: 1, last_status: 500, last_error: expect.any(String) }]);
    target.status = 200;
    server.clock.advance(60_000);
    await server.delivery.runDue();
    expect(await list()).toMatchObject([{ state: "delivered", attempts: 2, last_status: 200, last_error: null }]);
    expect((await list())[0]?.delivered_at).toBe(server.clock.now().toISOString());

    const resend = `/api/deliveries/${waiting?.id}/resend`;
    expect(await failureOf(await bob.post(resend, {}))).toMatchObject({ status: 404, code: "object_not_found" });
    await server.delivery.runDue();
    expect(target.hits).toBe(2);
    const sent = await alice.post(resend, {});
    expect([sent.status, await sent.json()]).toEqual([202, { id: waiting?.id, state: "waiting" }]);
    await server.delivery.runDue();
    expect(target.hits).toBe(3);
    expect(target.lastUrl).toBe("/hook?token=secret");
  });

  test("of what does not exist are refused", async () => {
    for (const id of [randomUUID(), "not-an-id"]) {
      expect(await failureOf(await alice.fetch(`/api/jobs/${id}/deliveries`))).toMatchObject({ code: "job_not_found" });
      expect(await failureOf(await alice.post(`/api/deliveries/${id}/resend`, {}))).toMatchObject({
        status: 404,
        code: "object_not_found",
        message: "There is no such delivery.",
      });
    }
    const { id } = await alice.submit(body);
    expect(await failureOf(await bob.fetch(`/api/jobs/${id}/deliveries`))).toMatchObject({ status: 404, code: "job_not_found" });
    await alice.post(`/api/jobs/${id}/cancel`, {});
  });
});

test("a running job says how many seconds are left", async () => {
  const { id } = await alice.submit(body);
  expect(await alice.job(id)).toMatchObject({ state: "queued", seconds_left: null });
  const claim = await server.driver.start();
  server.clock.advance(30_000);
  expect(await alice.job(id)).toMatchObject({ state: "running", seconds_left: null });
  await server.jobs.renew(claim, { framesDone: 25, framesTotal: 100 });
  expect(await alice.job(id)).toMatchObject({ progress: 0.25, seconds_left: 90 });
  await server.driver.succeed(claim);
  expect(await alice.job(id)).toMatchObject({ state: "succeeded", seconds_left: null });
});

test("every operation of the OpenAPI document is served", async () => {
  for (const { method, path, isPublic } of operations) {
    if (isPublic === true || path === "/api/health") continue;
    const response = await new NativeClient(server.base).fetch(path.replaceAll("{id}", randomUUID()), {
      method: method.toUpperCase(),
    });
    // Without a key: an operation that is not there would be a 404.
    expect([method, path, response.status]).toEqual([method, path, 401]);
  }
});

/** A target for callbacks whose answer a test chooses. */
class Target implements AsyncDisposable {
  status = 200;
  hits = 0;
  lastUrl = "";
  readonly #server: Server;

  private constructor(httpServer: Server) {
    this.#server = httpServer;
    httpServer.on("request", (request, response) => {
      this.hits += 1;
      this.lastUrl = request.url ?? "";
      response.statusCode = this.status;
      response.end();
    });
  }

  static async start(): Promise<Target> {
    const httpServer = createServer();
    await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
    return new Target(httpServer);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // listens on TCP
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
