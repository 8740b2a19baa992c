import { afterEach, describe, expect, test } from "vitest";
import { BackProjector } from "../../src/engine/stages/back-project.ts";
import { Deband } from "../../src/engine/stages/deband.ts";
import { Deblock } from "../../src/engine/stages/deblock.ts";
import { Deflicker } from "../../src/engine/stages/deflicker.ts";
import { Denoise } from "../../src/engine/stages/denoise.ts";
import { Regrain } from "../../src/engine/stages/regrain.ts";
import { Sharpen } from "../../src/engine/stages/sharpen.ts";
import type { FrameStage, StagePicture } from "../../src/engine/stages/stage.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import {
  collect,
  disposeAll,
  framesOf,
  type Look,
  lumaMean,
  lumaPsnr,
  madePicture,
  makeFrame,
  noiseSource,
  noisy,
  scenery,
} from "../support/made-pictures.ts";

const deep: StagePicture = { ...madePicture, pixelFormat: "yuv420p10le", bitDepth: 10 };
const reason = "for the test";

afterEach(() => {
  if (liveFrameCount() !== 0) throw new Error("frames were not disposed");
});

/** Runs a stage over frames that it takes; the caller owns the result. */
async function through(stage: FrameStage, frames: Iterable<VideoFrame>): Promise<VideoFrame[]> {
  using used = stage;
  return await collect(used.run(framesOf(frames)));
}

function meanPsnr(found: readonly VideoFrame[], wanted: readonly VideoFrame[], bitDepth = 8): number {
  return found.reduce((sum, frame, index) => sum + lumaPsnr(frame, wanted[index]!, bitDepth), 0) / found.length;
}

describe("denoise", () => {
  for (const picture of [madePicture, deep]) {
    test(`takes noise out of a moving scene in ${picture.bitDepth} bits and leaves a clean one as it is`, async () => {
      const clean = [0, 3, 6, 9, 12].map((shift, index) => makeFrame(scenery(shift), index * 40, picture));
      const damaged = [0, 3, 6, 9, 12].map((shift, index) => makeFrame(noisy(scenery(shift), 8, index + 1), index * 40, picture));
      const before = meanPsnr(damaged, clean, picture.bitDepth);
      const cleaned = await through(new Denoise({ name: "denoise", sigma: 8, spatial: 0.6, reason }, picture), damaged);
      expect(meanPsnr(cleaned, clean, picture.bitDepth)).toBeGreaterThan(before + 5);
      expect(cleaned.map(({ pts }) => pts)).toEqual([0n, 40n, 80n, 120n, 160n]);
      const again = [0, 3, 6].map((shift, index) => makeFrame(scenery(shift), index * 40, picture));
      const kept = await through(new Denoise({ name: "denoise", sigma: 1, spatial: 0, reason }, picture), again);
      expect(meanPsnr(kept, clean.slice(0, 3), picture.bitDepth)).toBeGreaterThan(46);
      disposeAll([...clean, ...cleaned, ...kept]);
    });
  }

  test("takes the gentler path in a clean shot of a video that was planned as noisy", async () => {
    const clean = [0, 4, 8, 12].map((shift, index) => makeFrame(scenery(shift), index * 40));
    const same = [0, 4, 8, 12].map((shift, index) => makeFrame(scenery(shift), index * 40));
    const stage = new Denoise({ name: "denoise", sigma: 10, spatial: 0.6, reason }, madePicture);
    const kept = await through(stage, same);
    expect(meanPsnr(kept, clean)).toBeGreaterThan(48);
    expect(stage.facts.total(undefined, undefined)).toMatchObject({ frames: 4, gentlerFrames: 4 });
    disposeAll([...clean, ...kept]);
  });

  test("nothing of the next shot shows before a cut", async () => {
    const other: Look = (x, y) => 40 + 25 * Math.sin(x / 7) + 20 * Math.sin(y / 4);
    const looks = [scenery(0), scenery(2), scenery(4), other, other, other];
    const clean = looks.map((look, index) => makeFrame(look, index * 40));
    const damaged = looks.map((look, index) => makeFrame(noisy(look, 6, index + 1), index * 40));
    const worst = Math.min(...damaged.map((frame, index) => lumaPsnr(frame, clean[index]!)));
    const cleaned = await through(new Denoise({ name: "denoise", sigma: 6, spatial: 0.6, reason }, madePicture), damaged);
    for (const [index, frame] of cleaned.entries()) expect(lumaPsnr(frame, clean[index]!)).toBeGreaterThan(worst + 3);
    disposeAll([...clean, ...cleaned]);
  });

  test("a video cut in two gives the same pictures as a whole one", async () => {
    const make = (index: number): VideoFrame => makeFrame(noisy(scenery(index * 2), 5, index + 1), index * 40);
    const stage = (): Denoise => new Denoise({ name: "denoise", sigma: 5, spatial: 0.6, reason }, madePicture);
    const whole = await through(
      stage(),
      Array.from({ length: 9 }, (_, index) => make(index)),
    );
    const second = await through(
      stage(),
      Array.from({ length: 6 }, (_, index) => make(index + 3)),
    );
    for (let index = 5; index < 9; index += 1) expect(lumaPsnr(second[index - 3]!, whole[index]!)).toBe(100);
    disposeAll([...whole, ...second]);
  });
});

