import { join } from "node:path";
import { afterAll, expect, test, type TestContext } from "vitest";
import { pictureOf, through } from "../../bench/film/score.ts";
import { mapSamples, Pictures, readTruth } from "../../bench/quality/material.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { writeRemoved } from "../../src/engine/removed.ts";
import { globalMotion } from "../../src/engine/stages/global-motion.ts";
import { RemoveDirt } from "../../src/engine/stages/remove-dirt.ts";
import { RestoreContrast } from "../../src/engine/stages/restore-contrast.ts";
import type { FrameStage, StagePicture } from "../../src/engine/stages/stage.ts";
import { Stabilise } from "../../src/engine/stages/stabilise.ts";
import { MotionEstimator } from "../../src/kernels/motion.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { liveFrameCount, VideoFrame } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";

const size = { width: 400, height: 224 };
const photograph = "2-nature_pan_lomiri_life_forest-stream.mp4";
const noShift = { x: 0, y: 0 };

let photo: Pictures | undefined;
afterAll(() => photo?.[Symbol.dispose]());

/** Views of one photograph, seen from places in pixels of the result, exact to half a pixel. Owns: the caller disposes. */
async function views(context: TestContext, spots: readonly { readonly x: number; readonly y: number }[]): Promise<Pictures> {
  photo ??= await readTruth(clip(context, photograph), 1);
  const { first, color } = photo;
  const frames: VideoFrame[] = [];
  for (const [index, { x, y }] of spots.entries()) {
    const [left, top] = [2 * Math.round(2 * x) + 120, 2 * Math.round(2 * y) + 60];
    const crop = `crop=${size.width * 4}:${size.height * 4}:${left}:${top}`;
    using filter = new FrameFilter(() => `${crop},scale=${size.width}:${size.height}:flags=area+accurate_rnd`);
    const frame = await filter.apply(first.share());
    frame.takeProperties(first);
    frame.pts = BigInt(index);
    frames.push(frame);
  }
  return new Pictures(frames, color);
}

