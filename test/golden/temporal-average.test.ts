import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { PictureWay } from "../../src/engine/picture-way.ts";
import { TemporalAverage } from "../../src/engine/stages/temporal-average.ts";
import type { StagePicture } from "../../src/engine/stages/stage.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import { firstFrames } from "../support/clip-frames.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import {
  collect,
  disposeAll,
  framesOf,
  type Look,
  lumaPsnr,
  madePicture,
  makeFrame,
  noisy,
  scenery,
} from "../support/made-pictures.ts";
import { writeFrames } from "../support/write-frames.ts";

const deep: StagePicture = { ...madePicture, pixelFormat: "yuv420p10le", bitDepth: 10 };
const planned = { name: "temporal_average", reach: 1, distance: 6, reason: "for the test" } as const;

async function averaged(
  frames: readonly VideoFrame[],
  { reach = 1, picture = madePicture }: { readonly reach?: 1 | 2 | 3; readonly picture?: StagePicture } = {},
): Promise<VideoFrame[]> {
  using stage = new TemporalAverage({ ...planned, reach }, picture);
  const found = await collect(stage.run(framesOf(frames.map((frame) => frame.share()))));
  expect(found.map(({ pts }) => pts)).toEqual(frames.map(({ pts }) => pts));
  return found;
}

function psnrs(found: readonly VideoFrame[], wanted: readonly VideoFrame[], bitDepth = 8): readonly number[] {
  return found.map((frame, index) => lumaPsnr(frame, wanted[index]!, bitDepth)); // as many
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

test.for([
  [1, 2.5, madePicture],
  [2, 3.5, madePicture],
  [3, 4, madePicture],
  [1, 2.5, deep],
] as const)("what is new in every frame of a moving scene goes: reach %i, %f dB", async ([reach, gain, picture]) => {
  const shifts = [0, 3, 6, 9, 12, 15, 18];
  const clean = shifts.map((shift, index) => makeFrame(scenery(shift), index * 40, picture));
  const damaged = shifts.map((shift, index) => makeFrame(noisy(scenery(shift), 2.5, index + 1), index * 40, picture));
  const found = await averaged(damaged, { reach, picture });
  const [before, after] = [damaged, found].map((frames) => mean(psnrs(frames, clean, picture.bitDepth)));
  expect(after).toBeGreaterThan(before! + gain);
  disposeAll([...clean, ...damaged, ...found]);
  expect(liveFrameCount()).toBe(0);
});

test("a clean moving scene stays, and nothing comes across a cut", async () => {
  const other: Look = (x, y) => 255 - scenery(400 - 2 * x)(y, x);
  const frames = [scenery(0), scenery(3.5), scenery(7), other, other].map((look, index) => makeFrame(look, index * 40));
  const found = await averaged(frames);
  const kept = psnrs(found, frames);
  expect(Math.min(...kept)).toBeGreaterThan(37);
  expect(kept[4]).toBeGreaterThan(99);
  disposeAll([...frames, ...found]);
});

test("what shows in one frame only stays there and does not come into the next", async () => {
  const flash: Look = (x, y) => (x >= 80 && x < 112 && y >= 48 && y < 80 ? 240 : 60);
  const frames = [() => 60, flash, () => 60].map((look, index) => makeFrame(look, index * 40));
  const found = await averaged(frames);
  const at = (frame: VideoFrame, x: number, y: number): number => frame.plane(0).data[y * frame.plane(0).strideBytes + x] ?? 0;
  expect(found.map((frame) => at(frame, 96, 64))).toEqual([60, 240, 60]);
  disposeAll([...frames, ...found]);
});

async function oneByOne<From, To>(items: readonly From[], make: (item: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = [];
  for (const item of items) results.push(await make(item));
  return results;
}

const large = { width: 640, height: 352 };
const small = { width: 320, height: 176 };
const rate = { num: 25, den: 1 };

test.for([
  ["1-face_sam2_04_coffee.mp4", "23", 0.03],
  ["4-anim_bbb_small_bunny_1080p_60fps.mp4", "28", 0.1],
  ["1-face_androidx_mv_with_2_top_shots.mp4", "28", 0.1],
] as const)("compressed video comes nearer to the truth: %s at CRF %s", async ([name, crf, gain], context) => {
  const clipPath = clip(context, name);
  const path = join(await temporaryFolder(), "coded.mp4");
  await writeFrames(path, framesOf(await firstFrames(clipPath, small, 12)), {
    codec: "libx264",
    size: small,
    pixelFormat: "yuv420p",
    timeBase: { num: rate.den, den: rate.num },
    frameRate: rate,
    color: { range: "limited", matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m", chromaLocation: "left" },
    threads: 1,
    gopFrames: 250,
    options: { preset: "medium", crf },
    beside: clipPath,
  });
  const request = { ...defaultRequest, target: { kind: "scale", factor: 2 }, assume: { scan: "progressive" } } as const;
  const { plan, model, timeline } = await inspect(path, request, 2);
  expect(plan.stages.map((stage) => stage.name)).toContain("temporal_average");
  await using opened = await openNetwork(plan, model, { provider: "cpu", threads: 2 });
  const truth = await firstFrames(clipPath, large, 12);
  const [whole = 0, alone = 0] = await oneByOne([plan, { ...plan, stages: [] }], async (tried) => {
    using way = new PictureWay(tried, opened.network);
    const segment = { index: 0, fromTicks: 0n, untilTicks: undefined };
    const options = { inputPath: path, timeline, segment, framesInFlight: 2, decodeThreads: 2, onSource: () => undefined };
    const found = await collect(way.run(options));
    const result = mean(psnrs(found, truth));
    disposeAll(found);
    return result;
  });
  expect(whole).toBeGreaterThan(alone + gain);
  disposeAll(truth);
  expect(liveFrameCount()).toBe(0);
});
