import fastify from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAddressGuard } from "../../../src/core/address.ts";
import { runwayRoutes } from "../../../src/dialects/runway/routes.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { makeClip } from "../../support/runway-clips.ts";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";
import { file, type SourceHost, startSourceHost, status } from "../../support/runway-sources.ts";

const model = "upscale_v1";
let sources: SourceHost;
beforeAll(async () => {
  const clip = await makeClip(1);
  const held = Promise.withResolvers<void>();
  sources = await startSourceHost({
    "/source.mp4": file(clip),
    "/held.mp4": (request, response) => void held.promise.then(() => file(clip)(request, response)),
    "/release": (request, response) => {
      held.resolve();
      status(204)(request, response);
    },
  });
}, 120_000);
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
});

const headersOf = (key: string, retries: number) => ({
  authorization: `Bearer ${key}`,
  "x-runway-version": "2024-11-06",
  "x-stainless-retry-count": String(retries),
});

async function send(base: string, headers: Record<string, string>, place: string): Promise<string> {
  const body = JSON.stringify({ model, videoUri: `${sources.base}${place}` });
  const response = await fetch(`${base}/v1/video_upscale`, { method: "POST", headers, body });
  return ((await response.json()) as { id: string }).id;
}

test("a create that comes again in another process, while the first is still looked at, is one task with it", async () => {
  await using server = await startRunwayServer();
  await using other = await startSecondProcess(server);
  const { id: accountId, key } = await server.account();
  const first = send(server.base, headersOf(key, 0), "/held.mp4");
  while (!sources.seen.some(({ path }) => path === "/held.mp4")) await new Promise(setImmediate);
  const second = send(other.base, headersOf(key, 1), "/held.mp4");
  while (sources.seen.filter(({ path }) => path === "/held.mp4").length < 2) await new Promise(setImmediate);
  await fetch(`${sources.base}/release`);
  expect(await first).toBe(await second);
  expect(await server.jobs.count(accountId)).toBe(1);
  expect(await Array.fromAsync(server.store.list("inputs/"))).toHaveLength(1);
});

test("a create that comes again is the first one's task though the process ended before it had noted that, and the credits are spent", async () => {
  await using server = await startRunwayServer({ dailyLimit: 1 });
  const { id: accountId, key } = await server.account(2);
  const first = await send(server.base, headersOf(key, 0), "/source.mp4");
  await server.database.query("update runway_submits set job_id = null");
  expect(await send(server.base, headersOf(key, 1), "/source.mp4")).toBe(first);
  expect(await server.jobs.count(accountId)).toBe(1);
  expect(await Array.fromAsync(server.store.list("inputs/"))).toHaveLength(1);
});

test("a create that comes again is another task when it says that it is new, is another's, another body, or late", async () => {
  const clock = new ManualClock();
  await using server = await startRunwayServer({ clock });
  const [one, two] = [await server.account(), await server.account()];
  const first = await send(server.base, headersOf(one.key, 0), "/source.mp4");
  expect(await send(server.base, headersOf(one.key, 1), "/source.mp4")).toBe(first);
  const ids = [
    first,
    await send(server.base, headersOf(two.key, 1), "/source.mp4"),
    await send(server.base, headersOf(one.key, 1), "/source.mp4?2"),
    await send(server.base, headersOf(one.key, 0), "/source.mp4"),
  ];
  clock.advance(5 * 60_000);
  ids.push(await send(server.base, headersOf(one.key, 1), "/source.mp4"));
  expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(4); // one of the bodies names no video
  expect(await server.jobs.count(one.id)).toBe(3);
});

async function startSecondProcess({ parts }: RunwayServer): Promise<AsyncDisposable & { readonly base: string }> {
  const app = fastify();
  await app.register(
    runwayRoutes({
      ...parts,
      maxSeconds: 40,
      versionHeader: "auto",
      hostedLimits: true,
      allowsHttp: true,
      dailyLimit: undefined,
      allowAddress: createAddressGuard(["127.0.0.0/8"]),
      sourceTimeoutMs: 60_000,
    }),
  );
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  return { base, [Symbol.asyncDispose]: () => app.close() };
}
