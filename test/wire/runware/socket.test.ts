import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  clipBytes,
  pollTask,
  RawSocket,
  type RunwareServer,
  startRunwareServer,
  upscaleTask,
} from "../../support/runware-server.ts";

let server: RunwareServer;
beforeAll(async () => {
  server = await startRunwareServer({ limits: { maxBodyBytes: 100_000 } });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const ping = { taskType: "ping", ping: true };
const pong = { data: [{ taskType: "ping", pong: true }] };

describe("authentication", () => {
  test("is answered with a session and nothing else", async () => {
    const socket = await RawSocket.open(server.socketUrl);
    expect(await socket.ask({ taskType: "authentication", apiKey: server.alice })).toEqual({
      data: [{ taskType: "authentication", connectionSessionUUID: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4/) }],
    });
  });

  test.each([[{ apiKey: "wrong" }], [{ apiKey: "" }], [{}], [{ apiKey: 7 }], [{ apiKey: "x", taskUUID: randomUUID() }]])(
    "with %j is refused in the way that every client reads, and the connection ends a little later",
    async (key) => {
      const socket = await RawSocket.open(server.socketUrl);
      const frame = await socket.ask({ taskType: "authentication", ...key });
      const entry = { code: "invalidApiKey", message: expect.any(String), parameter: "apiKey", taskType: "authentication" };
      expect(frame).toEqual({ errors: [entry], error: entry });
      const refusedAt = performance.now();
      expect((await socket.closed).code).toBe(1008);
      expect(performance.now() - refusedAt).toBeGreaterThan(500);
    },
  );

  test("has to come before tasks, and the connection waits for it", async () => {
    const socket = await RawSocket.open(server.socketUrl);
    const task = upscaleTask();
    expect(await socket.ask(task)).toEqual({
      data: [],
      errors: [expect.objectContaining({ code: "missingApiKey", taskUUID: task.taskUUID, taskType: "upscale" })],
    });
    expect(await socket.ask({ taskType: "authentication", apiKey: server.alice })).toMatchObject({
      data: [{ taskType: "authentication" }],
    });
    expect(await socket.ask(task)).toEqual({ data: [{ taskType: "upscale", taskUUID: task.taskUUID }] });
    await server.driver.workOnce();
  });

  test("holds for what comes right behind it, and pings need none", async () => {
    const socket = await RawSocket.open(server.socketUrl);
    expect(await socket.ask(ping)).toEqual(pong);
    socket.send([{ taskType: "authentication", apiKey: server.alice }]);
    socket.send([ping]);
    socket.send([pollTask(randomUUID())]);
    const frames = [await socket.next(), await socket.next(), await socket.next()];
    expect(frames).toContainEqual(pong);
    expect(frames).toContainEqual({ data: [], errors: [expect.objectContaining({ code: "taskNotFound" })] });
  });

  test("takes any key where none was made", async () => {
    await using open = await startRunwareServer({ isOpen: true });
    const socket = await RawSocket.authenticated(open.socketUrl, "anything");
    expect(socket.session).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("frames", () => {
  test("hold one task's answer each", async () => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    const [good, bad, unknown] = [upscaleTask(), upscaleTask({ ttl: 1 }), pollTask(randomUUID())];
    socket.send([bad, good, unknown]);
    expect(await socket.next()).toMatchObject({ data: [], errors: [{ code: "invalidTtl", taskUUID: bad.taskUUID }] });
    expect(await socket.next()).toEqual({ data: [{ taskType: "upscale", taskUUID: good.taskUUID }] });
    expect(await socket.next()).toMatchObject({ data: [], errors: [{ code: "taskNotFound" }] });
    await server.driver.workOnce();
  });

  test.each([
    ["{ not json", "invalidJSON"],
    ['{"taskType":"ping"}', "invalidPayload"],
    ["[]", "invalidPayload"],
    ["[null]", "invalidPayload"],
  ])("of %s are refused without a UUID, and the connection goes on", async (frame, code) => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    socket.send(frame);
    expect(await socket.next()).toEqual({ data: [], errors: [{ code, message: expect.any(String) }] });
    expect(await socket.ask(ping)).toEqual(pong);
  });

  test("repeat a UUID even where it is wrong", async () => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    expect(await socket.ask(upscaleTask({ taskUUID: "nonsense" }))).toMatchObject({
      errors: [{ code: "invalidTaskUUID", taskUUID: "nonsense" }],
    });
  });

  test("that are too large end the connection, not the server", async () => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    socket.send(`["${"a".repeat(200_000)}"]`);
    await socket.closed;
    expect(await (await RawSocket.open(server.socketUrl)).ask(ping)).toEqual(pong);
  });

  test("many at once are all answered", async () => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    const ids = Array.from({ length: 200 }, () => randomUUID());
    for (const id of ids) socket.send([pollTask(id)]);
    const answered: unknown[] = [];
    while (answered.length < ids.length) answered.push((await socket.next()).errors?.[0]?.["taskUUID"]);
    expect(answered.toSorted()).toEqual(ids.toSorted());
  });
});

