import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toFile } from "@runwayml/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resultBytes } from "../../support/job-driver.ts";
import { makeClip } from "../../support/runway-clips.ts";
import { temporaryFolder } from "../../support/clips.ts";
import { clientVersions, createClient, failureOf, mounts } from "../../support/runway-client.ts";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";
import { file, type SourceHost, startSourceHost } from "../../support/runway-sources.ts";

let server: RunwayServer;
let sources: SourceHost;
let clip: Buffer;
const slow = Promise.withResolvers<void>();
beforeAll(async () => {
  clip = await makeClip(1);
  server = await startRunwayServer();
  sources = await startSourceHost({
    "/clip.mp4": file(clip),
    "/slow.mp4": (request, response) => void slow.promise.then(() => file(clip)(request, response)),
  });
}, 120_000);
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const model = "upscale_v1";
const ways = clientVersions.flatMap((version) => mounts.map((mount) => ({ version, mount })));
const videoUri = (): string => `${sources.base}/clip.mp4`;
const oneSecond = { durationSeconds: 1 };

async function balanceOf(accountId: string): Promise<bigint | undefined> {
  return (await server.parts.accountFacts(accountId)).balanceMicros;
}

// One test for all, since the client sleeps for six seconds before it first looks.
test("every client creates a task on both mounts, waits for its output and downloads it", async () => {
  const { key } = await server.account();
  const waiting = ways.map((way) => createClient(server.base, key, way).videoUpscale.create({ model, videoUri: videoUri() }));
  const created = await Promise.all(waiting);
  for (let done = 0; done < created.length; done += 1) await server.driver.workOnce(oneSecond);
  const outputs = await Promise.all(waiting.map((task) => task.waitForTaskOutput()));

  for (const [index, { id, estimatedCost }] of created.entries() as Iterable<[number, { id: string; estimatedCost?: unknown }]>) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(estimatedCost).toEqual({ credits: 2 });
    const output = outputs[index];
    expect(output).toEqual({
      id,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      status: "SUCCEEDED",
      output: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/files\/[\w.-]+\/out\.mp4$/)],
      cost: { credits: 2 },
    });
    const download = await fetch(output?.output[0] ?? "");
    expect(download.headers.get("content-type")).toBe("video/mp4");
    expect(download.headers.get("content-length")).toBe(String(resultBytes.length));
    expect(Buffer.from(await download.arrayBuffer())).toEqual(resultBytes);
    const part = await fetch(output?.output[0] ?? "", { headers: { range: "bytes=4-7" } });
    expect([part.status, await part.text()]).toEqual([206, "ftyp"]);
  }
  expect(sources.seen.every(({ userAgent }) => userAgent.startsWith("RunwayML API/"))).toBe(true);
});

