import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DialectCaller, Video } from "../support/dialect-callers.ts";
import { startAllDialects, workByHand } from "../support/dialect-all-server.ts";
import {
  clipSeconds,
  type Dialect,
  dialects,
  docUrl,
  type Facts,
  factsOfRefusal,
  including,
  text,
} from "../support/dialect-words.ts";
import type { DialectServer } from "../support/dialect-server.ts";
import { resultBytes } from "../support/job-driver.ts";
import { file, type SourceHost, startSourceHost } from "../support/runway-sources.ts";
import { wav } from "../support/useapi-server.ts";
import { type Folder, makeFolder, writeStillClip } from "../support/wavespeed-clip.ts";
import { type Receiver, startReceiver } from "../support/wavespeed-receiver.ts";

// The same five things happen to callers of all five dialects, on one server that has all of them: each is answered in its
// own words, and the jobs, credits, files and callbacks behind the answers are the same.

const grantedMicros = 10_000_000n;

let server: DialectServer;
let folder: Folder;
let sources: SourceHost;
let video: Video;
let sound: Video;
beforeAll(async () => {
  server = await startAllDialects();
  folder = await makeFolder();
  const path = join(folder.path, "clip.mp4");
  await writeStillClip(path, { durationSeconds: clipSeconds });
  const clip = await readFile(path);
  sources = await startSourceHost({ "/clip.mp4": file(clip), "/sound.mp4": file(wav) });
  video = { url: `${sources.base}/clip.mp4`, bytes: clip };
  sound = { url: `${sources.base}/sound.mp4`, bytes: wav };
});
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Stage = {
  readonly caller: DialectCaller;
  readonly accountId: string;
  readonly receiver: Receiver;
  /** Its callback, as far as the dialect has one. */
  readonly callback: { readonly callbackUrl: string };
  readonly facts: () => Promise<Facts>;
  /** Callbacks of ends, in the order of their coming, once all that is due was sent. */
  readonly told: () => Promise<readonly unknown[]>;
};

/** A new account, with nothing in the store and a target for its callbacks. */
async function withStage({ create }: Dialect, creditsMicros: bigint, scenario: (stage: Stage) => Promise<void>): Promise<void> {
  await using receiver = await startReceiver([200]);
  const { account, credential } = await server.accounts.createKey({ name: "contract", creditsMicros });
  const before = new Set(await storedKeys());
  await scenario({
    caller: create(server.base, credential),
    accountId: account.id,
    receiver,
    callback: { callbackUrl: receiver.url },
    facts: async () => await factsOf(account.id, { creditsMicros, before }),
    told: async () => {
      for (let round = 0; round < 2; round += 1) await server.delivery.runDue();
      return receiver.received.map(({ body }) => JSON.parse(body) as { status?: string }).filter(tellsEnd);
    },
  });
}

function tellsEnd({ status = "" }: { readonly status?: string }): boolean {
  return !["THROTTLED", "PENDING", "RUNNING"].includes(status);
}

async function storedKeys(): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of server.store.list("")) keys.push(key);
  return keys;
}

type Start = { readonly creditsMicros: bigint; readonly before: ReadonlySet<string> };

async function factsOf(accountId: string, { creditsMicros, before }: Start): Promise<Facts> {
  const { ledger } = server.accounts;
  const jobs = await server.jobs.list(accountId);
  expect(jobs.length).toBeLessThanOrEqual(1);
  const [job] = jobs;
  const keys = (await storedKeys()).filter((key) => !before.has(key));
  const results = keys.filter((key) => key.startsWith("results/"));
  return {
    job: job && { state: job.state, failureCode: job.failure?.code, priceMicros: job.priceMicros },
    spentMicros: creditsMicros - (await ledger.balance(accountId, server.database)),
    entries: (await ledger.entries(accountId, server.database)).map(({ kind }) => kind),
    sources: keys.length - results.length,
    results: results.length,
  };
}

