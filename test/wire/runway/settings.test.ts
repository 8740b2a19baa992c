import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAddressGuard } from "../../../src/core/address.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { makeClip } from "../../support/runway-clips.ts";
import { clientVersions, createClient, failureOf, mounts } from "../../support/runway-client.ts";
import { type RunwayServer, startRunwayServer } from "../../support/runway-server.ts";
import { file, type SourceHost, startSourceHost, status } from "../../support/runway-sources.ts";

const docUrl = "https://docs.dev.runwayml.com/api";
const model = "upscale_v1";
const oneSecond = { durationSeconds: 1 };
let sources: SourceHost;
let clip: Buffer;
beforeAll(async () => {
  clip = await makeClip(1);
  sources = await startSourceHost({
    "/source.mp4": file(clip),
    "/octets": file(clip, "application/octet-stream"),
    "/moved": status(302, { location: "/source.mp4" }),
    "/wide.mp4": file(await makeClip(1, { width: 4096, height: 32 })),
    "/long.mp4": file(await makeClip(41, { width: 32, height: 32 })),
  });
}, 120_000);
afterAll(async () => {
  await sources[Symbol.asyncDispose]();
});

function create(server: RunwayServer, key: string, path = "/v1/video_upscale", headers: Record<string, string> = {}) {
  return fetch(`${server.base}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify({ videoUri: `${sources.base}/source.mp4`, model }),
  });
}

const run = promisify(execFile);

/** The gateway's published samples, with the hosts replaced. */
const samples: Readonly<Record<string, (base: string, source: string) => readonly [string, readonly string[]]>> = {
  Shell: (base, source) => [
    "bash",
    [
      "-c",
      `curl ${base}/runwayml/v1/video_upscale \\
  -H "Authorization: Bearer $COMETAPI_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
      "videoUri": "${source}",
      "model": "upscale_v1"
    }'`,
    ],
  ],
  Python: (base, source) => [
    "python3",
    [
      "-c",
      `import os

import requests


response = requests.post(
    "${base}/runwayml/v1/video_upscale",
    headers={"Authorization": "Bearer " + os.environ["COMETAPI_KEY"]},
    json={
            "videoUri": "${source}",
            "model": "upscale_v1"
    },
)


task = response.json()

print(task["id"])  # poll GET /runwayml/v1/tasks/{id} until the output array appears`,
    ],
  ],
  JavaScript: (base, source) => [
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const response = await
fetch("${base}/runwayml/v1/video_upscale", {
    method: "POST",
    headers: {
        Authorization: \`Bearer \${process.env.COMETAPI_KEY}\`,
        "Content-Type": "application/json",
    },
    body: JSON.stringify({
            "videoUri": "${source}",
            "model": "upscale_v1"
    }),
});


const task = await response.json();

console.log(task.id); // poll GET /runwayml/v1/tasks/{id} until the output array appears`,
    ],
  ],
};

async function missingTool(name: string): Promise<string | undefined> {
  const [command, ...options] = name === "Python" ? ["python3", "-c", "import requests"] : ["curl", "--version"];
  if (name === "JavaScript") return undefined;
  return await run(command ?? "", options).then(
    () => undefined,
    () => `${name} has not what its sample needs`,
  );
}

describe("the version header", () => {
  const missing = { error: "The X-Runway-Version header is required.", docUrl };
  const version = { "x-runway-version": "2024-11-06" };

  test.each([
    ["auto", 400, 200],
    ["required", 400, 400],
    ["optional", 200, 200],
  ] as const)("when %s: without it %i on /v1 and %i on /runwayml/v1", async (versionHeader, native, gateway) => {
    await using server = await startRunwayServer({ versionHeader });
    const { key } = await server.account();
    for (const [path, expected] of [
      ["/v1/video_upscale", native],
      ["/runwayml/v1/video_upscale", gateway],
    ] as const) {
      const response = await create(server, key, path);
      expect(response.status).toBe(expected);
      expect(await response.json()).toEqual(
        expected === 400 ? missing : { id: expect.any(String), estimatedCost: { credits: 2 } },
      );
      expect((await create(server, key, path, { "x-runway-version": "2024-11-07" })).status).toBe(400);
      expect((await create(server, key, path, version)).status).toBe(200);
    }
    const headers = { authorization: `Bearer ${key}` };
    const { id } = (await (await create(server, key, "/v1/video_upscale", version)).json()) as { id: string };
    expect((await fetch(`${server.base}/runwayml/v1/tasks/${id}`, { headers })).status).toBe(200);
    expect((await fetch(`${server.base}/v1/tasks/${id}`, { headers })).status).toBe(native);
  });

  test.for(Object.keys(samples))("the gateway's %s sample runs as it is where it may be left out", async (name, context) => {
    const reason = await missingTool(name);
    context.skip(reason !== undefined, reason);
    const outcomes: string[] = [];
    for (const versionHeader of ["auto", "required"] as const) {
      await using server = await startRunwayServer({ versionHeader });
      const { id: accountId, key } = await server.account();
      const [command, options] = samples[name]?.(server.base, `${sources.base}/source.mp4`) ?? ["", []];
      const { stdout } = await run(command, options, { env: { ...process.env, COMETAPI_KEY: key } }).catch(
        () => ({ stdout: "failed" }), // Python has no id to print
      );
      outcomes.push(stdout.trim());
      const tasks = await server.jobs.list(accountId);
      expect(tasks).toHaveLength(versionHeader === "auto" ? 1 : 0);
      if (versionHeader === "auto") expect(stdout).toContain(tasks[0]?.id);
    }
    expect(outcomes[1]).toMatch(/required|undefined|failed/);
  });
});

describe.each(clientVersions)("client %s", (version) => {
  test("over the concurrency limit a task is THROTTLED, or PENDING at the gateway, and finishes", async () => {
    await using server = await startRunwayServer({ concurrency: 2 });
    const { key } = await server.account();
    const [native, gateway] = mounts.map((mount) => createClient(server.base, key, { version, mount }));
    if (native === undefined || gateway === undefined) throw new Error("there are two mounts");
    const videoUri = `${sources.base}/source.mp4`;
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await native.videoUpscale.create({ model, videoUri })).id);
    const last = ids[2] ?? "";
    expect(await native.tasks.retrieve(last)).toMatchObject({ status: "PENDING" });
    const claims = [await server.driver.start(), await server.driver.start()];
    expect(await native.tasks.retrieve(last)).toEqual({
      id: last,
      createdAt: expect.any(String),
      status: "THROTTLED",
      estimatedCost: { credits: 2 },
    });
    expect(await gateway.tasks.retrieve(last)).toMatchObject({ status: "PENDING", estimatedCost: { credits: 2 } });
    for (const claim of claims) await server.driver.succeed(claim, oneSecond);
    expect(await native.tasks.retrieve(last)).toMatchObject({ status: "PENDING" });
    await server.driver.workOnce(oneSecond);
    expect(await native.tasks.retrieve(last).waitForTaskOutput()).toMatchObject({ status: "SUCCEEDED" });
  });

  test("without credits a create is a bad request, over the daily quota it is refused after one request", async () => {
    const clock = new ManualClock();
    await using server = await startRunwayServer({ dailyLimit: 2, clock });
    const videoUri = `${sources.base}/source.mp4`;
    const poor = await server.account(1);
    const noCredits = { error: "You do not have enough credits to run this task.", docUrl };
    expect(
      await failureOf(createClient(server.base, poor.key, { version }).videoUpscale.create({ model, videoUri })),
    ).toMatchObject({ name: "BadRequestError", status: 400, error: noCredits });
    expect(await server.jobs.count(poor.id)).toBe(0);

    const { id: accountId, key } = await server.account(6);
    const client = createClient(server.base, key, { version });
    const first = await client.videoUpscale.create({ model, videoUri });
    clock.advance(3_600_000);
    const rivals = await Promise.allSettled([1, 2, 3].map(() => client.videoUpscale.create({ model, videoUri })));
    expect(rivals.filter(({ status: outcome }) => outcome === "fulfilled")).toHaveLength(1);
    server.seen.length = 0;
    expect(await failureOf(client.videoUpscale.create({ model, videoUri }))).toMatchObject({
      name: "RateLimitError",
      error: { error: "You have reached your daily generation limit.", docUrl },
    });
    expect(server.seen).toHaveLength(1);
    // Deleting a task gives no place back.
    await client.tasks.delete(first.id);
    const refused = await create(server, key, "/v1/video_upscale", { "x-runway-version": "2024-11-06" });
    expect(refused.headers.get("x-should-retry")).toBe("false");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await client.organization.retrieve()).toMatchObject({
      tier: { models: { upscale_v1: { maxDailyGenerations: 2 } } },
      usage: { models: { upscale_v1: { dailyGenerations: 2 } } },
    });
    // Out of both: credits are asked first.
    const balanceMicros = (await server.parts.accountFacts(accountId)).balanceMicros ?? 0n;
    await server.accounts.ledger.hold(accountId, first.id, balanceMicros, server.database);
    expect((await create(server, key, "/v1/video_upscale", { "x-runway-version": "2024-11-06" })).status).toBe(400);
    await server.accounts.ledger.hold(accountId, first.id, 0n, server.database);
    clock.advance(24 * 3_600_000 - 3_600_000 + 1);
    expect(await client.videoUpscale.create({ model, videoUri })).toMatchObject({ id: expect.any(String) });
  });

  test("balance, limits and usage agree with the tasks that ran", async () => {
    const clock = new ManualClock(new Date("2026-01-31T22:00:00Z"));
    await using server = await startRunwayServer({ clock, concurrency: 7 });
    const { key } = await server.account(100);
    const client = createClient(server.base, key, { version });
    const create1 = async () => await client.videoUpscale.create({ model, videoUri: `${sources.base}/source.mp4` });
    await create1();
    await server.driver.workOnce(oneSecond);
    await create1();
    await server.driver.workOnce({ durationSeconds: 5.2 });
    clock.advance(4 * 3_600_000);
    await create1();
    await server.driver.fail(await server.driver.start(), { code: "internal", message: "x", details: {} });
    await create1();
    await server.driver.workOnce(oneSecond);
    expect(await client.organization.retrieve()).toEqual({
      creditBalance: 100 - 2 - 11 - 2,
      tier: {
        maxMonthlyCreditSpend: expect.any(Number),
        models: { upscale_v1: { maxConcurrentGenerations: 7, maxDailyGenerations: null } },
      },
      usage: { models: { upscale_v1: { dailyGenerations: 4 } } },
    });
    const firstDay = { date: "2026-01-31", usedCredits: [{ model, amount: 13 }] };
    const secondDay = { date: "2026-02-01", usedCredits: [{ model, amount: 2 }] };
    expect(await client.organization.retrieveUsage()).toEqual({ models: [model], results: [firstDay, secondDay] });
    const until = async (startDate: string, beforeDate?: string) =>
      await client.organization.retrieveUsage({ startDate, ...(beforeDate !== undefined && { beforeDate }) });
    expect(await until("2026-01-31", "2026-02-01")).toEqual({ models: [model], results: [firstDay] });
    expect(await until("2026-02-01", "2026-03-01")).toEqual({ models: [model], results: [secondDay] });
    expect(await until("2025-12-01", "2025-12-31")).toEqual({ models: [], results: [] });
    for (const [start, before] of [
      ["2025-01-01", "2026-01-01"],
      ["2026-01-02", "2026-01-02"],
      ["2026-02-30", "2026-03-01"],
      ["0000-01-01", "0000-01-02"],
      ["9999-12-31", undefined],
      ["yesterday", "2026-03-01"],
    ] as const) {
      expect(await failureOf(until(start, before))).toMatchObject({ name: "BadRequestError" });
    }
  });
});

