import { createServer } from "node:http";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { openDatabase } from "../../src/db/open-database.ts";
import type { Database } from "../../src/db/database.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { temporaryFolder } from "../support/clips.ts";
import { filesIn } from "../support/files-in.ts";
import { PostgresServer } from "../support/postgres-server.ts";
import { runUpres, ServeProcess, spawnUpres } from "../support/serve-process.ts";

// Twenty paid jobs of several segments through the real commands, while everything is killed that can be.

const jobCount = 20;
const segmentsPerJob = 3;
const limitPerAccount = 2;
const creditsDollars = 10;
const app = "/fal/queue/fal-ai/bytedance-upscaler";

type Ground = {
  readonly dataFolder: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly databaseUrl: string | undefined;
  readonly keys: readonly string[];
  /** How often each request id was told of, by the status told. */
  readonly told: Map<string, Set<string>>;
  readonly port: number;
};

async function prepare(databaseUrl: string | undefined): Promise<Ground> {
  const dataFolder = join(await temporaryFolder(), "data");
  const settings = {
    ...(databaseUrl !== undefined && { UPRES_DATABASE_URL: databaseUrl }),
    UPRES_DATA: dataFolder,
    UPRES_WEBHOOKS_ALLOW: "127.0.0.0/8",
    UPRES_PROVIDER: "cpu",
    UPRES_THREADS: "1",
    UPRES_LOG_LEVEL: "warn",
  };
  const keys: string[] = [];
  for (const name of ["one", "two"]) {
    const limits = ["--concurrent", String(limitPerAccount), "--credits", String(creditsDollars)];
    const made = await runUpres(["keys", "create", "--json", "--name", name, ...limits], settings);
    keys.push(z.object({ key: z.string() }).parse(JSON.parse(made.stdout)).key);
  }
  const told = new Map<string, Set<string>>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = z.object({ request_id: z.string(), status: z.string() }).parse(JSON.parse(Buffer.concat(parts).toString()));
      told.set(body.request_id, (told.get(body.request_id) ?? new Set()).add(body.status));
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const { port } = z.object({ port: z.int() }).parse(server.address());
  return { dataFolder, settings, databaseUrl, keys, told, port };
}

async function makeVideo(folder: string): Promise<string> {
  const path = join(folder, "clip.mp4");
  await writeDemoClip(path, { size: { width: 256, height: 144 }, durationSeconds: segmentsPerJob * 5, gopFrames: 25 });
  return `data:video/mp4;base64,${(await readFile(path)).toString("base64")}`;
}

/** Half of the jobs for each key; their ids. */
async function submitAll(base: string, { keys, port, dataFolder }: Ground): Promise<readonly string[]> {
  const video = await makeVideo(join(dataFolder, ".."));
  const ids: string[] = [];
  for (let index = 0; index < jobCount; index += 1) {
    const webhook = encodeURIComponent(`http://127.0.0.1:${port}/hook`);
    const response = await fetch(`${base}${app}/upscale/video?fal_webhook=${webhook}`, {
      method: "POST",
      headers: { authorization: `Key ${keys[index % keys.length]}`, "content-type": "application/json" },
      body: JSON.stringify({ video_url: video, scale_ratio: 2, enhancement_tier: "fast" }),
    });
    expect(response.status, await response.clone().text()).toBe(200);
    ids.push(z.object({ request_id: z.string() }).parse(await response.json()).request_id);
  }
  return ids;
}

async function cancel(base: string, id: string, key: string): Promise<void> {
  const url = `${base}${app}/requests/${id}/cancel`;
  const response = await fetch(url, { method: "PUT", headers: { authorization: `Key ${key}` } });
  expect(response.status).toBe(202);
}

type JobLook = { readonly id: string; readonly state: string; readonly progress: number };

