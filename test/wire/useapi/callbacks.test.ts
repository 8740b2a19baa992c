import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { ReplyReceiver, UseapiClient } from "../../support/useapi-client.ts";
import { makeClip, startUseapiServer, type UseapiServer } from "../../support/useapi-server.ts";

let clock: ManualClock;
let server: UseapiServer;
let client: UseapiClient;
let receiver: ReplyReceiver;
const clip = makeClip(2);
beforeEach(async () => {
  clock = new ManualClock();
  server = await startUseapiServer({ clock });
  client = new UseapiClient(server);
  receiver = await ReplyReceiver.start();
}, 120_000);
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function upload(): Promise<string> {
  return (await client.upload(await clip)).assetId;
}

test("row 7: a receiver is told each status and each further tenth, then the end once with the reference", async () => {
  const { taskId } = await client.start({ videoAssetId: await upload(), replyUrl: receiver.url, replyRef: "order-1" });
  await server.delivery.runDue();
  expect(receiver.told).toEqual([]);
  const claim = await server.driver.start();
  await server.delivery.runDue();
  // Too soon, then far enough, then not a tenth further.
  for (const [seconds, framesDone] of [
    [1, 20],
    [5, 21],
    [60, 29],
    [5, 30],
  ] as const) {
    clock.advance(seconds * 1000);
    await server.jobs.renew(claim, { framesDone, framesTotal: 100 });
    await server.delivery.runDue();
  }
  await server.driver.succeed(claim, { width: 4096, height: 2304 });
  await server.delivery.runDue();
  clock.advance(600_000);
  await server.delivery.runDue();
  expect(receiver.told).toEqual(["RUNNING 0.00", "RUNNING 0.21", "RUNNING 0.30", "SUCCEEDED 1"]);
  expect(new Set(receiver.tasks.map(({ replyRef }) => replyRef))).toEqual(new Set(["order-1"]));
  const [headers] = receiver.headers;
  expect(headers).toMatchObject({ "content-type": "application/json" });
  expect(Object.keys(headers ?? {}).filter((name) => /sign|secret/i.test(name))).toEqual([]);
  const last = receiver.tasks.at(-1);
  expect({ ...last, artifacts: [] }).toEqual({ ...(await client.task(taskId)), artifacts: [] });
  expect(last).toMatchObject({ taskId, replyUrl: receiver.url });
  expect((await fetch(last?.artifacts[0]?.url ?? "")).status).toBe(200);
});

test("row 8: a receiver that answers 500 twice is told the end at the third try, after 5 and 30 seconds", async () => {
  await client.start({ videoAssetId: await upload(), replyUrl: receiver.url });
  const claim = await server.driver.start();
  await server.delivery.runDue();
  receiver.tasks.length = 0;
  receiver.answers = [500, 500];
  await server.driver.succeed(claim);
  await server.delivery.runDue();
  clock.advance(4_999);
  await server.delivery.runDue();
  expect(receiver.told).toHaveLength(1);
  clock.advance(1);
  await server.delivery.runDue();
  expect(receiver.told).toHaveLength(2);
  clock.advance(30_000);
  await server.delivery.runDue();
  expect(receiver.told).toEqual(["SUCCEEDED 1", "SUCCEEDED 1", "SUCCEEDED 1"]);
  expect(await server.delivery.list("local")).toMatchObject([{ state: "delivered", attempts: 3 }, { kind: "progress" }]);
});

test("the end is given up after four tries, progress after one, and redirects are not followed", async () => {
  await client.start({ videoAssetId: await upload(), replyUrl: receiver.url });
  receiver.answers = [302, 500, 500, 500, 500];
  const claim = await server.driver.start();
  await server.delivery.runDue();
  clock.advance(600_000);
  await server.delivery.runDue();
  expect(receiver.told).toEqual(["RUNNING 0.00"]);
  await server.driver.fail(claim, { code: "encode_failed", message: "The encoder broke.", details: {} });
  await server.delivery.runDue();
  for (const seconds of [5, 30, 120, 600, 3600]) {
    clock.advance(seconds * 1000);
    await server.delivery.runDue();
  }
  expect(receiver.told).toEqual(["RUNNING 0.00", ...Array.from({ length: 4 }, () => "FAILED 0.00")]);
  expect(receiver.tasks.at(-1)).toMatchObject({
    error: {
      errorMessage: "The encoder broke.",
      reason: "INTERNAL",
      message: "The encoder broke.",
      moderation_category: null,
      tally_asimov: false,
    },
    artifacts: [],
  });
});

test.each(["scheduler", "tasks"])(
  "row 13: DELETE /%s/{taskId} stops a running task, tells only its end and gives the credits back",
  async (place) => {
    const videoAssetId = await upload();
    const before = await client.usedCredits();
    const { taskId, id } = await client.start({ videoAssetId, replyUrl: receiver.url });
    expect((await client.usedCredits()) - before).toBe(4);
    const claim = await server.driver.start();
    await server.delivery.runDue();
    await server.jobs.renew(claim, { framesDone: 50, framesTotal: 100 });
    expect(await client.call("DELETE", `/${place}/${encodeURIComponent(taskId)}`)).toMatchObject({
      status: 204,
      body: undefined,
    });
    expect(await server.jobs.renew(claim, { framesDone: 60, framesTotal: 100 })).toBe("cancelled");
    await server.delivery.runDue();
    clock.advance(60_000);
    await server.delivery.runDue();
    expect(receiver.told).toEqual(["RUNNING 0.00", "CANCELLED 0.50"]);
    expect((await client.usedCredits()) - before).toBe(0);
    expect((await client.call("GET", "/scheduler/")).body).toEqual([]);
    const read = await client.call("GET", `/tasks/${taskId}`);
    expect(read.status).toBe(place === "tasks" ? 404 : 200);
    for (const method of ["scheduler", "tasks"]) {
      const again = await client.call("DELETE", `/${method}/${taskId}`);
      expect(again.status, method).toBe(method === "tasks" && place === "scheduler" ? 204 : 404);
    }
    expect(await server.jobs.get("local", id)).toBeUndefined();
  },
);

test("the account's own address is called where a task names none", async () => {
  const root = new UseapiClient({ api: server.base });
  expect(await root.call("GET", "/v2/account")).toMatchObject({ status: 200, body: {} });
  expect(await root.call("POST", "/v2/account", { replyUrl: receiver.url })).toMatchObject({
    status: 200,
    body: { replyUrl: receiver.url },
  });
  expect((await root.call("GET", "/v2/account/")).body).toEqual({ replyUrl: receiver.url });
  const videoAssetId = await upload();
  expect(await client.start({ videoAssetId })).toMatchObject({ replyUrl: receiver.url });
  await server.driver.workOnce();
  await server.delivery.runDue();
  expect(receiver.told).toEqual(["SUCCEEDED 1"]);
  await root.call("POST", "/v2/account", { replyUrl: "" });
  expect(await client.start({ videoAssetId })).not.toHaveProperty("replyUrl");
});
