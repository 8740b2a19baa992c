import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createAddressGuard } from "../../src/core/address.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import type { Job } from "../../src/domain/job.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import type { WebhookEncoder } from "../../src/domain/webhook.ts";
import type { JobClaim } from "../../src/jobs/job-runner.ts";
import { type DialectServer, startDialectServer } from "../support/dialect-server.ts";
import { ManualClock } from "../support/manual-clock.ts";

const timeoutMs = 1_000;
const clock = new ManualClock();
let server: DialectServer;
let target: Server;
let url: string;
let received: string[] = [];
/** How the target answers its next calls; 200 after that. */
let answers: ((response: ServerResponse) => void)[] = [];
let arrived = Promise.withResolvers<void>();

/** Tells every further tenth. */
const encoder: WebhookEncoder = {
  encode: (job) => ({ body: job.state, contentType: "text/plain", facts: {} }),
  encodeProgress: ({ progress }, told) => {
    const tenths = Math.floor(progress * 10);
    if (told !== undefined && Number(told.facts["tenths"]) >= tenths) return undefined;
    return { body: `${tenths}`, contentType: "text/plain", facts: { tenths: String(tenths) } };
  },
  retry: { delaysSeconds: [5], timeoutMs },
  headers: () => ({}),
};

beforeEach(async () => {
  received = [];
  answers = [];
  arrived = Promise.withResolvers();
  target = createServer(async (request, response) => {
    received.push(await text(request));
    (answers.shift() ?? ((reply: ServerResponse) => reply.end()))(response);
    arrived.resolve();
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const { port } = target.address() as AddressInfo; // listens on TCP
  url = `http://127.0.0.1:${port}/hook`;
});
afterEach(async () => {
  target.closeAllConnections();
  target.close();
  await server[Symbol.asyncDispose]();
});

async function startServer(webhooks: WebhookEncoder = encoder): Promise<void> {
  server = await startDialectServer({ dialect: "useapi", routes: () => async () => undefined, webhooks: () => webhooks, clock });
}

/** Another process on the same database. */
function secondSender(): DeliveryService {
  const allowAddress = createAddressGuard(["127.0.0.0/8"]);
  return createDelivery({
    database: server.database,
    jobs: { onFinished: () => undefined, onProgress: () => undefined },
    send: (to, options) => safeSend(to, { ...options, allowAddress }),
    encoders: { useapi: encoder },
    clock,
    logger: silentLogger,
  });
}

async function startJob(webhookUrl = url): Promise<JobClaim> {
  await server.jobs.submit({
    accountId: "local",
    dialect: "useapi",
    request: defaultRequest,
    source: { kind: "object", key: "inputs/none" },
    webhookUrl,
    reserveMicros: 0n,
  });
  return await server.driver.start();
}

async function advance(claim: JobClaim, framesDone: number): Promise<void> {
  expect(await server.jobs.renew(claim, { framesDone, framesTotal: 100 })).toBe("held");
}

test("progress is told in order as it is made, and the end last", async () => {
  await startServer();
  const claim = await startJob();
  await server.delivery.runDue();
  for (const framesDone of [12, 15, 31]) await advance(claim, framesDone);
  await server.delivery.runDue();
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  expect(received).toEqual(["0", "1", "3", "succeeded"]);
  expect((await server.delivery.list("local")).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    "end delivered",
    ...Array.from({ length: 3 }, () => "progress delivered"),
  ]);
});

test("progress is tried once only, the end again and again", async () => {
  await startServer();
  answers = [(reply) => reply.writeHead(503).end(), (reply) => reply.writeHead(503).end()];
  const claim = await startJob();
  await server.delivery.runDue();
  clock.advance(3_600_000);
  await server.delivery.runDue();
  expect(received).toEqual(["0"]);
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  clock.advance(5_000);
  await server.delivery.runDue();
  expect(received).toEqual(["0", "succeeded", "succeeded"]);
  const [end, progress] = await server.delivery.list("local");
  expect(end).toMatchObject({ kind: "end", state: "delivered", attempts: 2 });
  expect(progress).toMatchObject({ kind: "progress", state: "failed", attempts: 1, lastStatus: 503 });
  expect(await server.delivery.resend("local", progress?.id ?? "")).toBe(false);
  expect(await server.delivery.resend("local", end?.id ?? "")).toBe(true);
});

test("what was not told yet when the job ends is not told any more", async () => {
  await startServer();
  const claim = await startJob();
  await advance(claim, 50);
  await server.driver.fail(claim, { code: "internal", message: "It broke.", details: {} });
  await server.delivery.runDue();
  expect(received).toEqual(["failed"]);
});

test("the end waits for progress that is being told, whoever sends", async () => {
  await startServer();
  const held = Promise.withResolvers<ServerResponse>();
  answers = [held.resolve];
  const claim = await startJob();
  const sending = server.delivery.runDue();
  const response = await held.promise;
  await advance(claim, 50);
  await server.driver.succeed(claim);
  await secondSender().runDue();
  expect(received).toEqual(["0"]);
  response.end();
  await sending;
  expect(received).toEqual(["0", "succeeded"]);
});

test("a target that does not answer holds the end up for no longer than the timeout, and the job not at all", async () => {
  await startServer();
  answers = [() => undefined];
  const claim = await startJob();
  const sending = server.delivery.runDue();
  await arrived.promise;
  await server.driver.succeed(claim);
  expect(await server.jobs.get("local", claim.job.id)).toMatchObject({ state: "succeeded" });
  await sending;
  expect(received).toEqual(["0", "succeeded"]);
  expect(await server.delivery.list("local")).toMatchObject([
    { kind: "end", state: "delivered" },
    { kind: "progress", state: "failed", lastError: "there was no answer within 1 s" },
  ]);
});

test("an attempt that its process took along is not made again, and the end comes after it", async () => {
  await startServer();
  const claim = await startJob();
  // What a process leaves that was killed in the middle of an attempt.
  await server.database.query("update deliveries set attempts = 1, leased_until = $1", [new Date(clock.now().getTime() + 2_000)]);
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  expect(received).toEqual([]);
  clock.advance(2_000);
  await server.delivery.runDue();
  expect(received).toEqual(["succeeded"]);
  expect(await server.delivery.list("local")).toMatchObject([{ kind: "end" }, { kind: "progress", state: "failed" }]);
});

test("progress that is reported late is not told after the end", async () => {
  const listeners: ((job: Job) => Promise<void>)[] = [];
  await startServer();
  createDelivery({
    database: server.database,
    jobs: { onFinished: () => undefined, onProgress: (listener) => void listeners.push(listener) },
    send: safeSend,
    encoders: { useapi: encoder },
    clock,
    logger: silentLogger,
  });
  const claim = await startJob();
  await server.driver.succeed(claim);
  for (const listener of listeners) await listener({ ...claim.job, progress: 0.9 });
  expect(listeners).toHaveLength(1);
  await server.delivery.runDue();
  expect(received).toEqual(["succeeded"]);
});

test("an encoder that breaks and a database that is away are not the job's concern", async () => {
  await startServer({
    ...encoder,
    encodeProgress: () => {
      throw new Error("broken");
    },
  });
  const claim = await startJob();
  await advance(claim, 50);
  await server.database.query("alter table deliveries rename to deliveries_away");
  await advance(claim, 60);
  await server.database.query("alter table deliveries_away rename to deliveries");
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  expect(received).toEqual(["succeeded"]);
});

test("targets that are no address and dialects that tell only the end are told no progress", async () => {
  const { encodeProgress: _, ...endOnly } = encoder;
  await startServer(endOnly);
  const claim = await startJob();
  await advance(claim, 50);
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  expect(received).toEqual(["succeeded"]);
});

test("two jobs told to the same target do not wait for each other", async () => {
  await startServer();
  const held = Promise.withResolvers<ServerResponse>();
  answers = [held.resolve];
  const first = await startJob();
  const sending = server.delivery.runDue();
  const response = await held.promise;
  const second = await startJob();
  await server.driver.succeed(second);
  await secondSender().runDue();
  expect(received).toEqual(["0", "succeeded"]);
  response.end();
  await sending;
  await server.driver.succeed(first);
  await server.delivery.runDue();
  expect(received).toEqual(["0", "succeeded", "succeeded"]);
});

test("a target that takes its time does not keep others from being told by the same process", async () => {
  await startServer();
  const held = Promise.withResolvers<ServerResponse>();
  answers = [held.resolve];
  await startJob();
  const sending = server.delivery.runDue();
  const response = await held.promise;
  arrived = Promise.withResolvers();
  const second = await startJob();
  await server.driver.succeed(second);
  clock.advance(5_000);
  await arrived.promise;
  expect(received).toEqual(["0", "succeeded"]);
  response.end();
  await sending;
});
