import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../src/core/logger.ts";
import type { JobFailure, JobResult } from "../../src/domain/job.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobClaim, JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobEvent, JobService, SubmitJob } from "../../src/jobs/job-service.ts";
import { createTestDatabase, databaseKinds, missingDatabase, type TestDatabase } from "../support/databases.ts";
import { ManualClock } from "../support/manual-clock.ts";

const result: JobResult = {
  objectKey: "results/x/clip.mp4",
  fileName: "clip.mp4",
  contentType: "video/mp4",
  sizeBytes: 1,
  durationSeconds: 2,
  width: 3,
  height: 4,
  frames: 5,
};
const failure: JobFailure = { code: "decode_failed", message: "The video is damaged.", details: { frame: 3 } };

describe.each(databaseKinds)("jobs on the %s database", (kind) => {
  const missing = missingDatabase(kind);
  const clock = new ManualClock();
  const limits = new Map<string, number>();
  let made: TestDatabase;
  let jobs: JobService & JobRunner & AsyncDisposable;
  let accounts = 0;

  beforeAll(async () => {
    if (missing !== undefined) return;
    made = await createTestDatabase(kind);
    jobs = await createJobService({
      database: made.database,
      clock,
      logger: silentLogger,
      concurrencyLimit: (accountId) => Promise.resolve(limits.get(accountId) ?? 100),
      reserveCredits: async (job, database) => {
        if (job.priceMicros === 666n) throw new Error("no credits");
        await database.query("select 1");
      },
      runsWorker: true,
    });
  });
  afterAll(async () => {
    await jobs?.[Symbol.asyncDispose]();
    await made?.[Symbol.asyncDispose]();
  });
  beforeEach(async (context) => {
    context.skip(missing !== undefined, missing);
    await made.database.query("delete from jobs");
    await made.database.query("delete from pgboss.job");
  });

  function account(limit = 100): string {
    accounts += 1;
    const id = `account-${accounts}`;
    limits.set(id, limit);
    return id;
  }

  function ask(accountId: string, more: Partial<SubmitJob> = {}): SubmitJob {
    const source = { kind: "url", url: "https://example.com/clip.mp4" } as const;
    return { accountId, dialect: "fal", request: defaultRequest, source, reserveMicros: 7n, ...more };
  }

  async function claimed(): Promise<JobClaim> {
    const claim = await jobs.claim();
    if (claim === undefined) throw new Error("nothing to claim");
    return claim;
  }

  test("a job is given back as it was submitted, and to its own account only", async () => {
    const mine = account();
    const startDeadline = new Date(clock.now().getTime() + 60_000);
    const extra = { startDeadline, webhookUrl: "https://example.com/hook", dialectData: { a: [1] }, resultLifetimeSeconds: 60 };
    const job = await jobs.submit(ask(mine, { priority: "low", ...extra }));
    expect(job).toMatchObject({ ...extra, accountId: mine, dialect: "fal", request: defaultRequest, state: "queued" });
    expect(job).toMatchObject({ priority: "low", progress: 0, priceMicros: 7n, createdAt: clock.now(), startedAt: undefined });
    expect(await jobs.get(mine, job.id)).toEqual(job);
    expect(await jobs.get(account(), job.id)).toBeUndefined();
    expect(await jobs.get(mine, "not an id")).toBeUndefined();
    expect(await jobs.cancel(account(), job.id)).toBe("not_found");
  });

  test("the same key gives the same job, even when it is submitted many times at once", async () => {
    const mine = account();
    const all = await Promise.all(Array.from({ length: 20 }, () => jobs.submit(ask(mine, { idempotencyKey: "k" }))));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await jobs.list(mine)).toHaveLength(1);
    const others = [ask(account(), { idempotencyKey: "k" }), ask(mine, { idempotencyKey: "k", dialect: "runway" })];
    const more = await Promise.all(others.map((other) => jobs.submit(other)));
    expect(new Set([...all, ...more].map(({ id }) => id)).size).toBe(3);
    const queued = await made.database.query<{ n: bigint }>("select count(*) as n from pgboss.job");
    expect(queued).toEqual([{ n: 3n }]);
  });

  test("a full queue refuses, exactly at its length, and a job that is started makes room", async () => {
    const mine = account();
    const asked = Array.from({ length: 9 }, () => jobs.submit(ask(mine, { maxQueueLength: 3 })));
    const outcomes = await Promise.allSettled(asked);
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(refused).toHaveLength(6);
    for (const error of refused) expect(error).toMatchObject({ code: "queue_full" });
    await claimed();
    await expect(jobs.submit(ask(mine, { maxQueueLength: 3 }))).resolves.toMatchObject({ state: "queued" });
  });

  test("a job whose credits cannot be held does not come to be", async () => {
    const mine = account();
    await expect(jobs.submit(ask(mine, { reserveMicros: 666n }))).rejects.toThrow("no credits");
    expect(await jobs.list(mine)).toEqual([]);
    expect(await jobs.claim()).toBeUndefined();
  });

  test("jobs start by priority, then by age, and know how many are before them", async () => {
    const mine = account();
    const low = await jobs.submit(ask(mine, { priority: "low" }));
    const first = await jobs.submit(ask(mine));
    const second = await jobs.submit(ask(mine));
    expect(await Promise.all([low, first, second].map((job) => jobs.queuePosition(job)))).toEqual([2, 0, 1]);
    const started = [await claimed(), await claimed(), await claimed()];
    expect(started.map(({ job }) => job.id)).toEqual([first.id, second.id, low.id]);
    expect(started[0]?.job).toMatchObject({ state: "running", startedAt: clock.now() });
    expect(await jobs.claim()).toBeUndefined();
  });

  test("an account never has more running than its limit, whoever claims", async () => {
    const limited = account(2);
    const free = account();
    await Promise.all(Array.from({ length: 24 }, () => jobs.submit(ask(limited))));
    await Promise.all(Array.from({ length: 6 }, () => jobs.submit(ask(free))));
    let most = 0;
    const finished: string[] = [];
    const claimAll = async (): Promise<void> => {
      for (let idle = 0; idle < 3;) {
        const claim = await jobs.claim();
        const [row] = await made.database.query<{ n: bigint }>(
          "select count(*) as n from jobs where account_id = $1 and state = 'running'",
          [limited],
        );
        most = Math.max(most, Number(row?.n));
        if (claim === undefined) idle += 1;
        else if (claim.attempt === 1 && finished.length % 3 === 0 && claim.job.accountId === limited) await jobs.handBack(claim);
        else {
          idle = 0;
          finished.push(claim.job.id);
          expect(await jobs.succeed(claim, result, {})).toBe("held");
        }
      }
    };
    while (finished.length < 30) await Promise.all(Array.from({ length: 6 }, claimAll));
    expect(most).toBe(2);
    expect(new Set(finished).size).toBe(30);
  });

  test("a job that is not started by its deadline fails, when the sweep finds it and when a worker does", async () => {
    const mine = account();
    const startDeadline = new Date(clock.now().getTime() + 1000);
    const [swept, met] = [await jobs.submit(ask(mine, { startDeadline })), await jobs.submit(ask(mine, { startDeadline }))];
    const started = await claimed();
    expect(started.job.id).toBe(swept.id);
    clock.advance(1000);
    expect(await jobs.claim()).toBeUndefined();
    expect(await jobs.get(mine, met.id)).toMatchObject({ state: "failed", failure: { code: "start_timeout" } });
    const late = await jobs.submit(ask(mine, { startDeadline }));
    expect(await jobs.sweep()).toBe(1);
    expect(await jobs.get(mine, late.id)).toMatchObject({ state: "failed", failure: { code: "start_timeout" } });
    expect(await jobs.get(mine, started.job.id)).toMatchObject({ state: "running" });
  });

  test("a waiting job is cancelled for good, and only once", async () => {
    const mine = account();
    const job = await jobs.submit(ask(mine));
    expect(await Promise.all([jobs.cancel(mine, job.id), jobs.cancel(mine, job.id)])).toEqual(
      expect.arrayContaining(["cancelled", "already_finished"]),
    );
    expect(await jobs.get(mine, job.id)).toMatchObject({ state: "cancelled", finishedAt: clock.now() });
    expect(await jobs.claim()).toBeUndefined();
  });

  test("a running job that is cancelled is told so at the next renewal, and cannot end another way", async () => {
    const mine = account();
    const job = await jobs.submit(ask(mine));
    const claim = await claimed();
    expect(await jobs.renew(claim, { framesDone: 1, framesTotal: 4 })).toBe("held");
    expect(await jobs.get(mine, job.id)).toMatchObject({ progress: 0.25 });
    expect(await jobs.cancel(mine, job.id)).toBe("cancelled");
    expect(await jobs.renew(claim, { framesDone: 2, framesTotal: 4 })).toBe("cancelled");
    expect(await jobs.succeed(claim, result, {})).toBe("cancelled");
    expect(await jobs.fail(claim, failure)).toBe("cancelled");
    await jobs.handBack(claim);
    expect(await jobs.claim()).toBeUndefined();
    expect(await jobs.get(mine, job.id)).toMatchObject({ state: "cancelled", result: undefined });
  });

  test("a finished job cannot be cancelled and keeps its result", async () => {
    const mine = account();
    const job = await jobs.submit(ask(mine));
    expect(await jobs.succeed(await claimed(), result, { frames: 5n })).toBe("held");
    expect(await jobs.cancel(mine, job.id)).toBe("already_finished");
    expect(await jobs.get(mine, job.id)).toMatchObject({ state: "succeeded", progress: 1, result, failure: undefined });
    expect(await jobs.report(job.id)).toEqual({ frames: 5 });
  });

  test("a job handed back is started again, and its first start has no say any more", async () => {
    const mine = account(1);
    const job = await jobs.submit(ask(mine, { priority: "low" }));
    const other = await jobs.submit(ask(mine));
    const running = await claimed();
    expect(running.job.id).toBe(other.id);
    await jobs.handBack(running);
    await jobs.submit(ask(mine));
    const again = await claimed();
    expect(again).toMatchObject({ attempt: 2, retries: 0, job: { id: other.id } });
    expect(await jobs.claim()).toBeUndefined();
    expect(await jobs.renew(running)).toBe("lost");
    expect(await jobs.succeed(running, result, {})).toBe("lost");
    expect(await jobs.fail(running, failure)).toBe("lost");
    expect(await jobs.renew(again)).toBe("held");
    expect(await jobs.fail(again, failure)).toBe("held");
    expect(await jobs.get(mine, other.id)).toMatchObject({ state: "failed", failure });
    expect(await jobs.get(mine, job.id)).toMatchObject({ state: "queued" });
  });

  test("a job handed back with a delay is not started before, and counts the retry", async () => {
    const mine = account();
    await jobs.submit(ask(mine));
    await jobs.handBack(await claimed(), 3600);
    expect(await jobs.claim()).toBeUndefined();
    await made.database.query("update pgboss.job set start_after = now()");
    expect(await claimed()).toMatchObject({ attempt: 2, retries: 1 });
  });

  test("a crash is counted over all starts of a job", async () => {
    await jobs.submit(ask(account()));
    const claim = await claimed();
    expect(await jobs.recordCrash(claim)).toBe(1);
    await jobs.handBack(claim);
    const again = await claimed();
    expect(again.crashes).toBe(1);
    expect(await jobs.recordCrash(again)).toBe(2);
  });

  test("listeners hear of every end once, in its transaction, and decide the price", async () => {
    const mine = account();
    const heard: unknown[] = [];
    let refuse = true;
    jobs.onFinished(async ({ job, errorCode }, database) => {
      if (job.accountId !== mine) return;
      if (refuse) throw new Error("not now");
      heard.push([job.state, errorCode]);
      await jobs.setPrice(job.id, job.state === "succeeded" ? 5n : 0n, database);
    });
    await Promise.all([1, 2, 3].map(() => jobs.submit(ask(mine))));
    const claim = await claimed();
    await expect(jobs.succeed(claim, result, {})).rejects.toThrow("not now");
    expect(await jobs.get(mine, claim.job.id)).toMatchObject({ state: "running", result: undefined });
    expect(await jobs.renew(claim)).toBe("held");
    refuse = false;
    await jobs.succeed(claim, result, {});
    await jobs.fail(await claimed(), failure);
    const left = (await jobs.list(mine)).find(({ state }) => state === "queued");
    expect(await jobs.cancel(mine, left?.id ?? "")).toBe("cancelled");
    expect(heard).toEqual([
      ["succeeded", undefined],
      ["failed", "decode_failed"],
      ["cancelled", "cancelled"],
    ]);
    const prices = (await jobs.list(mine)).map(({ state, priceMicros }) => [state, priceMicros]);
    expect(new Map(prices as [string, bigint][])).toEqual(
      new Map([
        ["succeeded", 5n],
        ["failed", 0n],
        ["cancelled", 0n],
      ]),
    );
  });

  test("watching a job gives its events up to the last state", async () => {
    const mine = account();
    const job = await jobs.submit(ask(mine));
    const events: JobEvent[] = [];
    let next = (): void => undefined;
    const another = (): Promise<void> => new Promise((resolve) => (next = resolve));
    const watched = (async () => {
      for await (const event of jobs.watch(job.id, new AbortController().signal)) {
        events.push(event);
        next();
      }
    })();
    let seen = another();
    // Moving the clock stands for the second that a watcher waits at most.
    const claim = await claimed();
    clock.advance(1000);
    await seen;
    seen = another();
    await jobs.renew(claim, { framesDone: 2, framesTotal: 8 });
    await seen;
    seen = another();
    await jobs.log(job.id, "warn", "careful");
    await seen;
    await jobs.succeed(claim, result, {});
    await watched;
    expect(events.map((each) => (each.type === "log" ? each.line.message : [each.type, each.job.state]))).toEqual([
      ["state", "running"],
      ["progress", "running"],
      "careful",
      ["state", "succeeded"],
    ]);
    expect(await jobs.logs(job.id)).toMatchObject([{ level: "warn", message: "careful", at: clock.now() }]);
    for await (const late of jobs.watch(job.id, new AbortController().signal)) expect(late).toBeUndefined();
  });

  test("lists are newest first, by page and by dialect", async () => {
    const mine = account();
    const ids: string[] = [];
    for (const dialect of ["fal", "runway", "fal"] as const) {
      ids.unshift((await jobs.submit(ask(mine, { dialect }))).id);
      clock.advance(1000);
    }
    const all = await jobs.list(mine);
    expect(all.map(({ id }) => id)).toEqual(ids);
    expect((await jobs.list(mine, { limit: 2 })).map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect((await jobs.list(mine, { createdBefore: all[0]?.createdAt ?? clock.now() })).map(({ id }) => id)).toEqual(
      ids.slice(1),
    );
    expect((await jobs.list(mine, { dialect: "runway" })).map(({ id }) => id)).toEqual([ids[1]]);
    expect(await jobs.counts()).toEqual({ queued: 3, running: 0, oldestQueuedAt: all[2]?.createdAt });
  });

  test("results are due for removal after their own lifetime, or the operator's", async () => {
    const mine = account();
    const short = await jobs.submit(ask(mine, { resultLifetimeSeconds: 10 }));
    await jobs.submit(ask(mine, { source: { kind: "object", key: "inputs/a" } }));
    expect(await jobs.sourcesInUse()).toEqual(new Set(["inputs/a"]));
    await jobs.succeed(await claimed(), result, {});
    await jobs.succeed(await claimed(), result, {});
    expect(await jobs.sourcesInUse()).toEqual(new Set());
    clock.advance(10_000);
    expect((await jobs.expiredResults(20)).map(({ id }) => id)).toEqual([short.id]);
    await jobs.markResultRemoved(short.id);
    expect(await jobs.expiredResults(20)).toEqual([]);
    clock.advance(10_000);
    expect(await jobs.expiredResults(20)).toHaveLength(1);
  });
});
