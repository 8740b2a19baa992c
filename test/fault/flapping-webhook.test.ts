import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createAddressGuard } from "../../src/core/address.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import { defaultRetrySchedule } from "../../src/delivery/delivery.ts";
import type { WebhookEncoder } from "../../src/domain/webhook.ts";
import { createTestDatabase, type TestDatabase } from "../support/databases.ts";
import { ManualClock } from "../support/manual-clock.ts";

const encoder: WebhookEncoder = {
  encode: () => undefined,
  headers: (_message, at) => ({ "x-signed-at": String(at.getTime()) }),
};
const clock = new ManualClock();
let made: TestDatabase;
let target: Server;
let url: string;
const received: { readonly body: string; readonly headers: IncomingMessage["headers"] }[] = [];
/** How the target answers its next calls; 200 after that. */
let answers: ((response: ServerResponse) => void)[] = [];

beforeAll(async () => {
  made = await createTestDatabase("embedded");
  target = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      (answers.shift() ?? ((reply) => reply.end()))(response);
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo; // listens on TCP
  url = `http://127.0.0.1:${port}/hook?secret=1`;
});
beforeEach(async () => {
  received.length = 0;
  answers = [];
  await made.database.query("delete from deliveries");
});
afterAll(async () => {
  target.closeAllConnections();
  target.close();
  await made[Symbol.asyncDispose]();
});

function service(allow: readonly string[] = ["127.0.0.0/8"], timeoutMs = defaultRetrySchedule.timeoutMs): DeliveryService {
  const allowAddress = createAddressGuard(allow);
  return createDelivery({
    database: made.database,
    jobs: { onFinished: () => undefined, onProgress: () => undefined },
    send: (to, options) => safeSend(to, { ...options, allowAddress }),
    encoders: { fal: encoder },
    clock,
    logger: silentLogger,
    retry: { ...defaultRetrySchedule, timeoutMs },
  });
}

const message = { body: '{"a":1}', contentType: "application/json", facts: {} };

async function enqueue(delivery: DeliveryService, to = url, jobId = randomUUID()): Promise<void> {
  await made.database.transaction((transaction) =>
    delivery.enqueue(transaction, { jobId, accountId: "alice", dialect: "fal", url: to, message }),
  );
}

const status = (code: number) => (response: ServerResponse) => {
  response.writeHead(code, code === 302 ? { location: "/elsewhere" } : {});
  response.end();
};

test("a target that fails, redirects and hangs up is told in the end, with a new signature each time", async () => {
  answers = [status(500), status(302), (response) => response.destroy()];
  await enqueue(service());
  // A new service for each attempt, as after a restart.
  for (const delaySeconds of [0, 10, 20, 40]) {
    clock.advance(delaySeconds * 1000);
    await service().runDue();
  }
  expect(received.map(({ body }) => body)).toEqual(Array(4).fill(message.body));
  expect(new Set(received.map(({ headers }) => headers["x-signed-at"])).size).toBe(4);
  expect(await service().list("alice")).toMatchObject([
    { state: "delivered", attempts: 4, lastStatus: 200, nextAttemptAt: undefined },
  ]);
  await service().runDue();
  expect(received).toHaveLength(4);
});

test("nothing is sent before it is due", async () => {
  answers = [status(503)];
  const delivery = service();
  await enqueue(delivery);
  await delivery.runDue();
  clock.advance(9_999);
  await delivery.runDue();
  expect(received).toHaveLength(1);
});

test("ten retries over two hours, then it is over until someone sends it again", async () => {
  const delivery = service();
  answers = Array.from({ length: 11 }, () => status(500));
  await enqueue(delivery);
  await delivery.runDue();
  for (const delaySeconds of defaultRetrySchedule.delaysSeconds) {
    clock.advance(delaySeconds * 1000);
    await delivery.runDue();
  }
  expect(defaultRetrySchedule.delaysSeconds.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(7200, -2);
  const [failed] = await delivery.list("alice");
  expect(failed).toMatchObject({ state: "failed", attempts: 11, lastError: "the target answers 500" });
  expect(await delivery.resend("bob", failed?.id ?? "")).toBe(false);
  expect(await delivery.resend("alice", failed?.id ?? "")).toBe(true);
  await delivery.runDue();
  expect(await delivery.list("alice")).toMatchObject([{ state: "delivered" }]);
});

test("a target that never answers is given up on in time", async () => {
  answers = [() => undefined];
  const delivery = service(undefined, 50);
  await enqueue(delivery);
  await delivery.runDue();
  expect(await delivery.list("alice")).toMatchObject([{ state: "waiting", lastError: "there was no answer within 0.05 s" }]);
});

test("a target that switches protocols is given up on in time", async () => {
  const switches = (response: ServerResponse) => {
    response.writeHead(101, { connection: "upgrade", upgrade: "other" });
    response.end();
  };
  answers = [switches];
  const delivery = service(undefined, 50);
  await enqueue(delivery);
  await delivery.runDue();
  expect(await delivery.list("alice")).toMatchObject([{ state: "waiting", attempts: 1, lastError: expect.any(String) }]);
});

test("private targets are refused unless allowed", async () => {
  const delivery = service([]);
  await enqueue(delivery);
  await delivery.runDue();
  expect(received).toHaveLength(0);
  expect(await delivery.list("alice")).toMatchObject([
    { state: "waiting", lastError: "127.0.0.1 is not on the public internet" },
  ]);
});

test("one job tells one target once, and what is no address is not told", async () => {
  const delivery = service();
  const jobId = randomUUID();
  await enqueue(delivery, url, jobId);
  await enqueue(delivery, url, jobId);
  await enqueue(delivery, "not a url");
  await delivery.runDue();
  expect(received).toHaveLength(1);
});

test("two processes send a due delivery once", async () => {
  await enqueue(service());
  await Promise.all([service().runDue(), service().runDue()]);
  expect(received).toHaveLength(1);
});

test("a delivery whose transaction is undone is not sent", async () => {
  const delivery = service();
  const undone = made.database.transaction(async (transaction) => {
    await delivery.enqueue(transaction, { jobId: randomUUID(), accountId: "alice", dialect: "fal", url, message });
    throw new Error("undo");
  });
  await expect(undone).rejects.toThrow("undo");
  await delivery.runDue();
  expect(received).toHaveLength(0);
});