/** Where each picture's content stands against the first one's. */
function places({ frames }: Pictures): readonly { readonly x: number; readonly y: number }[] {
  const estimator = new MotionEstimator({ ...size, slots: 2, smoothness: 48 });
  let place = noShift;
  return frames.map((frame, index) => {
    estimator.load(index % 2, frame.plane(0), 8);
    if (index === 0) return place;
    const step = globalMotion(estimator.estimate(index % 2, 1 - (index % 2)));
    if (step === undefined) throw new RangeError(`picture ${index} shows something else`);
    place = { x: place.x - step.x, y: place.y - step.y };
    return place;
  });
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

function samples(frame: VideoFrame, index: number): number[] {
  const { data, strideBytes, width, height } = frame.plane(index);
  return Array.from({ length: width * height }, (_, at) => data[Math.floor(at / width) * strideBytes + (at % width)] ?? 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const weave = Array.from({ length: 24 }, (_, index) => ({
  x: 2 * Math.sin(index * 0.9 + 1) + Math.sin(index * 2.3),
  y: 1.5 * Math.sin(index * 1.3) + 0.7 * Math.sin(index * 2.9),
}));
const removal = { name: "remove_dirt", strength: 1, reason: "film" } as const;
const steady = { name: "stabilise", strength: 1, reason: "film" } as const;

test("gate weave goes by more than 80 % of its variance, chroma moves along", async (context) => {
  using source = await views(context, weave);
  using stage = new Stabilise(steady, pictureOf(source));
  using result = await through(stage, source);
  const [before, after] = [places(source), places(result)];
  for (const axis of ["x", "y"] as const) {
    const rest = variance(after.map((place) => place[axis])) / variance(before.map((place) => place[axis]));
    process.stdout.write(`weave ${axis}: ${(100 * rest).toFixed(1)} % of the variance is left\n`);
    expect(rest).toBeLessThan(0.2);
  }
  const chroma = (pictures: Pictures): number =>
    mean(
      pictures.frames.slice(1).map((frame, index) => {
        const earlier = samples(pictures.frames[index] ?? frame, 1);
        return mean(samples(frame, 1).map((value, at) => Math.abs(value - (earlier[at] ?? 0))));
      }),
    );
  expect(chroma(result)).toBeLessThan(0.6 * chroma(source));
});

test("a pan and a picture that stands still come through untouched", async (context) => {
  for (const speed of [0, 1]) {
    using source = await views(
      context,
      weave.slice(0, 12).map((_, index) => ({ x: speed * index, y: 0 })),
    );
    using stage = new Stabilise(steady, pictureOf(source));
    using result = await through(stage, source);
    for (const [index, frame] of result.frames.entries()) {
      expect(samples(frame, 0)).toEqual(samples(source.frames[index] ?? frame, 0));
    }
  }
});

const point = { gamma: 1, cb: 0, cr: 0 };

test("fading over time is undone without a jump", async (context) => {
  using truth = await views(
    context,
    weave.slice(0, 10).map(() => noShift),
  );
  const black = (index: number): number => 40 + 1.2 * index;
  const white = 190;
  using faded = mapSamples(truth, ({ plane, index, sample }) => {
    if (plane > 0) return sample;
    const gain = (white - black(index)) / 219;
    return (x, y) => black(index) + (sample(x, y) - 16) * gain;
  });
  const curve = [
    { ...point, ticks: 0n, black: black(0), white },
    { ...point, ticks: 9n, black: black(9), white },
  ];
  using stage = new RestoreContrast({ name: "restore_contrast", curve, reason: "faded" }, pictureOf(faded));
  using result = await through(stage, faded);
  const truths = samples(truth.first, 0);
  const errorOf = (pictures: Pictures): number =>
    mean(pictures.frames.map((frame) => mean(samples(frame, 0).map((value, at) => Math.abs(value - (truths[at] ?? 0))))));
  process.stdout.write(`fading: mean error ${errorOf(faded).toFixed(2)} before, ${errorOf(result).toFixed(2)} after\n`);
  expect(errorOf(result)).toBeLessThan(0.3 * errorOf(faded));
  const means = result.frames.map((frame) => mean(samples(frame, 0)));
  for (const [index, value] of means.slice(1).entries()) expect(Math.abs(value - (means[index] ?? 0))).toBeLessThan(0.3);
});

test("a slow change of the curve moves a constant picture by less than 0.3 a frame, and a neutral one moves nothing", async (context) => {
  using source = await views(
    context,
    weave.slice(0, 12).map(() => noShift),
  );
  const curve = [
    { ...point, ticks: 0n, black: 24, white: 220 },
    { ...point, ticks: 50n, black: 34, white: 214 },
  ];
  using stage = new RestoreContrast({ name: "restore_contrast", curve, reason: "faded" }, pictureOf(source));
  using result = await through(stage, source);
  const means = result.frames.map((frame) => mean(samples(frame, 0)));
  for (const [index, value] of means.slice(1).entries()) expect(Math.abs(value - (means[index] ?? 0))).toBeLessThan(0.3);
  const still = [{ ...point, ticks: 0n, black: 16, white: 235 }];
  using neutral = new RestoreContrast({ name: "restore_contrast", curve: still, reason: "" }, pictureOf(source));
  using same = await through(neutral, source);
  expect(samples(same.first, 0)).toEqual(samples(source.first, 0));
});

test("a scratch that stays while the picture pans is bridged, a pole in the picture is not", async (context) => {
  const pan = weave.slice(0, 13).map((_, index) => ({ x: 1.5 * index, y: 0 }));
  using truth = await views(context, pan);
  // A pole that belongs to the photograph moves with it.
  using pole = mapSamples(truth, ({ plane, index, sample }) => {
    const at = 300 - 1.5 * index;
    const covered = (x: number): number => Math.min(1, Math.max(0, 2 - Math.abs(x - at)));
    return (x, y) => (plane === 0 ? sample(x, y) + (30 - sample(x, y)) * covered(x) : sample(x, y));
  });
  using scratched = mapSamples(pole, ({ plane, sample }) => {
    return (x, y) => sample(x, y) + (plane === 0 && Math.abs(x - 120 - y / 90) < 1.6 ? 45 : 0);
  });
  using stage = new RemoveDirt(removal, pictureOf(scratched));
  using result = await through(stage, scratched);
  const errorAt = (found: Pictures, from: number, until: number): number => {
    const [a, b] = [found.frames[6], pole.frames[6]];
    if (a === undefined || b === undefined) throw new RangeError("frame 6 is missing");
    const [is, should] = [samples(a, 0), samples(b, 0)];
    const wrong = is.map((value, at) => (value - (should[at] ?? 0)) ** 2);
    return mean(wrong.filter((_, at) => at % size.width >= from && at % size.width < until));
  };
  process.stdout.write(
    `scratch: squared error ${errorAt(scratched, 115, 130).toFixed(0)} before, ${errorAt(result, 115, 130).toFixed(0)} after\n`,
  );
  expect(errorAt(result, 115, 130)).toBeLessThan(0.25 * errorAt(scratched, 115, 130));
  expect(errorAt(result, 280, 300)).toBeLessThan(2);
  expect(stage.facts.total(6n, 7n)["scratches"]).toBe(1);
});

test("a flash and a cut are not dirt, a speck is", async (context) => {
  using truth = await views(
    context,
    weave.slice(0, 9).map((_, index) => ({ x: index, y: 0 })),
  );
  using eventful = mapSamples(truth, ({ plane, index, sample }) => {
    if (plane > 0) return sample;
    if (index === 2) return (x, y) => sample(x, y) * 0.6 + 90; // a flash
    if (index === 4) return (x, y) => (Math.hypot(x - 200, y - 100) < 5 ? 230 : sample(x, y));
    if (index > 5) return (x, y) => sample(size.width - 1 - x, size.height - 1 - y); // another scene
    return sample;
  });
  using stage = new RemoveDirt(removal, pictureOf(eventful));
  using result = await through(stage, eventful);
  const spots = result.frames.map(({ pts }) => stage.facts.total(pts, pts + 1n)["dirtSpots"]);
  expect(spots).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0]);
  for (const index of [0, 1, 2, 3, 5, 6, 7, 8]) {
    const [a, b] = [result.frames[index], eventful.frames[index]];
    if (a === undefined || b === undefined) throw new RangeError(`frame ${index} is missing`);
    expect(samples(a, 0)).toEqual(samples(b, 0));
  }
});

test("rain is not dirt", async (context) => {
  using truth = await views(
    context,
    weave.slice(0, 5).map(() => noShift),
  );
  using rain = mapSamples(truth, ({ plane, index, sample }) => {
    if (plane > 0) return sample;
    // Drops in columns 17 pixels apart, each at a height and speed of its own.
    const topOf = (drop: number): number => ((drop * 97) % 251) + index * (26 + (drop % 5)) - 60;
    return (x, y) => {
      const [drop, top] = [Math.floor(x / 17), topOf(Math.floor(x / 17))];
      const isWet = Math.abs((x % 17) - 8 - (y - top) * 0.1) < 1 && y >= top && y < top + 18;
      return isWet ? Math.min(235, sample(x, y) + 60 + drop) : sample(x, y);
    };
  });
  using stage = new RemoveDirt(removal, pictureOf(rain));
  using result = await through(stage, rain);
  for (const index of [1, 2, 3]) {
    const [a, b] = [result.frames[index], rain.frames[index]];
    if (a === undefined || b === undefined) throw new RangeError(`frame ${index} is missing`);
    expect(samples(a, 0)).toEqual(samples(b, 0));
  }
});

test("ten bits give what eight bits give, finer", async (context) => {
  using truth = await views(context, weave.slice(0, 9));
  using eight = mapSamples(truth, ({ plane, index, sample }) => {
    return (x, y) => (plane === 0 && index % 2 === 1 && Math.hypot(x - 200, y - 100) < 5 ? 230 : sample(x, y));
  });
  // Multiplied by four exactly, as a change of format would not be in every sample.
  const wide = eight.frames.map((frame) => {
    const output = VideoFrame.allocate(frame.width, frame.height, "yuv420p10le");
    output.takeProperties(frame);
    for (const index of [0, 1, 2]) {
      const [from, to] = [frame.plane(index), output.plane(index)];
      for (let y = 0; y < from.height; y += 1) {
        for (let x = 0; x < from.width; x += 1) {
          to.data.writeUInt16LE((from.data[y * from.strideBytes + x] ?? 0) * 4, y * to.strideBytes + 2 * x);
        }
      }
    }
    return output;
  });
  using ten = new Pictures(wide, eight.color);
  const curve = [{ ...point, ticks: 0n, black: 30, white: 220 }];
  const open = (picture: StagePicture): readonly FrameStage[] => [
    new RemoveDirt(removal, picture),
    new Stabilise(steady, picture),
    new RestoreContrast({ name: "restore_contrast", curve, reason: "faded" }, picture),
  ];
  const widePicture: StagePicture = { ...pictureOf(ten), pixelFormat: "yuv420p10le", bitDepth: 10 };
  const wideStages = open(widePicture);
  for (const [index, stage] of open(pictureOf(eight)).entries()) {
    using narrowStage = stage;
    using wideStage = wideStages[index];
    if (wideStage === undefined) throw new RangeError("a stage is missing");
    using narrow = await through(narrowStage, eight);
    using fine = await through(wideStage, ten);
    for (const plane of [0, 1]) {
      const [a, b] = [narrow.frames[5], fine.frames[5]];
      if (a === undefined || b === undefined) throw new RangeError("frame 5 is missing");
      const { data, strideBytes } = b.plane(plane);
      const { width } = a.plane(plane);
      const apart = samples(a, plane).map((value, at) =>
        Math.abs(value - data.readUInt16LE(Math.floor(at / width) * strideBytes + 2 * (at % width)) / 4),
      );
      expect(Math.max(...chunkMaxima(apart))).toBeLessThanOrEqual(1.5);
      expect(mean(apart)).toBeLessThan(0.5);
    }
  }
});

function chunkMaxima(values: readonly number[]): number[] {
  const starts = Array.from({ length: Math.ceil(values.length / 1000) }, (_, index) => index * 1000);
  return starts.map((start) => Math.max(...values.slice(start, start + 1000)));
}

test("what was removed can be watched", async (context) => {
  const folder = await temporaryFolder();
  const inputPath = clip(context, "9-odd_androidx_bbb_176x144_192kbps_15fps_mpeg4.mp4");
  const outputPath = join(folder, "removed.mp4");
  const inspection = await inspect(inputPath, { ...defaultRequest, preset: "old_film" }, 1);
  await writeRemoved({ inputPath, outputPath, inspection, threads: 1 });
  const grey: number[] = [];
  for await (const frame of decodeVideo({ path: outputPath, streamIndex: 0, threads: 1 })) {
    expect([frame.width, frame.height]).toEqual([176, 144]);
    grey.push(mean(samples(frame, 0)));
    frame[Symbol.dispose]();
  }
  expect(grey).toHaveLength(15);
  for (const value of grey) expect(Math.abs(value - 128)).toBeLessThan(1);
  const plain = await inspect(inputPath, defaultRequest, 1);
  await expect(writeRemoved({ inputPath, outputPath, inspection: plain, threads: 1 })).rejects.toThrow("old_film");
});

test("nothing native is left over", () => {
  photo?.[Symbol.dispose]();
  expect(liveFrameCount()).toBe(0);
});
