import { expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { isGenuine, startReceiver } from "../../support/wavespeed-receiver.ts";
import { model, startWavespeedServer } from "../../support/wavespeed-server.ts";

const video = "https://example.com/clip.mp4";

test("a target that fails twice is told a third time, with the same id and a fresh signature", async () => {
  const clock = new ManualClock();
  await using server = await startWavespeedServer({ clock });
  await using receiver = await startReceiver([500, 500, 200]);
  const key = await server.newKey();
  const { secret } = (await server.call("GET", "/api/v3/webhook/secret", { key })).body.data as { secret: string };
  expect(secret).toMatch(/^whsec_[\w-]{43}$/);
  expect((await server.call("GET", "/api/v3/webhook/secret", { key })).body.data).toEqual({ secret });
  expect((await server.call("GET", "/api/v3/webhook/secret", { key: await server.newKey() })).body.data.secret).not.toBe(secret);

  const query = new URLSearchParams({ webhook: receiver.url });
  const body = { video, webhook_url: "https://example.com/never" };
  const submitted = await server.call("POST", `/api/v3/${model}?${query}`, { key, body });
  const id = String(submitted.body.data.id);
  const claim = await server.driver.start();
  await server.delivery.runDue();
  expect(receiver.received).toHaveLength(0);
  await server.driver.succeed(claim);

  for (const [waitMs, count] of [
    [0, 1],
    [4_999, 1],
    [1, 2],
    [29_999, 2],
    [1, 3],
    [600_000, 3],
  ] as const) {
    clock.advance(waitMs);
    await server.delivery.runDue();
    expect(receiver.received).toHaveLength(count);
    const last = receiver.received.at(-1);
    if (last !== undefined && waitMs < 1000) expect(isGenuine(last, secret, clock.now().getTime())).toBe(true);
  }
  const { received } = receiver;
  expect(received.map(({ headers }) => headers["webhook-id"])).toEqual([id, id, id]);
  expect(new Set(received.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(3);
  expect(new Set(received.map(({ headers }) => headers["webhook-signature"])).size).toBe(3);
  expect(new Set(received.map(({ headers }) => headers["content-type"]))).toEqual(new Set(["application/json"]));
  const [first] = received;
  const read = await server.call("GET", `/api/v3/predictions/${id}/result`, { key });
  expect(JSON.parse(first?.body ?? "")).toEqual({ ...read.body.data, input: body });
  expect(isGenuine({ headers: first?.headers ?? {}, body: `${first?.body} ` }, secret, clock.now().getTime())).toBe(false);
});

test("a target that never answers well is told four times", async () => {
  const clock = new ManualClock();
  await using server = await startWavespeedServer({ clock });
  await using receiver = await startReceiver([302]);
  await server.call("POST", `/api/v3/${model}`, { body: { video, webhook_url: receiver.url } });
  await server.driver.workOnce();
  for (const waitMs of [0, 5_000, 30_000, 120_000, 600_000]) {
    clock.advance(waitMs);
    await server.delivery.runDue();
  }
  expect(receiver.received).toHaveLength(4);
});

test("a failed task is told with its code", async () => {
  await using server = await startWavespeedServer();
  await using receiver = await startReceiver([200]);
  await server.call("POST", `/api/v3/${model}`, { body: { video, webhook_url: receiver.url } });
  const claim = await server.driver.start();
  await server.driver.fail(claim, { code: "encode_failed", message: "secret path /x", details: {} });
  await server.delivery.runDue();
  expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
    status: "failed",
    code: 1405,
    error: "execution failed",
    outputs: [],
    input: { video },
  });
});