/** Jobs over both accounts as the native API tells them; undefined while it is away. */
async function look(base: string, keys: readonly string[]): Promise<readonly (readonly JobLook[])[] | undefined> {
  try {
    return await Promise.all(
      keys.map(async (key) => {
        const response = await fetch(`${base}/api/jobs?limit=200`, { headers: { authorization: `Bearer ${key}` } });
        if (!response.ok) throw new Error(String(response.status));
        const Jobs = z.object({ jobs: z.array(z.object({ id: z.string(), state: z.string(), progress: z.number() })) });
        return Jobs.parse(await response.json()).jobs;
      }),
    );
  } catch {
    return undefined;
  }
}

/** Watches the limit until `until` holds of all jobs. */
async function watchUntil(base: string, { keys }: Ground, until: (jobs: readonly JobLook[]) => boolean): Promise<void> {
  for (;;) {
    const accounts = await look(base, keys);
    for (const jobs of accounts ?? []) {
      expect(jobs.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(limitPerAccount);
    }
    if (accounts !== undefined && until(accounts.flat())) return;
    if (accounts?.flat().every(({ state }) => ended(state)) === true) throw new Error("every job ended before it came to that");
    await setTimeout(50);
  }
}

const ended = (state: string): boolean => state === "succeeded" || state === "failed" || state === "cancelled";
const endedAtLeast = (count: number) => (jobs: readonly JobLook[]) => jobs.filter(({ state }) => ended(state)).length >= count;
/** A job with a part of its frames done. */
const midWay = (jobs: readonly JobLook[]): boolean =>
  jobs.some(({ state, progress }) => state === "running" && progress > 0.1 && progress < 0.9);

/** Everything that must hold once all is over and no process runs. */
async function expectTruth(ground: Ground, ids: readonly string[], cancelledId: string): Promise<void> {
  const { dataFolder, databaseUrl, told } = ground;
  await using database = await openDatabase({ dataFolder, url: databaseUrl });
  const jobs = await database.query<{ id: string; state: string; price: string; key: string | null; account: string }>(
    `select id, state, price_micros::text as price, result ->> 'objectKey' as key, account_id as account from jobs order by sequence`,
  );
  expect(jobs.map(({ id }) => id)).toEqual(ids);
  for (const { id, state } of jobs) expect(state, id).toBe(id === cancelledId ? "cancelled" : "succeeded");

  await expectSegmentsOnce(database, ids, cancelledId);
  await expectBalances(database, jobs);

  const deliveries = await database.query<{ job_id: string; state: string }>("select job_id, state from deliveries");
  expect(deliveries.map(({ job_id: id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
  expect(new Set(deliveries.map(({ state }) => state))).toEqual(new Set(["delivered"]));
  for (const id of ids) expect([...(told.get(id) ?? [])], id).toEqual([id === cancelledId ? "ERROR" : "OK"]);

  expect(await database.query("select 1 from job_segments")).toEqual([]);
  expect(await database.query("select 1 from pgboss.job where name = 'jobs'")).toEqual([]);
  const files = (await filesIn(dataFolder)).filter((file) => !/^(?:database|store)\//.test(file));
  expect(files.filter((file) => /^(?:work|help|tmp|uploads)\//.test(file))).toEqual([]);
  const stored = (await filesIn(join(dataFolder, "store"))).filter((file) => /segments|\.part/.test(file));
  expect(stored).toEqual([]);
}

async function expectSegmentsOnce(database: Database, ids: readonly string[], cancelledId: string): Promise<void> {
  for (const id of ids) {
    const lines = await database.query<{ message: string }>("select message from job_logs where job_id = $1 order by sequence", [
      id,
    ]);
    const made = lines.flatMap(({ message }) => /^segment (\d+) of \d+ finished$/.exec(message)?.[1] ?? []);
    const kept = lines.flatMap(({ message }) => /^segment (\d+) of \d+ was finished earlier, kept$/.exec(message)?.[1] ?? []);
    expect(made.length, `a segment of ${id} was made twice`).toBe(new Set(made).size);
    if (id !== cancelledId) expect(new Set([...made, ...kept]).size, id).toBe(segmentsPerJob);
    expect(lines.filter(({ message }) => message.startsWith("finished: ")).length, id).toBe(id === cancelledId ? 0 : 1);
  }
}

/** What is left of each account's credits is what was granted without what its jobs cost, and each job ended once. */
async function expectBalances(
  database: Database,
  jobs: readonly { id: string; price: string; account: string }[],
): Promise<void> {
  const balances = await database.query<{ account: string; micros: string }>(
    "select account_id as account, sum(amount_micros)::text as micros from credit_entries group by account_id",
  );
  expect(balances).toHaveLength(2);
  for (const { account, micros } of balances) {
    const spent = jobs.filter((job) => job.account === account).reduce((sum, { price }) => sum + BigInt(price), 0n);
    expect(spent).toBeGreaterThan(0n);
    expect(BigInt(micros)).toBe(BigInt(creditsDollars) * 1_000_000n - spent);
  }
  const ends = await database.query<{ job_id: string }>("select job_id from credit_entries where kind in ('settle', 'refund')");
  expect(ends.map(({ job_id: id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
}

test("embedded: a server that is killed again and again ends every job once", { timeout: 600_000 }, async () => {
  const ground = await prepare(undefined);
  const start = (port = "0"): Promise<ServeProcess> => ServeProcess.start(["--port", port], ground.settings);
  let server = await start();
  const { url } = server;
  const { port } = new URL(url);
  const ids = await submitAll(url, ground);
  const [cancelledId = "", key = ""] = [ids[10], ground.keys[0]];
  for (const kill of [3, 8, 13]) {
    await watchUntil(url, ground, (jobs) => endedAtLeast(kill)(jobs) && midWay(jobs));
    await server.stop("SIGKILL");
    server = await start(port);
    if (kill === 3) await cancel(url, cancelledId, key);
  }
  await watchUntil(url, ground, endedAtLeast(jobCount));
  await waitForDeliveries(ground);
  await server.stop();
  await expectTruth(ground, ids, cancelledId);
});

test("Postgres: workers, server and database are killed, and every job ends once", { timeout: 600_000 }, async (context) => {
  await using postgres = await PostgresServer.start();
  context.skip(postgres === undefined, "Debian's Postgres is not installed");
  if (postgres === undefined) return;
  const ground = await prepare(postgres.url);
  const serve = (port: string): Promise<ServeProcess> => ServeProcess.start(["--port", port, "--role", "api"], ground.settings);
  const work = (): ReturnType<typeof spawnUpres> => {
    const worker = spawnUpres(["worker"], ground.settings);
    worker.sawDocument.catch(() => undefined);
    return worker;
  };
  let server = await serve("0");
  const { url } = server;
  const { port } = new URL(url);
  const ids = await submitAll(url, ground);
  const workers = [work(), work()];
  const [cancelledId = "", key = ""] = [ids[11], ground.keys[1]];

  await watchUntil(url, ground, (jobs) => endedAtLeast(2)(jobs) && midWay(jobs));
  workers[0]?.child.kill("SIGKILL");
  workers[0] = work();
  await watchUntil(
    url,
    ground,
    (jobs) => jobs.some(({ id, state }) => id === cancelledId && state === "running") || endedAtLeast(6)(jobs),
  );
  await cancel(url, cancelledId, key);
  await server.stop("SIGKILL");
  server = await serve(port);
  await watchUntil(url, ground, (jobs) => endedAtLeast(9)(jobs) && midWay(jobs));
  await postgres.crashAndRestart();
  await watchUntil(url, ground, (jobs) => endedAtLeast(13)(jobs) && midWay(jobs));
  workers[1]?.child.kill("SIGKILL");
  workers[1] = work();
  await watchUntil(url, ground, endedAtLeast(jobCount));
  await waitForDeliveries(ground);
  for (const { child, ended: end } of workers) {
    child.kill("SIGTERM");
    await end;
  }
  await server.stop();
  await expectTruth(ground, ids, cancelledId);
});

async function waitForDeliveries({ told }: Ground): Promise<void> {
  while (told.size < jobCount) await setTimeout(200);
}