describe.for(Object.entries(dialects))("%s", ([name, dialect]) => {
  const { priceMicros, heldMicros } = dialect;

  test("a video is upscaled, paid for to the micro and told of once", async () => {
    await withStage(dialect, grantedMicros, async ({ caller, callback, facts, told }) => {
      const submitted = await caller.submit(video, callback);
      expect(submitted).toEqual({ status: 200, body: dialect.success.submitted });
      await workByHand(server);
      const read = await caller.read(caller.idOf(submitted));
      expect(read).toEqual({ status: 200, body: dialect.success.read });
      const [link = ""] = JSON.stringify(read.body).match(/http:\/\/127\.0\.0\.1:\d+\/[^"]*files\/[^"]+/) ?? [];
      expect(Buffer.from(await (await fetch(link)).arrayBuffer())).toEqual(resultBytes);
      expect(await facts()).toEqual({
        job: { state: "succeeded", failureCode: undefined, priceMicros },
        spentMicros: priceMicros,
        entries: expect.arrayContaining(["grant", "reserve", "settle"]) as unknown,
        sources: dialect.success.sources,
        results: 1,
      });
      expect(await told()).toEqual(dialect.success.told === undefined ? [] : [dialect.success.told]);
      if (dialect.balance !== undefined) expect(await caller.balance?.()).toEqual({ status: 200, body: dialect.balance });
    });
  });

  test("bad input costs nothing and makes no job", async () => {
    const { changes, answer, read, facts: expected, callbacks = [] } = dialect.badInput;
    await withStage(dialect, grantedMicros, async ({ caller, callback, facts, told }) => {
      const submitted = await caller.submit(video, { ...callback, changes });
      expect(submitted).toEqual(answer);
      if (read !== undefined) expect(await caller.read(caller.idOf(submitted))).toEqual(read);
      expect(await facts()).toEqual(expected);
      expect(await told()).toEqual(callbacks);
    });
  });

  test("a job that is stopped gives everything back and is told of once", async () => {
    const { answer, read, isForgotten, sources: kept, told: end } = dialect.stopped;
    await withStage(dialect, grantedMicros, async ({ caller, accountId, callback, facts, told }) => {
      const submitted = await caller.submit(video, callback);
      const id = caller.idOf(submitted);
      const [job] = await server.jobs.list(accountId);
      const claim = await server.driver.start();
      expect(claim.job.id).toBe(job?.id);
      expect(await facts()).toMatchObject({ job: { state: "running" }, spentMicros: heldMicros, entries: ["grant", "reserve"] });
      // A dialect without a word for it leaves it to the operator.
      if (caller.stop === undefined) expect(await server.jobs.cancel(accountId, claim.job.id)).toBe("cancelled");
      else expect(await caller.stop(id)).toEqual(answer);
      expect(await server.jobs.renew(claim)).not.toBe("held");
      expect(await caller.read(id)).toEqual(read);
      expect(await facts()).toEqual({
        job: isForgotten ? undefined : { state: "cancelled", failureCode: undefined, priceMicros: 0n },
        spentMicros: 0n,
        entries: ["grant", "reserve", "refund"],
        sources: kept,
        results: 0,
      });
      expect(await told()).toEqual(end === undefined ? [] : [end]);
    });
  });

  test("an account without credits is refused before anything is made", async () => {
    const { sources: kept, ...answer } = dialect.outOfCredits;
    await withStage(dialect, heldMicros - 1n, async ({ caller, callback, facts, told }) => {
      expect(await caller.submit(video, callback)).toEqual(answer);
      expect(await facts()).toEqual(factsOfRefusal(kept));
      expect(await told()).toEqual([]);
    });
  });

  test("a source that is no video is named as such and costs nothing", async () => {
    const { submitted: refused, read, told: end, sources: kept } = dialect.notVideo;
    await withStage(dialect, grantedMicros, async ({ caller, callback, facts, told }) => {
      const submitted = await caller.submit(sound, callback);
      if (refused !== undefined) {
        expect(submitted).toEqual(refused);
        expect(await facts()).toEqual(factsOfRefusal(kept));
      } else {
        expect(submitted).toEqual({ status: 200, body: dialect.success.submitted });
        await workByHand(server);
        expect(await caller.read(caller.idOf(submitted))).toEqual(read);
        expect(await facts()).toEqual({
          job: { state: "failed", failureCode: "no_video", priceMicros: 0n },
          spentMicros: 0n,
          entries: ["grant", "reserve", "refund"],
          sources: kept,
          results: 0,
        });
      }
      expect(await told()).toEqual(end === undefined ? [] : [end]);
    });
  });

  test("another dialect's caller does not see its jobs", async () => {
    await withStage(dialect, grantedMicros, async ({ caller, accountId, callback }) => {
      await caller.submit(video, callback);
      const [job] = await server.jobs.list(accountId);
      if (job === undefined) throw new Error("there is no job");
      const { credential } = await server.accounts.createKey({ name: "same account", accountId });
      for (const [other, { create }] of Object.entries(dialects)) {
        if (other === name) continue;
        const stranger = create(server.base, credential);
        for (const id of [job.id, job.id.replaceAll("-", "")]) {
          expect((await stranger.read(id)).status).toBeGreaterThanOrEqual(400);
          if (stranger.stop !== undefined) await stranger.stop(id);
        }
      }
      expect((await server.jobs.get(accountId, job.id))?.state).toBe("queued");
      await server.jobs.cancel(accountId, job.id);
    });
  });
});

describe("paths that several dialects share", () => {
  test.each([
    ["POST", "/v1", "runware", { status: 401, body: including({ errors: [including({ code: "invalidApiKey" })] }) }],
    ["GET", "/v1/organization", "runway", { status: 401, body: { error: "Unauthorized", docUrl } }],
    ["GET", "/runwayml/v1/organization", "the gateway", { status: 401, body: { error: "Unauthorized", docUrl } }],
    ["GET", "/v1/runwayml/features/", "useapi", { status: 401, body: { error: "Unauthorized", code: 401 } }],
    ["GET", "/v1/runwayml/organization", "useapi", { status: 404, body: { error: "Not found.", code: 404 } }],
    ["POST", "/api/v3/runwayml/upscale-v1", "wavespeed", { status: 401, body: { code: 401, message: "Unauthorized" } }],
    ["POST", "/api/v3/fal-ai/flux", "wavespeed", { status: 401, body: { code: 401, message: "Unauthorized" } }],
    ["GET", "/fal/queue/fal-ai/bytedance-upscaler/requests/x/status", "fal", { status: 401, body: including({ detail: text }) }],
  ])("%s %s is answered in the words of %s", async (method, path, _dialect, expected) => {
    // Once there are keys, a wrong one is refused, and how it is said shows who was asked.
    await server.accounts.createKey({ name: "closes the server" });
    const headers = {
      authorization: "Bearer nobody:wrong",
      "x-runway-version": "2024-11-06",
      "content-type": "application/json",
    };
    const reply = await fetch(`${server.base}${path}`, { method, headers, ...(method === "POST" && { body: "[]" }) });
    expect({ status: reply.status, body: (await reply.json()) as unknown }).toEqual(expected);
  });
});
