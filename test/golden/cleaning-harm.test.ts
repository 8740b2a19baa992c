import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { Deband } from "../../src/engine/stages/deband.ts";
import { Deblock } from "../../src/engine/stages/deblock.ts";
import type { FrameStage, StagePicture } from "../../src/engine/stages/stage.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import { firstFrames } from "../support/clip-frames.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { collect, disposeAll, framesOf, lumaPsnr, madePicture } from "../support/made-pictures.ts";
import { writeFrames } from "../support/write-frames.ts";

// Do no harm: what was planned for damage that a picture does not have leaves it as it is, and still helps where it has.

const count = 4;
const rate = { num: 25, den: 1 };
/** Small enough to be without a codec's damage. */
const picture: StagePicture = { ...madePicture, width: 854, height: 480 };
const reason = "for the test";
const deblock = (): FrameStage => new Deblock({ name: "deblock", strength: 0.7, reason }, picture);
const deband = (): FrameStage => new Deband({ name: "deband", strength: 0.8, reason }, picture);

/** The frames as MPEG-4 with a fixed coarse quantiser leaves them. Owns: the caller disposes them. */
async function coarselyCoded(sourcePath: string, frames: readonly VideoFrame[]): Promise<VideoFrame[]> {
  const outputPath = join(await temporaryFolder(), "coarse.mp4");
  const { width, height, pixelFormat } = picture;
  const kept = frames.map((frame) => frame.share());
  await writeFrames(outputPath, framesOf(kept), {
    codec: "mpeg4",
    size: { width, height },
    pixelFormat,
    timeBase: { num: rate.den, den: rate.num },
    frameRate: rate,
    color: { range: "limited", matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m", chromaLocation: "left" },
    threads: 1,
    gopFrames: 12,
    options: { qmin: "10", qmax: "10" },
    beside: sourcePath,
  });
  return collect(decodeVideo({ path: outputPath, streamIndex: 0, threads: 1 }));
}

function leastPsnr(found: readonly VideoFrame[], wanted: readonly VideoFrame[]): number {
  return Math.min(...found.map((frame, index) => lumaPsnr(frame, wanted[index]!))); // as many
}

function meanPsnr(found: readonly VideoFrame[], wanted: readonly VideoFrame[]): number {
  return found.reduce((sum, frame, index) => sum + lumaPsnr(frame, wanted[index]!), 0) / found.length; // as many
}

test.for([
  ["deblocking", "2-nature_pan_lomiri_life_forest-stream.mp4", deblock],
  ["deblocking", "1-face_sam2_05_default_juggle.mp4", deblock],
  ["debanding", "2-nature_pan_lomiri_life_forest-stream.mp4", deband],
  ["debanding", "1-face_sam2_04_coffee.mp4", deband],
] as const)("%s leaves clean texture that was planned as damaged nearly untouched: %s", async ([, name, open], context) => {
  const clean = await firstFrames(clip(context, name), picture, count);
  using stage = open();
  const found = await collect(stage.run(framesOf(clean.map((frame) => frame.share()))));
  expect(found).toHaveLength(count);
  expect(leastPsnr(found, clean)).toBeGreaterThan(60);
  expect(stage.facts?.total(undefined, undefined)).toEqual({ frames: count, gentlerFrames: count });
  disposeAll([...clean, ...found]);
  expect(liveFrameCount()).toBe(0);
});

test.for([
  ["hands and a mug", "1-face_sam2_04_coffee.mp4", 0.3],
  ["a lawn, trees", "1-face_sam2_05_default_juggle.mp4", 0.15],
] as const)("deblocking gains all it did where a codec left blocks: %s", async ([, name, gain], context: TestContext) => {
  const clean = await firstFrames(clip(context, name), picture, count);
  const coarse = await coarselyCoded(clip(context, name), clean);
  const before = meanPsnr(coarse, clean);
  using stage = deblock();
  const found = await collect(stage.run(framesOf(coarse)));
  expect(meanPsnr(found, clean)).toBeGreaterThan(before + gain);
  expect(stage.facts?.total(undefined, undefined)).toEqual({ frames: count, gentlerFrames: 0 });
  disposeAll([...clean, ...found]);
  expect(liveFrameCount()).toBe(0);
});
