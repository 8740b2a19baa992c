import { existsSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { expect, test, type TestContext } from "vitest";
import { openDatabase } from "../../src/db/open-database.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { writeDemoClip } from "../../src/media/demo-clip.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { createTestDatabase, missingDatabase } from "../support/databases.ts";
import { filesIn } from "../support/files-in.ts";
import { JobServer, type ServerOptions } from "../support/job-server-process.ts";
import { writeSmallClip } from "../support/small-clip.ts";

/** About 230 frames in several segments. */
async function scene(context: TestContext): Promise<ServerOptions> {
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await writeSmallClip(clip(context, "4-anim_bbb_moviepy_intro_11-28s.webm"), inputPath);
  return { inputPath, dataFolder: join(folder, "data") };
}

type Truth = {
  readonly jobs: readonly { readonly id: string; readonly state: string; readonly attempt: number; readonly failure: unknown }[];
  readonly ends: readonly { readonly job_id: string; readonly state: string }[];
  readonly lines: readonly string[];
};

/** What the database says once no server uses it. */
async function truth({ dataFolder, url }: ServerOptions): Promise<Truth> {
  await using database = await openDatabase({ dataFolder, url });
  const lines = await database.query<{ message: string }>("select message from job_logs order by sequence");
  return {
    jobs: await database.query("select id, state, attempt, failure from jobs order by sequence"),
    ends: await database.query("select job_id, state from ends"),
    lines: lines.map(({ message }) => message),
  };
}

function segmentsIn(lines: readonly string[], how: RegExp): readonly number[] {
  return lines.filter((line) => how.test(line)).map((line) => Number(/^segment (\d+)/.exec(line)?.[1]));
}

const finished = /^segment \d+ of \d+ finished$/;
const kept = /was finished earlier, kept$/;

function expectEachSegmentOnce({ lines }: Truth): void {
  const made = segmentsIn(lines, finished);
  expect(made.length).toBeGreaterThanOrEqual(3);
  expect(made.length, "a finished segment was made again").toBe(new Set(made).size);
}

test("after kill -9 of the whole server its job goes on, ends once and redoes no finished segment", async (context) => {
  const options = await scene(context);
  const first = await JobServer.start(options);
  const id = await first.submit();
  await first.line(finished);
  await first.kill();
  expect(existsSync(join(options.dataFolder, "lock")), "a killed process leaves its lock").toBe(true);

  const second = await JobServer.start(options);
  second.send({ type: "watch", id });
  await second.end(id);
  await second.stop();

  const after = await truth(options);
  expect(after.jobs).toMatchObject([{ id, state: "succeeded", attempt: 2, failure: null }]);
  expect(after.ends).toEqual([{ job_id: id, state: "succeeded" }]);
  expectEachSegmentOnce(after);
  expect(segmentsIn(after.lines, kept)).toContain(1);
  expect(await filesIn(join(options.dataFolder, "work"))).toEqual([]);
  expect(existsSync(join(options.dataFolder, "lock"))).toBe(false);
});

test("an engine that outlives its killed server delays the job and does not fail it", async (context) => {
  context.skip(process.platform !== "linux", "the engine's process is found through /proc");
  const options = await scene(context);
  const first = await JobServer.start(options);
  const id = await first.submit();
  await first.line(finished);
  const [engine = 0] = await first.engines();
  process.kill(engine, "SIGSTOP");
  await first.kill();

  const second = await JobServer.start(options);
  second.send({ type: "watch", id });
  await second.logged("waiting for an earlier engine to end");
  process.kill(engine, "SIGCONT");
  await second.end(id);
  await second.stop();
  const after = await truth(options);
  expect(after.jobs).toMatchObject([{ id, state: "succeeded", attempt: 2, failure: null }]);
  expectEachSegmentOnce(after);
});

test("a server that stops hands its job back, and the next one goes on at once", async (context) => {
  const options = await scene(context);
  const first = await JobServer.start(options);
  const id = await first.submit();
  await first.line(finished);
  await first.stop();
  expect(await truth(options)).toMatchObject({ jobs: [{ state: "running", attempt: 1 }], ends: [] });

  const second = await JobServer.start(options);
  second.send({ type: "watch", id });
  expect(await second.end(id)).toMatchObject({ state: "succeeded" });
  await second.stop();
  const after = await truth(options);
  expect(after.ends).toEqual([{ job_id: id, state: "succeeded" }]);
  expectEachSegmentOnce(after);
});

test("an engine that dies is started once more and the job succeeds; one that dies again fails the job, not the server", async (context) => {
  context.skip(process.platform !== "linux", "the engine's process is found through /proc");
  const options = await scene(context);
  const server = await JobServer.start(options);
  const id = await server.submit();
  await server.line(finished);
  await killEngines(server);
  await server.line(/crashed and is started once more/);
  expect(await server.end(id)).toMatchObject({ state: "succeeded" });

  const doomed = await server.submit();
  await progressOf(server, doomed);
  await killEngines(server);
  await server.event((event) => event.type === "line" && event.id === doomed && event.message.includes("once more"));
  // However far the next engine gets, it does not get to an end.
  const over = new AbortController();
  const ended = server.end(doomed).finally(() => over.abort());
  while (!over.signal.aborted) {
    await killEngines(server);
    await setTimeout(20);
  }
  expect(await ended).toMatchObject({ state: "failed" });
  await server.stop();

  const after = await truth(options);
  expect(after.jobs).toMatchObject([
    { id, state: "succeeded", attempt: 1 },
    { id: doomed, state: "failed", failure: { code: "out_of_memory" } },
  ]);
  expect(after.ends).toHaveLength(2);
  expect(await filesIn(join(options.dataFolder, "work"))).toEqual([]);
});

test("cancelling a running job ends its engine within two seconds and leaves no file", async (context) => {
  context.skip(process.platform !== "linux", "the engine's process is found through /proc");
  const options = await scene(context);
  const server = await JobServer.start(options);
  const id = await server.submit();
  await progressOf(server, id);
  const [engine = 0] = await server.engines();
  expect(engine).toBeGreaterThan(0);
  const asked = performance.now();
  server.send({ type: "cancel", id });
  expect(await server.end(id)).toMatchObject({ state: "cancelled" });
  await server.logged("job cancelled");
  expect(performance.now() - asked).toBeLessThan(2000);
  expect(() => process.kill(engine, 0)).toThrow("ESRCH");
  await server.stop();
  expect(await filesIn(join(options.dataFolder, "work"))).toEqual([]);
  expect(existsSync(join(options.dataFolder, "objects")), "something was stored").toBe(false);
  expect((await truth(options)).ends).toEqual([{ job_id: id, state: "cancelled" }]);
});

test("a worker of two segments at a time makes two of the same job", async () => {
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await writeDemoClip(inputPath, { size: { width: 256, height: 144 }, durationSeconds: 60, gopFrames: 25 });
  const options = { inputPath, dataFolder: join(folder, "data"), concurrency: 2 };
  const server = await JobServer.start(options);
  const id = await server.submit();
  await server.logged("helping");
  expect(await server.end(id)).toMatchObject({ state: "succeeded" });
  await server.stop();
  const after = await truth(options);
  expectEachSegmentOnce(after);
  expect((await filesIn(options.dataFolder)).filter((file) => /^(?:work|help|objects\/segments)\//.test(file))).toEqual([]);
});

test("on Postgres several workers make the segments of one job, and the result is what one worker makes", async (context) => {
  const missing = missingDatabase("postgres");
  context.skip(missing !== undefined, missing);
  await using made = await createTestDatabase("postgres");
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await writeDemoClip(inputPath, { size: { width: 256, height: 144 }, durationSeconds: 60, gopFrames: 25 });
  const options = { inputPath, dataFolder: join(folder, "data"), url: made.url };
  // Folders of their own and one store: as on several machines.
  const storeFolder = join(options.dataFolder, "objects");
  const helperOptions = { ...options, storeFolder, dataFolder: `${options.dataFolder}-2` };
  const main = await JobServer.start({ ...options, storeFolder });
  const alone = await main.submit();
  expect(await main.end(alone)).toMatchObject({ state: "succeeded" });

  const helper = await JobServer.start(helperOptions);
  const shared = await main.submit();
  expect(await main.end(shared)).toMatchObject({ state: "succeeded" });
  expect([...main.events, ...helper.events].some((event) => event.type === "logged" && event.message === "helping")).toBe(true);
  await Promise.all([main.stop(), helper.stop()]);

  const after = await truth(options);
  expect(after.ends).toHaveLength(2);
  const store = createDiskStore({ folder: storeFolder });
  const results = await made.database.query<{ key: string }>("select result ->> 'objectKey' as key from jobs order by sequence");
  const [first, second] = await Promise.all(results.map(async ({ key }) => await buffer((await store.read(key)).body)));
  expect(second?.equals(first ?? Buffer.alloc(0)), "several workers made another result").toBe(true);
  expect(await Array.fromAsync(store.list("segments/"))).toEqual([]);
  for (const { dataFolder } of [options, helperOptions]) {
    const left = (await filesIn(dataFolder)).filter((file) => /^(?:work|help)\//.test(file));
    expect(left).toEqual([]);
  }
});

test("on Postgres another worker takes up the job of one that was killed", async (context) => {
  const missing = missingDatabase("postgres");
  context.skip(missing !== undefined, missing);
  await using made = await createTestDatabase("postgres");
  const options = { ...(await scene(context)), url: made.url, accountLimit: 2 };
  const servers = [await JobServer.start(options), await JobServer.start(options)] as const;
  const [doomed, other] = servers;
  const ids = [await doomed.submit(), await doomed.submit(), await doomed.submit()];
  await doomed.line(finished);
  await doomed.kill();
  for (const id of ids) {
    other.send({ type: "watch", id });
    await other.end(id);
  }
  await other.stop();
  const after = await truth(options);
  expect(after.jobs.map(({ state }) => state)).toEqual(["succeeded", "succeeded", "succeeded"]);
  expect(after.ends.map(({ job_id: id }) => id).toSorted()).toEqual(ids.toSorted());
  expect(Math.max(...after.jobs.map(({ attempt }) => attempt))).toBe(2);
  expect(after.lines.some((line) => kept.test(line))).toBe(true);
  expect(await filesIn(join(options.dataFolder, "work"))).toEqual([]);
});

async function killEngines(server: JobServer): Promise<void> {
  for (const pid of await server.engines()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has just ended
    }
  }
}

function progressOf(server: JobServer, id: string): Promise<unknown> {
  return server.event((event) => event.type === "progress" && event.id === id && event.framesDone > 0);
}
