import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../src/core/logger.ts";
import type { Job, JobResult } from "../../src/domain/job.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobClaim, JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobService } from "../../src/jobs/job-service.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { cleanUp, type CleanUpCounts } from "../../src/worker/clean-up.ts";
import { createTestDatabase, type TestDatabase } from "../support/databases.ts";
import { ManualClock } from "../support/manual-clock.ts";

// What is known of finished jobs, and for how long.

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const description = { contentType: "video/mp4", fileName: "clip.mp4" };

let made: TestDatabase;
let clock: ManualClock;
let store: ObjectStore;
let jobs: JobService & JobRunner & AsyncDisposable;
let forgottenDeliveries: Date[];

beforeEach(async () => {
  made = await createTestDatabase("embedded");
  clock = new ManualClock(new Date());
  store = createDiskStore({ folder: join(made.dataFolder, "objects") });
  forgottenDeliveries = [];
  jobs = await createJobService({
    database: made.database,
    clock,
    logger: silentLogger,
    concurrencyLimit: () => Promise.resolve(9),
    runsWorker: true,
  });
});
afterEach(async () => {
  await jobs[Symbol.asyncDispose]();
  await made[Symbol.asyncDispose]();
});

async function clean(resultLifetimeSeconds = 3600): Promise<CleanUpCounts> {
  return await cleanUp({
    jobs,
    store,
    dataFolder: made.dataFolder,
    clock,
    resultLifetimeSeconds,
    inputLifetimeSeconds: 3600,
    forgetDeliveries: async (before) => forgottenDeliveries.push(before),
  });
}

async function start(reserveMicros = 0n): Promise<JobClaim> {
  const source = { kind: "url", url: "https://example.com/clip.mp4" } as const;
  await jobs.submit({ accountId: "a", dialect: "native", request: defaultRequest, source, reserveMicros });
  const claim = await jobs.claim();
  if (claim === undefined) throw new Error("nothing to claim");
  await jobs.log(claim.job.id, "info", "started");
  return claim;
}

async function succeeded(reserveMicros = 0n): Promise<Job> {
  const claim = await start(reserveMicros);
  const objectKey = `results/${claim.job.id}/result.mp4`;
  await store.put(objectKey, Readable.from([Buffer.from("bytes")]), description);
  const result: JobResult = { ...description, objectKey, sizeBytes: 5, durationSeconds: 1, width: 1, height: 1, frames: 1 };
  await jobs.succeed(claim, result, { checks: [] });
  return claim.job;
}

async function failed(): Promise<Job> {
  const claim = await start();
  await jobs.fail(claim, { code: "decode_failed", message: "Damaged.", details: {} });
  return claim.job;
}

async function rows(): Promise<readonly string[]> {
  const found = await made.database.query<{ id: string }>("select id from jobs order by sequence");
  return found.map(({ id }) => id);
}

describe("clean-up", () => {
  test("forgets jobs 90 days after their end, once their result is gone, with their logs", async () => {
    const done = await succeeded();
    const broken = await failed();
    const waiting = await start();
    clock.advance(90 * dayMs - 1);
    expect(await clean()).toMatchObject({ results: 1, jobs: 0 });
    expect(await rows()).toEqual([done.id, broken.id, waiting.job.id]);
    clock.advance(2);
    const late = await failed();
    expect(await clean()).toMatchObject({ results: 0, jobs: 2 });
    expect(await rows()).toEqual([waiting.job.id, late.id]);
    expect(await jobs.get("a", done.id)).toBeUndefined();
    const logs = await made.database.query<{ job_id: string }>("select distinct job_id from job_logs");
    expect(new Set(logs.map(({ job_id: id }) => id))).toEqual(new Set([waiting.job.id, late.id]));
    expect(await jobs.renew(waiting)).toBe("held");
  });

  test("keeps a job as long as its result", async () => {
    const done = await succeeded();
    clock.advance(100 * dayMs);
    expect(await clean(101 * 24 * 3600)).toMatchObject({ results: 0, jobs: 0 });
    expect(await rows()).toEqual([done.id]);
    clock.advance(dayMs);
    expect(await clean(101 * 24 * 3600)).toMatchObject({ results: 1, jobs: 1 });
    expect(await store.head(`results/${done.id}/result.mp4`)).toBeUndefined();
    expect(await rows()).toEqual([]);
  });

  test("forgets removed jobs within the hour, but for what was paid", async () => {
    const [free, paid, broken] = [await succeeded(), await succeeded(7n), await failed()];
    const running = await start(5n);
    for (const { id } of [free, paid, broken, running.job]) await jobs.remove("a", id);
    expect(await clean()).toMatchObject({ results: 2, jobs: 0 });
    expect(await store.head(`results/${free.id}/result.mp4`)).toBeUndefined();
    expect(await jobs.renew(running)).toBe("cancelled");
    clock.advance(hourMs + 1);
    expect(await clean()).toMatchObject({ jobs: 3 });
    expect(await rows()).toEqual([paid.id]);
    expect(await jobs.spending("a")).toMatchObject([{ jobs: 1, micros: 7n }]);
    clock.advance(90 * dayMs);
    expect(await clean()).toMatchObject({ jobs: 1 });
    expect(await rows()).toEqual([]);
  });

  test("goes on until nothing old is left", async () => {
    const { id } = await failed();
    await made.database.query(
      `insert into jobs (id, account_id, dialect, request, source, priority, state, created_at, finished_at, price_micros, dialect_data)
       select gen_random_uuid(), account_id, dialect, request, source, priority, state, created_at, finished_at, 0, '{}'
       from jobs, generate_series(1, 2500) where id = $1`,
      [id],
    );
    clock.advance(91 * dayMs);
    expect(await jobs.forgetOld(clock.now())).toBe(1000);
    expect(await clean()).toMatchObject({ jobs: 1501 });
    expect(await rows()).toEqual([]);
  });

  test("forgets deliveries that ended a month ago", async () => {
    expect(await clean()).toMatchObject({ deliveries: 1 });
    expect(forgottenDeliveries).toEqual([new Date(clock.now().getTime() - 30 * dayMs)]);
  });
});