describe.each(ways)("client $version on the $mount mount", (way) => {
  test("reads a task's states with their fields, and progress only grows", async () => {
    const { id: accountId, key } = await server.account(1_000);
    const client = createClient(server.base, key, way);
    const { id } = await client.videoUpscale.create({ model, videoUri: videoUri() });
    const common = { id, createdAt: expect.any(String) };
    const estimatedCost = { credits: 2 };
    expect(await client.tasks.retrieve(id)).toEqual({ ...common, status: "PENDING", estimatedCost });
    expect(await balanceOf(accountId)).toBe(9_980_000n);

    const claim = await server.driver.start();
    expect(await client.tasks.retrieve(id)).toEqual({ ...common, status: "RUNNING", progress: 0, estimatedCost });
    for (const framesDone of [5, 12, 25]) {
      await server.jobs.renew(claim, { framesDone, framesTotal: 25 });
      expect(await client.tasks.retrieve(id)).toEqual({ ...common, status: "RUNNING", progress: framesDone / 25, estimatedCost });
    }
    await server.driver.succeed(claim, oneSecond);
    expect(await client.tasks.retrieve(id)).toEqual({
      ...common,
      status: "SUCCEEDED",
      output: [expect.any(String)],
      cost: estimatedCost,
    });
    expect((await server.jobs.get(accountId, id))?.request.target).toEqual({ kind: "scale_within", factor: 4, maxSide: 4096 });
  });

  test("throws the failure of a task that fails, which costs nothing", async () => {
    const { id: accountId, key } = await server.account(10);
    const client = createClient(server.base, key, way);
    const { id } = await client.videoUpscale.create({ model, videoUri: videoUri() });
    await server.driver.fail(await server.driver.start(), { code: "out_of_memory", message: "No memory is left.", details: {} });
    const failed = client.tasks.retrieve(id).waitForTaskOutput();
    await expect(failed).rejects.toMatchObject({
      name: "TaskFailedError",
      message: "No memory is left.",
      taskDetails: { status: "FAILED", failure: "No memory is left.", failureCode: "INTERNAL", cost: { credits: 0 } },
    });
    expect(await balanceOf(accountId)).toBe(100_000n);
  });

  test("is told of an operator's cancel", async () => {
    const { id: accountId, key } = await server.account();
    const client = createClient(server.base, key, way);
    const { id } = await client.videoUpscale.create({ model, videoUri: videoUri() });
    await server.jobs.cancel(accountId, id);
    await expect(client.tasks.retrieve(id).waitForTaskOutput()).rejects.toMatchObject({
      name: "TaskFailedError",
      message: "Task cancelled",
      taskDetails: { status: "CANCELLED", cost: { credits: 0 } },
    });
  });

  test("deletes a running task: it stops, its source goes, credits come back", async () => {
    const { id: accountId, key } = await server.account(10);
    const client = createClient(server.base, key, way);
    const { id } = await client.videoUpscale.create({ model, videoUri: videoUri() });
    const claim = await server.driver.start();
    const source = claim.job.source.kind === "object" ? claim.job.source.key : "";
    expect(await server.store.head(source)).toBeDefined();
    expect(await client.tasks.delete(id)).toBeNull();
    expect(await server.jobs.renew(claim)).not.toBe("held");
    expect(await server.store.head(source)).toBeUndefined();
    expect(await balanceOf(accountId)).toBe(100_000n);
    expect(await failureOf(client.tasks.retrieve(id))).toMatchObject({ name: "NotFoundError", status: 404 });
    expect(await failureOf(client.tasks.delete(id))).toMatchObject({ name: "NotFoundError" });
  });

  test("deletes a finished task: its media go, and it is paid for", async () => {
    const { id: accountId, key } = await server.account(10);
    const client = createClient(server.base, key, way);
    const { id } = await client.videoUpscale.create({ model, videoUri: videoUri() });
    await server.driver.workOnce(oneSecond);
    const task = await client.tasks.retrieve(id).waitForTaskOutput();
    expect(await client.tasks.delete(id)).toBeNull();
    expect((await fetch(task.output[0] ?? "")).status).toBe(404);
    expect(await failureOf(client.tasks.retrieve(id))).toMatchObject({ name: "NotFoundError" });
    expect(await balanceOf(accountId)).toBe(80_000n);
  });

  test("uploads a file and makes tasks of it, again and again", async () => {
    const { id: accountId, key } = await server.account();
    const client = createClient(server.base, key, way);
    const path = join(await temporaryFolder(), "my clip.mp4");
    await writeFile(path, clip);
    const { uri } = await client.uploads.createEphemeral({ file: createReadStream(path) });
    expect(uri).toMatch(/^runway:\/\//);
    const tasks = [
      await client.videoUpscale.create({ model, videoUri: uri }),
      await client.videoUpscale.create({ model, videoUri: uri }),
    ];
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(2);
    await client.tasks.delete(tasks[0]?.id ?? "");
    const job = await server.jobs.get(accountId, tasks[1]?.id ?? "");
    const object = job?.source.kind === "object" ? await server.store.head(job.source.key) : undefined;
    expect(object).toMatchObject({ sizeBytes: clip.length, contentType: "video/mp4" });
    await client.tasks.delete(tasks[1]?.id ?? "");
  });

  test("sends metadata along with an upload", async () => {
    const { key } = await server.account();
    const forms: FormData[] = [];
    const client = createClient(server.base, key, {
      ...way,
      options: {
        fetch: (url, init) => {
          if (init?.body instanceof FormData) forms.push(init.body);
          return fetch(url as string, init); // the client passes strings
        },
      },
    });
    const upload = { file: await toFile(clip, "a.mp4"), fileMetadata: { title: "a" } };
    const { uri } = await client.uploads.createEphemeral(upload as never); // its type differs between the versions
    expect([...(forms[0]?.keys() ?? [])]).toEqual(["key", "token", "metadata", "file"]);
    const { id } = await client.videoUpscale.create({ model, videoUri: uri });
    await client.tasks.delete(id);
  });

  test("takes a data URI, and an output of its own as the next source, which stays when the first task goes", async () => {
    const { id: accountId, key } = await server.account();
    const client = createClient(server.base, key, way);
    const data = `data:video/mp4;base64,${clip.toString("base64")}`;
    const { id } = await client.videoUpscale.create({ model, videoUri: data });
    const sourceOf = async (taskId: string) => {
      const source = (await server.jobs.get(accountId, taskId))?.source;
      return source?.kind === "object" ? await server.store.head(source.key) : undefined;
    };
    expect((await sourceOf(id))?.sizeBytes).toBe(clip.length);
    const claim = await server.driver.start();
    await server.driver.succeed(claim, { ...oneSecond, objectKey: (await sourceOf(id))?.key ?? "" });
    const { output } = await client.tasks.retrieve(id).waitForTaskOutput();
    const next = await client.videoUpscale.create({ model, videoUri: output[0] ?? "" });
    await client.tasks.delete(id);
    expect((await fetch(output[0] ?? "")).status).toBe(404);
    expect((await sourceOf(next.id))?.sizeBytes).toBe(clip.length);
    await client.tasks.delete(next.id);
  });
});

test("a client that gives up on a slow source and sends its create again makes one task", async () => {
  const { id: accountId, key } = await server.account();
  const client = createClient(server.base, key).withOptions({ timeout: 300 });
  const create = { model, videoUri: `${sources.base}/slow.mp4` } as const;
  server.seen.length = 0;
  expect(await failureOf(client.videoUpscale.create(create))).toMatchObject({ name: "APIConnectionTimeoutError" });
  const posts = server.seen.filter(({ line }) => line === "POST /v1/video_upscale");
  expect(posts.map(({ headers }) => headers["x-stainless-retry-count"])).toEqual(["0", "1", "2"]);
  slow.resolve();
  const claim = await server.driver.start();
  expect(await server.jobs.count(accountId)).toBe(1);
  expect(sources.seen.filter(({ method, path }) => method === "GET" && path === "/slow.mp4")).toHaveLength(1);

  const again = await fetch(`${server.base}/v1/video_upscale`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "x-runway-version": "2024-11-06",
      "content-type": "application/json",
      "x-stainless-retry-count": "2",
    },
    body: JSON.stringify(create),
  });
  expect(await again.json()).toMatchObject({ id: claim.job.id });
  expect(await server.jobs.count(accountId)).toBe(1);
  await server.driver.succeed(claim, oneSecond);
});
