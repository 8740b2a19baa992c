import { existsSync } from "node:fs";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { sha256OfFile } from "../../src/core/files.ts";
import { AppError } from "../../src/domain/errors.ts";
import { run } from "../../src/engine/run.ts";
import { workspacePath } from "../../src/engine/workspace.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { type EngineEvent, type EngineExit, runInProcess, runOptions } from "../support/engine-process.ts";
import { writeSmallClip } from "../support/small-clip.ts";

type Scene = { readonly inputPath: string; readonly folder: string };

async function severalSegments(context: TestContext): Promise<Scene> {
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await writeSmallClip(clip(context, "4-anim_bbb_moviepy_intro_11-28s.webm"), inputPath);
  return { inputPath, folder };
}

function indexesOf(events: readonly EngineEvent[], type: "segment_started" | "segment_reused"): readonly number[] {
  return events.flatMap((event) => (event.type === type ? [event.index] : []));
}

/** Ends a run with SIGKILL at a random frame after its first segment. */
async function killedRun({ inputPath }: Scene, outputPath: string): Promise<EngineExit> {
  let framesLeft = -1;
  const exit = await runInProcess(runOptions(inputPath, outputPath, 2), (event) => {
    expect(existsSync(outputPath), "a file under the output's name before the end").toBe(false);
    if (event.type === "segment_started" && event.index === 1) framesLeft = 1 + Math.floor(Math.random() * 200);
    if (event.type !== "progress" || framesLeft < 0) return undefined;
    framesLeft -= 1;
    return framesLeft === 0 ? "kill" : undefined;
  });
  expect(exit.signal, exit.errors).toBe("SIGKILL");
  expect(existsSync(outputPath)).toBe(false);
  return exit;
}

test("after kill -9 the next run takes up the finished segments and gives the same bytes", async (context) => {
  const scene = await severalSegments(context);
  const [wholePath, killedPath] = [join(scene.folder, "whole.mp4"), join(scene.folder, "killed.mp4")];
  const whole = await runInProcess(runOptions(scene.inputPath, wholePath, 2));
  expect(whole.code, whole.errors).toBe(0);
  const all = indexesOf(whole.events, "segment_started");
  expect(all.length).toBeGreaterThanOrEqual(3);
  expect(whole.events.at(-1)).toMatchObject({ type: "finished", liveFrames: 0 });

  const killed = await killedRun(scene, killedPath);
  const started = indexesOf(killed.events, "segment_started");
  const progressed = killed.events.filter(({ type }) => type === "progress").length;
  context.annotate(`killed after ${progressed} frames, in segment ${started.at(-1)} of ${all.length}`);

  const resumed = await runInProcess(runOptions(scene.inputPath, killedPath, 2));
  expect(resumed.code, resumed.errors).toBe(0);
  const reused = indexesOf(resumed.events, "segment_reused");
  // Segment n is finished when n + 1 has started; the last one started may just have been committed.
  expect(reused.length).toBeGreaterThanOrEqual(started.length - 1);
  expect(reused).toEqual(all.slice(0, reused.length));
  expect(indexesOf(resumed.events, "segment_started")).toEqual(all.slice(reused.length));
  expect(await sha256OfFile(killedPath)).toBe(await sha256OfFile(wholePath));
  expect(existsSync(workspacePath(killedPath)), "the workspace is removed at the end").toBe(false);
});

test("a finished segment that was damaged since is made again, and the bytes stay the same", async (context) => {
  const scene = await severalSegments(context);
  const outputPath = join(scene.folder, "output.mp4");
  const workspace = workspacePath(outputPath);
  const packets = join(workspace, "segment-00000.packets");
  const index = join(workspace, "segment-00000.json");
  await killedRun(scene, outputPath);
  const [wholePackets, wholeIndex] = [await readFile(packets), await readFile(index, "utf8")];

  const damages: readonly (readonly [string, () => Promise<void>])[] = [
    ["packets cut short", () => truncate(packets, wholePackets.length - 7)],
    ["index cut short", () => writeFile(index, wholeIndex.slice(0, -20))],
    ["a flipped byte", () => writeFile(packets, flipped(wholePackets, wholePackets.length >> 1))],
  ];
  for (const [what, damage] of damages) {
    await damage();
    const again = await runInProcess(runOptions(scene.inputPath, outputPath, 2), (event) =>
      event.type === "segment_started" && event.index > 0 ? "kill" : undefined,
    );
    expect(indexesOf(again.events, "segment_started")[0], what).toBe(0);
    expect((await readFile(packets)).equals(wholePackets), what).toBe(true);
  }
});

test("a second run on the same output is refused while the first one works", async (context) => {
  const scene = await severalSegments(context);
  const options = runOptions(scene.inputPath, join(scene.folder, "output.mp4"), 2);
  let refusal: unknown;
  await runInProcess(options, async (event) => {
    if (event.type !== "segment_started" || refusal !== undefined) return undefined;
    refusal = await run(options).catch((error: unknown) => error);
    return "kill";
  });
  expect(refusal).toBeInstanceOf(AppError);
  expect(refusal).toMatchObject({ code: "workspace_busy", message: expect.stringContaining("process") });
});

test("an aborted run leaves no output, keeps its workspace for the next and lets go of its lock", async (context) => {
  const scene = await severalSegments(context);
  const outputPath = join(scene.folder, "output.mp4");
  const controller = new AbortController();
  const reason = new AppError("cancelled", "Stopped by the test.");
  const aborted = run({
    ...runOptions(scene.inputPath, outputPath, 2),
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === "progress" && event.framesDone === 20) controller.abort(reason);
    },
  });
  await expect(aborted).rejects.toBe(reason);
  expect(existsSync(outputPath)).toBe(false);
  expect(await readdir(workspacePath(outputPath))).not.toContain("lock");
});

test("an existing output is left alone", async (context) => {
  const scene = await severalSegments(context);
  const outputPath = join(scene.folder, "output.mp4");
  await writeFile(outputPath, "mine");
  await expect(run(runOptions(scene.inputPath, outputPath, 2))).rejects.toMatchObject({ code: "output_exists" });
  expect(await readFile(outputPath, "utf8")).toBe("mine");
});

function flipped(data: Buffer, at: number): Buffer {
  const copy = Buffer.from(data);
  copy.writeUInt8(copy.readUInt8(at) ^ 0x20, at);
  return copy;
}