test("a synchronous task lets others pass, and is answered once, with its end", async () => {
  const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
  const task = upscaleTask({ deliveryMethod: "sync" });
  socket.send([task]);
  const claim = await server.driver.start();
  expect(await socket.ask(ping)).toEqual(pong);
  await server.driver.succeed(claim);
  expect(await socket.next()).toMatchObject({ data: [{ taskUUID: task.taskUUID, status: "success" }] });
  expect(await socket.ask(ping)).toEqual(pong);
});

test("synchronous tasks past the limit are refused, others are not", async () => {
  await using narrow = await startRunwareServer({ limits: { maxWaits: 1 } });
  const socket = await RawSocket.authenticated(narrow.socketUrl, narrow.alice);
  const [first, second, third] = [
    upscaleTask({ deliveryMethod: "sync" }),
    upscaleTask({ deliveryMethod: "sync" }),
    upscaleTask(),
  ];
  socket.send([first, second, third]);
  expect(await socket.next()).toMatchObject({ errors: [{ code: "rateLimitExceeded", taskUUID: second.taskUUID }] });
  expect(await socket.next()).toEqual({ data: [{ taskType: "upscale", taskUUID: third.taskUUID }] });
  await narrow.driver.workOnce();
  expect(await socket.next()).toMatchObject({ data: [{ taskUUID: first.taskUUID, status: "success" }] });
});

test("a synchronous task that takes too long is told so", async () => {
  await using impatient = await startRunwareServer({ limits: { syncWaitMs: 100 } });
  const socket = await RawSocket.authenticated(impatient.socketUrl, impatient.alice);
  const task = upscaleTask({ deliveryMethod: "sync" });
  expect(await socket.ask(task)).toMatchObject({ errors: [{ code: "syncTimeout", taskUUID: task.taskUUID }] });
});

describe("a session", () => {
  test("that is resumed keeps its name and gets what it missed", async () => {
    const first = await RawSocket.authenticated(server.socketUrl, server.alice);
    const task = upscaleTask({ deliveryMethod: "sync" });
    first.send([task]);
    const claim = await server.driver.start();
    first.close();
    await first.closed;
    const ended = Array.fromAsync(server.jobs.watch(claim.job.id, AbortSignal.timeout(60_000)));
    await server.driver.succeed(claim);
    await ended;
    const second = await RawSocket.authenticated(server.socketUrl, server.alice, first.session);
    expect(second.session).toBe(first.session);
    expect(await second.next()).toMatchObject({ data: [{ taskUUID: task.taskUUID, status: "success" }] });
  });

  test("of another account, or of nobody, begins anew", async () => {
    const alice = await RawSocket.authenticated(server.socketUrl, server.alice);
    const bob = await RawSocket.authenticated(server.socketUrl, server.bob, alice.session);
    expect(bob.session).not.toBe(alice.session);
    const unknown = randomUUID();
    expect((await RawSocket.authenticated(server.socketUrl, server.alice, unknown)).session).not.toBe(unknown);
  });
});

