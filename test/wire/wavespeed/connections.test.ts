import { request } from "node:http";
import fastify from "fastify";
import { Client } from "wavespeed";
import { Client as Client02 } from "wavespeed-0-2";
import { expect, test } from "vitest";
import { wavespeedRoutes } from "../../../src/dialects/wavespeed/routes.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { model, startWavespeedServer, type WavespeedServer } from "../../support/wavespeed-server.ts";

const video = "https://example.com/clip.mp4";
const patience = { timeout: 30_000 };

async function jobCount({ database }: WavespeedServer): Promise<number> {
  const [row] = await database.query<{ count: bigint }>("select count(*) as count from jobs");
  return Number(row?.count);
}

async function rememberedCount({ database }: WavespeedServer): Promise<number> {
  const [row] = await database.query<{ count: bigint }>("select count(*) as count from wavespeed_aborted_submits");
  return Number(row?.count);
}

/** A held submit whose caller leaves. */
async function submitAndLeave(server: WavespeedServer, key: string, body: object): Promise<void> {
  const { hostname, port } = new URL(server.base);
  const headers = { authorization: `Bearer ${key}` };
  const before = await jobCount(server);
  const remembered = await rememberedCount(server);
  const call = request({ hostname, port, path: `/api/v3/${model}`, method: "POST", headers });
  call.on("error", () => undefined);
  call.end(JSON.stringify(body));
  await expect.poll(() => jobCount(server), patience).toBe(before + 1);
  const closed = new Promise<void>((resolve) => call.once("close", resolve));
  call.destroy();
  await closed;
  await expect.poll(() => rememberedCount(server), patience).toBe(remembered + 1);
}

test("the same submit after one whose caller left is the same prediction, once and within a minute", async () => {
  const clock = new ManualClock();
  await using server = await startWavespeedServer({ clock });
  const key = await server.newKey({ usd: 5 });
  const held = { video, enable_sync_mode: true };
  await submitAndLeave(server, key, held);
  const again = server.call("POST", `/api/v3/${model}`, { key, body: held });
  await expect.poll(() => rememberedCount(server), patience).toBe(0);
  expect(await jobCount(server)).toBe(1);
  const claim = await server.driver.start();
  await server.driver.succeed(claim);
  expect((await again).body.data).toMatchObject({ id: claim.job.id.replaceAll("-", ""), status: "completed" });
  expect((await server.call("GET", "/api/v3/balance", { key })).body.data).toEqual({ balance: 4.8 });

  // Answered well, so the next one is new; as are those of others, of another body, and after a minute.
  await submitAndLeave(server, key, held);
  const other = server.call("POST", `/api/v3/${model}`, { key: await server.newKey(), body: { video } });
  const changed = server.call("POST", `/api/v3/${model}`, { key, body: { video, enable_sync_mode: false } });
  await Promise.all([other, changed]);
  expect(await jobCount(server)).toBe(4);
  clock.advance(61_000);
  await submitAndLeave(server, key, held).catch(() => undefined);
  expect(await jobCount(server)).toBe(5);
});

test("a prediction that was deleted meanwhile is not given out again", async () => {
  await using server = await startWavespeedServer({ settings: { syncSeconds: 0.2 } });
  const key = await server.newKey();
  await using patient = await startWavespeedServer();
  const patientKey = await patient.newKey();
  const held = { video, enable_sync_mode: true };
  await submitAndLeave(patient, patientKey, held);
  const { items } = (await patient.call("POST", "/api/v3/predictions", { key: patientKey, body: {} })).body.data;
  await patient.call("POST", "/api/v3/predictions/delete", { key: patientKey, body: { ids: [items[0].id] } });
  const again = patient.call("POST", `/api/v3/${model}`, { key: patientKey, body: held });
  const claim = await patient.driver.start();
  await patient.driver.succeed(claim);
  expect((await again).body.data).toMatchObject({ status: "completed" });
  expect((await again).body.data.id).not.toBe(items[0].id);
  // Two at once that both are answered are two.
  const both = await Promise.all([1, 2].map(() => server.call("POST", `/api/v3/${model}`, { key, body: { video } })));
  expect(new Set(both.map(({ body }) => body.data.id)).size).toBe(2);
});

test("the client before gives up on a held submit and sends it again: it stays one prediction", async () => {
  await using server = await startWavespeedServer();
  const client = new Client02(await server.newKey(), { baseUrl: server.base, connectionTimeout: 1, retryInterval: 0.05 });
  const running = client.run(model, { video }, { enableSyncMode: true });
  const submits = () => server.seen.filter(({ line }) => line.startsWith("POST")).length;
  await expect.poll(submits, patience).toBeGreaterThanOrEqual(3);
  await server.driver.workOnce();
  expect(await running).toMatchObject({ outputs: [expect.any(String)] });
  expect(await jobCount(server)).toBe(1);
});

test("a wait ends when the server closes, and says that the task goes on", async () => {
  const closing = new AbortController();
  await using server = await startWavespeedServer({ parts: { closing: closing.signal } });
  const waiting = server.call("POST", `/api/v3/${model}`, { body: { video, enable_sync_mode: true } });
  await expect.poll(() => jobCount(server), patience).toBe(1);
  closing.abort();
  const { status, body } = await waiting;
  expect(status).toBe(200);
  expect(body).toMatchObject({ code: 200, data: { status: "processing", code: 5004 } });
  expect(body.data.error).toMatch(
    /^Sync mode timed out after \d+ seconds\. The prediction is still processing asynchronously\.$/,
  );
});

test("a prediction that is deleted during the wait is gone for whoever waits", async () => {
  await using server = await startWavespeedServer();
  const key = await server.newKey();
  const waiting = server.call("POST", `/api/v3/${model}`, { key, body: { video, enable_sync_mode: true } });
  const { job } = await server.driver.start();
  await server.call("POST", "/api/v3/predictions/delete", { key, body: { ids: [job.id.replaceAll("-", "")] } });
  expect((await waiting).body).toEqual({ code: 404, message: "prediction not found" });
});

test("a client's wait outlasts the server's restart", async () => {
  await using server = await startWavespeedServer();
  const running = new Client(await server.newKey(), { baseUrl: server.base }).run(model, { video });
  const claim = await server.driver.start();
  const reads = () => server.seen.filter(({ line }) => line.endsWith("/result")).length;
  await expect.poll(reads, patience).toBeGreaterThan(0);
  const port = Number(new URL(server.base).port);
  server.app.server.closeAllConnections();
  await server.app.close();
  // Handed back as a stopping worker does, and taken up again.
  await server.jobs.handBack(claim);
  const restarted = fastify();
  let readsAfter = 0;
  restarted.addHook("onRequest", async () => void (readsAfter += 1));
  await restarted.register(wavespeedRoutes({ ...server.parts, ...server.settings }));
  await restarted.listen({ host: "127.0.0.1", port });
  try {
    const resumed = await server.driver.start();
    expect(resumed.job.id).toBe(claim.job.id);
    await server.driver.succeed(resumed);
    expect(await running).toMatchObject({ outputs: [expect.stringContaining(server.base)] });
    expect(readsAfter).toBeGreaterThan(0);
  } finally {
    restarted.server.closeAllConnections();
    await restarted.close();
  }
});
