import { join } from "node:path";
import { expect, test } from "vitest";
import type { Rational } from "../../src/domain/rational.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { expectAudioOffsetsKept } from "../support/faithful.ts";
import { type Reading, readMedia } from "../support/ffprobe-like.ts";
import { makeClip } from "../support/made-clip.ts";
import { upscale } from "../support/upscale.ts";

// Frame rates through the whole engine: exact in the file that comes out, with the sound where it was.

/** Every frame at its number's time, to the tick; the rate in the file's header is the same. */
function expectRate({ ticks, timeBase, video }: Reading, rate: Rational): void {
  const perFrame = [BigInt(rate.den) * BigInt(timeBase.den), BigInt(rate.num) * BigInt(timeBase.num)] as const;
  expect(perFrame[0] % perFrame[1], "ticks to a frame").toBe(0n);
  const [first = 0n] = ticks;
  expect(ticks).toEqual(ticks.map((_, index) => first + (BigInt(index) * perFrame[0]) / perFrame[1]));
  expect(video.averageRate).toEqual(rate);
}

const small = { target: { kind: "scale", factor: 1.1 } } as const;

test.for([
  [{ num: 60, den: 1 }, 60, 60],
  [{ num: 24_000, den: 1001 }, { num: 24_000, den: 1001 }, 24],
] as const)("one second at 30000/1001 becomes %j, the sound as it was", async ([rate, fps, frames], context) => {
  const input = clip(context, "9-odd_androidx_bt601.mov");
  const upscaled = await upscale(input, { ...small, fps });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  expectRate(output, rate);
  expect(Math.abs(output.ticks.length - frames)).toBeLessThanOrEqual(1);
  expectAudioOffsetsKept(source, output);
  const sound = source.info.streams.find(({ kind }) => kind === "audio")?.index ?? -1;
  expect(output.extents.get(1)).toMatchObject({
    packets: source.extents.get(sound)?.packets,
    bytes: source.extents.get(sound)?.bytes,
  });
  expect(upscaled.report).toMatchObject({
    state: "complete",
    frames: { output: output.ticks.length, expected: output.ticks.length, frozen: 0, black: 0 },
    timing: { largestTimestampErrorSeconds: 0 },
  });
  const progress = upscaled.events.findLast((event) => event.type === "progress");
  expect(progress).toMatchObject({ framesDone: output.ticks.length, framesTotal: output.ticks.length });
  expect(liveFrameCount()).toBe(0);
});

test("telecined film comes out as film, in its own exact rate, and is compared with the film", async (context) => {
  const input = join(await temporaryFolder(), "telecined.mp4");
  const path = clip(context, "1-face_mdn_tears-of-steel_12-33s.webm");
  await makeClip(input, {
    from: [{ path, frames: 48 }],
    filters: "setpts=N/24/TB,fps=24,telecine",
    rate: { num: 30_000, den: 1001 },
  });
  const { report, outputPath } = await upscale(input, { ...small, assume: { scan: "telecined", fields: "top_first" } });
  const output = await readMedia(outputPath);
  expectRate(output, { num: 24_000, den: 1001 });
  expect(output.ticks).toHaveLength(48);
  expect(report.stages[0]).toMatchObject({ name: "inverse_telecine" });
  expect(report.frames).toMatchObject({ source: 60, output: 48, expected: 48 });
  expect(report.comparison.psnrLuma).toBeGreaterThan(35);
});

test("the fields of interlaced video become frames where a higher rate is asked for", async (context) => {
  const input = join(await temporaryFolder(), "interlaced.mp4");
  const path = clip(context, "3-motion_gopro_max-heromode.mp4");
  const filters = "setpts=N/50/TB,fps=50,tinterlace=mode=interleave_top";
  await makeClip(input, { from: [{ path, frames: 50 }], filters, rate: { num: 25, den: 1 } });
  const { report, outputPath } = await upscale(input, { ...small, fps: 50, assume: { scan: "interlaced", fields: "top_first" } });
  const output = await readMedia(outputPath);
  expectRate(output, { num: 50, den: 1 });
  expect(output.ticks).toHaveLength(50);
  expect(report.stages.map(({ name }) => name)).not.toContain("interpolate");
});

test("a slide show's pictures stand still until just before the next one", async (context) => {
  const input = join(await temporaryFolder(), "slides.mp4");
  const path = clip(context, "3-motion_gopro_max-heromode.mp4");
  await makeClip(input, { from: [{ path, frames: 3 }], filters: "null", rate: { num: 1, den: 1 } });
  const { report, outputPath } = await upscale(input, { ...small, fps: 25 });
  const output = await readMedia(outputPath, { gridEvery: 1 });
  expect(output.ticks).toHaveLength(75);
  const still = output.grids
    .slice(0, 23)
    .map(({ y }) => Math.max(...y.map((value, field) => Math.abs(value - (output.grids[0]?.y[field] ?? 0)))));
  expect(Math.max(...still), "change within the first picture's time").toBeLessThan(1);
  expect(report.frames.frozen).toBe(0);
});