describe("a push", () => {
  test("tells the connection that polled of success, once", async () => {
    const socket = await RawSocket.authenticated(server.socketUrl, server.alice);
    const task = upscaleTask();
    await socket.ask(task);
    for (let polls = 0; polls < 3; polls += 1) {
      expect(await socket.ask(pollTask(task.taskUUID))).toMatchObject({ data: [{ status: "processing" }] });
    }
    await server.driver.workOnce();
    const pushed = await socket.next();
    expect(pushed).toMatchObject({ data: [{ taskType: "upscale", taskUUID: task.taskUUID, status: "success" }] });
    expect(await socket.ask(pollTask(task.taskUUID))).toEqual(pushed);
    expect(await socket.ask(ping)).toEqual(pong);
    expect(socket.waiting).toBe(0);
  });

  test("is not made of failure, nor to the client that polls often enough", async () => {
    const [quiet, often] = [
      await RawSocket.authenticated(server.socketUrl, server.alice),
      await RawSocket.authenticated(`${server.socketUrl}?sdk=js&version=1.3.2`, server.alice),
    ];
    const [fails, succeeds] = [upscaleTask(), upscaleTask()];
    await quiet.ask(fails);
    await quiet.ask(pollTask(fails.taskUUID));
    const claim = await server.driver.start();
    const ended = Array.fromAsync(server.jobs.watch(claim.job.id, AbortSignal.timeout(60_000)));
    await server.driver.fail(claim, { code: "encode_failed", message: "It did not work.", details: {} });
    await ended;
    await often.ask(succeeds);
    await often.ask(pollTask(succeeds.taskUUID));
    await server.driver.workOnce();
    expect(await quiet.ask(pollTask(fails.taskUUID))).toMatchObject({ errors: [{ code: "processingFailed" }] });
    expect(await often.ask(pollTask(succeeds.taskUUID))).toMatchObject({ data: [{ status: "success" }] });
    for (const socket of [quiet, often]) {
      expect(await socket.ask(ping)).toEqual(pong);
      expect(socket.waiting).toBe(0);
    }
  });
});

test("a dry run runs nothing", async () => {
  const socket = await RawSocket.authenticated(`${server.socketUrl}?dryRun=1`, server.alice);
  const task = upscaleTask({ inputs: { video: clipBytes.toString("base64") } });
  expect(await socket.ask(task)).toEqual({ data: [{ taskType: "upscale", taskUUID: task.taskUUID, cost: 0 }] });
  expect(await socket.ask(pollTask(task.taskUUID))).toMatchObject({ errors: [{ code: "taskNotFound" }] });
});

test("silence ends a connection, and talking keeps it", async () => {
  await using brisk = await startRunwareServer({ limits: { idleMs: 300 } });
  const socket = await RawSocket.authenticated(brisk.socketUrl, brisk.alice);
  const openedAt = performance.now();
  while (performance.now() - openedAt < 900) expect(await socket.ask(ping)).toEqual(pong);
  const lastAt = performance.now();
  expect((await socket.closed).code).toBe(1000);
  expect(performance.now() - lastAt).toBeGreaterThan(250);
});

test("pings of a stranger do not keep a connection", async () => {
  await using brisk = await startRunwareServer({ limits: { idleMs: 300 } });
  const socket = await RawSocket.open(brisk.socketUrl);
  const timer = setInterval(() => socket.send([ping]), 50);
  onTestFinished(() => clearInterval(timer));
  expect((await socket.closed).code).toBe(1000);
});

describe("a large frame", () => {
  const frame = `["${"a".repeat(1_000_000)}"]`;

  test("of a stranger is not taken", async () => {
    await using roomy = await startRunwareServer();
    const socket = await RawSocket.open(roomy.socketUrl);
    expect(await socket.ask(ping)).toEqual(pong);
    socket.send(frame);
    expect([1006, 1009]).toContain((await socket.closed).code);
    expect(socket.waiting).toBe(0);
    expect(await (await RawSocket.open(roomy.socketUrl)).ask(ping)).toEqual(pong);
  });

  test("is taken right behind a key", async () => {
    await using roomy = await startRunwareServer();
    const socket = await RawSocket.open(roomy.socketUrl);
    socket.send([{ taskType: "authentication", apiKey: roomy.alice }]);
    socket.send(frame);
    const answers = [await socket.next(), await socket.next()];
    expect(answers).toContainEqual({ data: [expect.objectContaining({ taskType: "authentication" })] });
    expect(answers).toContainEqual({ data: [], errors: [expect.objectContaining({ code: "invalidPayload" })] });
    expect(await socket.ask(ping)).toEqual(pong);
  });

  test("of a stranger may be many small ones instead", async () => {
    const socket = await RawSocket.open(server.socketUrl);
    for (let count = 0; count < 5_000; count += 1) socket.send([{ ...ping, note: "x".repeat(50) }]);
    for (let count = 0; count < 5_000; count += 1) expect(await socket.next()).toEqual(pong);
  });
});

test("a server that closes says so, and does not wait for its clients", async () => {
  const closing = await startRunwareServer();
  const socket = await RawSocket.authenticated(closing.socketUrl, closing.alice);
  socket.send([upscaleTask({ deliveryMethod: "sync" })]);
  await closing.driver.start();
  await closing[Symbol.asyncDispose]();
  expect([1001, 1005, 1006]).toContain((await socket.closed).code);
});

test("other paths do not speak WebSocket", async () => {
  await expect(RawSocket.open(`${server.base.replace("http", "ws")}/v1/other`)).rejects.toThrow("not opened");
});