test("without the hosted limits other hosts, types, redirects and sizes are taken; without a longest video any length is", async () => {
  await using server = await startRunwayServer({ hostedLimits: false, allowsHttp: false, maxSeconds: undefined });
  const { key } = await server.account();
  const client = createClient(server.base, key);
  for (const [place, credits] of [
    ["/source.mp4", 2],
    ["/octets", 2],
    ["/moved", 2],
    ["/wide.mp4", 2],
    ["/long.mp4", 82],
  ] as const) {
    expect(await client.videoUpscale.create({ model, videoUri: `${sources.base}${place}` })).toMatchObject({
      estimatedCost: { credits },
    });
  }
});

test("a source outside the operator's addresses is not fetched", async () => {
  await using server = await startRunwayServer({ hostedLimits: false, allowAddress: createAddressGuard([]) });
  const { key } = await server.account();
  sources.seen.length = 0;
  const failure = await failureOf(
    createClient(server.base, key).videoUpscale.create({ model, videoUri: `${sources.base}/source.mp4` }),
  );
  expect(failure.message).toContain("The URL may be incorrect or the server hosting the asset may be down.");
  expect(sources.seen).toEqual([]);
});

test("a model that is switched off is refused, and its tasks are still read", async () => {
  await using server = await startRunwayServer({ isSwitchedOff: true });
  const { key } = await server.account();
  const client = createClient(server.base, key);
  const failure = await failureOf(client.videoUpscale.create({ model, videoUri: `${sources.base}/source.mp4` }));
  expect(failure).toMatchObject({
    name: "PermissionDeniedError",
    error: { error: "Model variant upscale_v1 is not available" },
  });
  expect(await failureOf(client.tasks.retrieve("17f20503-6c24-4c16-946b-35dbbce2af2f"))).toMatchObject({ name: "NotFoundError" });
});

