import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { silentLogger } from "../../src/core/logger.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { cleanUp } from "../../src/worker/clean-up.ts";
import { EngineProcess } from "../../src/worker/engine-process.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { createTestDatabase } from "../support/databases.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { writeSmallClip } from "../support/small-clip.ts";

const daySeconds = 24 * 3600;

test("clean-up removes old inputs, results past their lifetime and finished jobs' folders, and nothing that is needed", async () => {
  await using made = await createTestDatabase("embedded");
  const { database, dataFolder } = made;
  const clock = new ManualClock(new Date());
  const store = createDiskStore({ folder: join(dataFolder, "objects") });
  await using jobs = await createJobService({
    database,
    clock,
    logger: silentLogger,
    concurrencyLimit: () => Promise.resolve(9),
    runsWorker: true,
  });
  const description = { contentType: "video/mp4", fileName: "clip.mp4" };
  const keys = ["inputs/used", "inputs/unused", "uploads/unused", "results/done"];
  for (const key of keys) await store.put(key, Readable.from([Buffer.from("bytes")]), description);
  const ask = { accountId: "a", dialect: "native", request: defaultRequest, reserveMicros: 0n } as const;
  const done = await jobs.submit({ ...ask, source: { kind: "object", key: "inputs/unused" } });
  const claim = await jobs.claim();
  if (claim === undefined) throw new Error("nothing to claim");
  const facts = { sizeBytes: 5, durationSeconds: 1, width: 1, height: 1, frames: 1 };
  await jobs.succeed(claim, { ...description, ...facts, objectKey: "results/done" }, {});
  const waiting = await jobs.submit({ ...ask, source: { kind: "object", key: "inputs/used" } });
  for (const { id } of [done, waiting]) {
    await mkdir(join(dataFolder, "work", id), { recursive: true });
    await writeFile(join(dataFolder, "work", id, "segment"), "frames");
  }
  const left = async (): Promise<readonly string[]> => {
    const heads = await Promise.all(keys.map((key) => store.head(key)));
    return heads.flatMap((head) => (head === undefined ? [] : [head.key]));
  };
  const options = {
    jobs,
    store,
    dataFolder,
    clock,
    resultLifetimeSeconds: 2 * daySeconds,
    inputLifetimeSeconds: daySeconds,
    forgetDeliveries: () => Promise.resolve(0),
  };

  expect(await cleanUp(options)).toMatchObject({ folders: 1, results: 0, inputs: 0 });
  expect(await left()).toEqual(keys);
  expect(await readFile(join(dataFolder, "work", waiting.id, "segment"), "utf8")).toBe("frames");
  clock.advance((daySeconds + 60) * 1000);
  expect(await cleanUp(options)).toMatchObject({ folders: 0, results: 0, inputs: 2 });
  expect(await left()).toEqual(["inputs/used", "results/done"]);
  clock.advance(daySeconds * 1000);
  expect(await cleanUp(options)).toMatchObject({ folders: 0, results: 1, inputs: 0 });
  expect(await left()).toEqual(["inputs/used"]);
  expect(await cleanUp(options)).toMatchObject({ folders: 0, results: 0, inputs: 0 });
});

test("an engine that stands still is ended and counts as crashed", async (context) => {
  context.skip(process.platform !== "linux", "the engine's process is found through /proc");
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await writeSmallClip(clip(context, "4-anim_bbb_moviepy_intro_11-28s.webm"), inputPath);
  const clock = new ManualClock();
  const known = new Set(await childProcesses());
  const request = { ...defaultRequest, tier: "fast", target: { kind: "scale", factor: 2 } } as const;
  const started = Promise.withResolvers<void>();
  await using running = new EngineProcess({
    hangTimeoutMs: 60_000,
    clock,
    onStep: () => started.resolve(),
    signal: new AbortController().signal,
  });
  const outputPath = join(folder, "output.mp4");
  const task = { inputPath, outputPath, request, threads: 1, encoderThreads: undefined, provider: "cpu" } as const;
  await running.ask({ type: "open", task });
  const outcome = running.ask({ type: "segment", index: 0 }).catch((error: unknown) => error);
  await started.promise;
  const [engine = 0] = (await childProcesses()).filter((pid) => !known.has(pid));
  process.kill(engine, "SIGSTOP");
  // What it had said before is still on its way and counts as a sign of life.
  const over = new AbortController();
  void outcome.finally(() => over.abort());
  while (!over.signal.aborted) {
    await setImmediate();
    clock.advance(60_000);
  }
  expect(await outcome).toMatchObject({
    name: "EngineCrash",
    failure: { code: "internal", message: "The engine stood still and was ended." },
  });
  expect(() => process.kill(engine, 0)).toThrow("ESRCH");
});

async function childProcesses(): Promise<readonly number[]> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, "utf8");
  return children.split(" ").filter(Boolean).map(Number);
}