/** What a coarse quantiser leaves: every block of 8x8 keeps its mean and few of its cosine waves. */
function coarse(look: Look): Look {
  const blocks = new Map<string, Float64Array>();
  const block = (left: number, top: number): Float64Array => {
    const key = `${left},${top}`;
    const known = blocks.get(key);
    if (known !== undefined) return known;
    const basis = (k: number, n: number): number =>
      Math.sqrt(k === 0 ? 1 / 8 : 1 / 4) * Math.cos(((2 * n + 1) * k * Math.PI) / 16);
    const values = new Float64Array(64);
    for (let v = 0; v < 8; v += 1) {
      for (let u = 0; u < 8; u += 1) {
        let sum = 0;
        for (let i = 0; i < 64; i += 1) sum += look(left + (i & 7), top + (i >> 3)) * basis(u, i & 7) * basis(v, i >> 3);
        const step = 24 + 3 * (u + v);
        const kept = Math.round(sum / step) * step;
        if (kept !== 0) for (let i = 0; i < 64; i += 1) values[i]! += kept * basis(u, i & 7) * basis(v, i >> 3);
      }
    }
    blocks.set(key, values);
    return values;
  };
  return (x, y) => block(x & ~7, y & ~7)[(y & 7) * 8 + (x & 7)]!;
}

test("deblocking brings a coarsely quantised picture nearer to what it was", async () => {
  const look: Look = (x, y) => 120 + 50 * Math.sin(x / 23) + 40 * Math.sin((x + y) / 31) + (x > 96 ? 30 : 0);
  for (const picture of [madePicture, deep]) {
    using clean = makeFrame(look, 0, picture);
    const damaged = makeFrame(coarse(look), 0, picture);
    const before = lumaPsnr(damaged, clean, picture.bitDepth);
    const cleaned = await through(new Deblock({ name: "deblock", strength: 0.8, reason }, picture), [damaged]);
    expect(lumaPsnr(cleaned[0]!, clean, picture.bitDepth)).toBeGreaterThan(before + 1);
    disposeAll(cleaned);
  }
});

test("debanding brings a slope in steps nearer to the slope", async () => {
  const slope: Look = (x, y) => 80 + x / 8 + y / 16;
  using clean = makeFrame(slope, 0, deep);
  const stepped = makeFrame((x, y) => Math.round(slope(x, y) / 3) * 3, 0, deep);
  const before = lumaPsnr(stepped, clean, 10);
  const stage = new Deband({ name: "deband", strength: 1, reason }, deep);
  const smooth = await through(stage, [stepped]);
  expect(lumaPsnr(smooth[0]!, clean, 10)).toBeGreaterThan(before + 1);
  expect(stage.facts.total(undefined, undefined)).toEqual({ frames: 1, gentlerFrames: 0 });
  disposeAll(smooth);
});

describe("deflicker", () => {
  const small: StagePicture = { ...madePicture, width: 96, height: 64 };
  /** Two shots with a cut at 36; the second fades out from 60 on. */
  const bright = (index: number): number => (index < 36 ? 1 : index < 60 ? 0.7 : 0.7 * Math.max(0.1, 1 - (index - 60) / 24));
  const makeShots = (gain: (index: number) => number): VideoFrame[] =>
    Array.from({ length: 80 }, (_, index) => {
      const look = index < 36 ? scenery(index / 2) : scenery(400 - index);
      const scaled: Look = (x, y) => 16 + (look(x * 2, y * 2) - 16) * bright(index) * gain(index);
      return makeFrame(scaled, index * 40, small);
    });
  const errors = (frames: readonly VideoFrame[], truth: readonly VideoFrame[]): number => {
    const differences = frames.map((frame, index) => lumaMean(frame) - lumaMean(truth[index]!));
    return differences.reduce((sum, value) => sum + value * value, 0) / differences.length;
  };
  const stage = (): Deflicker => new Deflicker({ name: "deflicker", strength: 1, reason }, small);

  test("takes at least 80 % of the variance of flicker out, across a cut and a fade", async () => {
    const truth = makeShots(() => 1);
    const noise = noiseSource(1);
    const gains = truth.map(() => 1 + 0.06 * Math.min(2, Math.max(-2, noise())));
    const flickering = makeShots((index) => gains[index]!);
    const before = errors(flickering, truth);
    const steady = await through(stage(), flickering);
    expect(errors(steady, truth)).toBeLessThan(before * 0.2);
    disposeAll([...truth, ...steady]);
  });

  test("leaves cuts and fades that do not flicker as they are", async () => {
    const truth = makeShots(() => 1);
    const steady = await through(
      stage(),
      makeShots(() => 1),
    );
    for (const [index, frame] of steady.entries()) expect(Math.abs(lumaMean(frame) - lumaMean(truth[index]!))).toBeLessThan(0.75);
    expect(meanPsnr(steady, truth)).toBeGreaterThan(50);
    disposeAll([...truth, ...steady]);
  });
});