test("a task and its links last as long as its result, and every read makes a link of a day", async () => {
  const clock = new ManualClock();
  await using server = await startRunwayServer({ clock, replace: () => ({ resultLifetimeSeconds: 3 * 86_400 }) });
  const { key } = await server.account();
  const client = createClient(server.base, key);
  const { id } = await client.videoUpscale.create({ model, videoUri: `${sources.base}/source.mp4` });
  await server.driver.workOnce(oneSecond);
  const linkOf = async () => (await client.tasks.retrieve(id).waitForTaskOutput()).output[0] ?? "";
  const first = await linkOf();
  clock.advance(86_400_000 - 1);
  expect((await fetch(first)).status).toBe(200);
  clock.advance(1);
  expect((await fetch(first)).status).toBe(404);
  expect((await fetch(await linkOf())).status).toBe(200);
  clock.advance(2 * 86_400_000);
  expect(await failureOf(client.tasks.retrieve(id))).toMatchObject({ name: "NotFoundError" });
});

test("an upload is good for a day", async () => {
  const clock = new ManualClock();
  await using server = await startRunwayServer({ clock });
  const { key } = await server.account();
  const client = createClient(server.base, key);
  const { uri } = await client.uploads.createEphemeral({ file: new File([new Uint8Array(clip)], "a.mp4") });
  clock.advance(86_400_000 - 1);
  await client.videoUpscale.create({ model, videoUri: uri });
  clock.advance(1);
  const failure = await failureOf(client.videoUpscale.create({ model, videoUri: uri }));
  expect(failure).toMatchObject({ error: { issues: [{ message: "The upload URI is not valid or has expired." }] } });
});