test("grain follows from a frame's time alone and has the planned deviation", async () => {
  const stage = (): Regrain => new Regrain({ name: "regrain", sigma: 5, spotPixels: 2, reason }, madePicture);
  const grey: Look = () => 126;
  const first = await through(stage(), [makeFrame(grey, 0), makeFrame(grey, 40)]);
  const second = await through(stage(), [makeFrame(grey, 40)]);
  expect(lumaPsnr(first[1]!, second[0]!)).toBe(100);
  using plain = makeFrame(grey, 0);
  const deviations = first.map((frame) => 255 / 10 ** (lumaPsnr(frame, plain) / 20));
  for (const deviation of deviations) expect(deviation).toBeGreaterThan(4.5);
  for (const deviation of deviations) expect(deviation).toBeLessThan(5.5);
  expect(lumaPsnr(first[0]!, first[1]!)).toBeLessThan(33);
  const [white] = await through(stage(), [makeFrame(() => 235, 0)]);
  expect(lumaMean(white!)).toBe(235);
  disposeAll([...first, ...second, white!]);
});

test("sharpening steepens edges, stays near what is around them and lets noise be", async () => {
  const edge: Look = (x) => 60 + 120 / (1 + Math.exp(96 - x));
  using soft = makeFrame(edge, 0);
  const [sharp] = await through(new Sharpen({ name: "sharpen", strength: 0.5, reason }, madePicture), [makeFrame(edge, 0)]);
  const row = (frame: VideoFrame): number[] => [...frame.plane(0).data.subarray(0, 192)];
  const steepest = (values: readonly number[]): number =>
    Math.max(...values.slice(1).map((value, index) => value - values[index]!));
  expect(steepest(row(sharp!))).toBeGreaterThan(steepest(row(soft)));
  expect(Math.max(...row(sharp!))).toBeLessThan(188);
  const grainy = noisy(() => 120, 1, 3);
  const same = [makeFrame(grainy, 0)];
  using before = makeFrame(
    noisy(() => 120, 1, 3),
    0,
  );
  const [after] = await through(new Sharpen({ name: "sharpen", strength: 0.5, reason }, madePicture), same);
  expect(lumaPsnr(after!, before)).toBe(100);
  disposeAll([sharp!, after!]);
});

describe("holding an enlarged picture to its source", () => {
  const large = { ...madePicture, width: 384, height: 256 };
  const enlarged = (change: Look): VideoFrame =>
    makeFrame((x, y) => scenery(0)((x - 0.5) / 2, (y - 0.5) / 2) + change(x, y), 40, large);
  const options = { source: madePicture, output: large, bitDepth: 8, boundDb: 40 } as const;
  const hold = async (change: Look): Promise<{ facts: Record<string, number>; frame: VideoFrame }> => {
    using projector = new BackProjector(options);
    using source = makeFrame((x, y) => (scenery(0)(x - 0.25, y - 0.25) + scenery(0)(x + 0.25, y + 0.25)) / 2, 40);
    const frame = enlarged(change);
    await projector.hold(source, frame);
    return { facts: projector.facts.total(undefined, undefined), frame };
  };

  test("brings one that is too bright and too soft to the bound", async () => {
    const { facts, frame } = await hold((x) => 6 + 5 * Math.sin(x / 12));
    expect(facts).toMatchObject({ frames: 1, correctedFrames: 1, gentlerFrames: 0, framesBelowBound: 0 });
    expect(10 * Math.log10(255 ** 2 / facts["squaredError"]!)).toBeGreaterThan(39.5);
    disposeAll([frame]);
  });

  test("takes the gentler path where halos were made that scaling down does not show", async () => {
    const halos: Look = (x, y) => ((x + y) % 2 === 0 ? 60 : -60);
    const { facts, frame } = await hold(halos);
    expect(facts).toMatchObject({ gentlerFrames: 1 });
    using truth = enlarged(() => 0);
    expect(lumaPsnr(frame, truth)).toBeGreaterThan(28);
    disposeAll([frame]);
  });
});
