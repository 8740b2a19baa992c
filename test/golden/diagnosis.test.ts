import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Assumptions } from "../../src/domain/assumptions.ts";
import { AppError } from "../../src/domain/errors.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { diagnose } from "../../src/engine/diagnosis/diagnose.ts";
import type { Diagnosis } from "../../src/engine/diagnosis/diagnosis.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { probe } from "../../src/media/probe.ts";
import { Scaler } from "../../src/media/scale.ts";
import { readTimeline } from "../../src/media/timeline.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { compressClip, type DrawnClip, type DrawnFrame, writeDrawnClip } from "../support/drawn-clip.ts";
import { gaussianNumbers, paint, room, type Scene } from "../support/drawing.ts";

const size = { width: 400, height: 240 };

afterEach(() => {
  if (liveFrameCount() !== 0) throw new Error(`${liveFrameCount()} frames are still held`);
});

async function diagnoseFile(path: string, assume?: Assumptions): Promise<Diagnosis> {
  const video = (await probe(path)).streams.find((stream) => stream.kind === "video");
  if (video === undefined) throw new Error(`${path} has no video`);
  return await diagnose({ path, video, timeline: await readTimeline(path, video.index), assume });
}

async function diagnoseDrawn(drawn: Partial<DrawnClip> & Pick<DrawnClip, "draw">): Promise<Diagnosis> {
  const path = join(await temporaryFolder(), "drawn.avi");
  await writeDrawnClip(path, { size, frames: 16, ...drawn });
  return await diagnoseFile(path);
}

/** The scene moved to the left with time. */
const panning =
  (scene: Scene, pixelsPerFrame: number) =>
  (time: number): Scene =>
  (x, y) =>
    scene(x + time * pixelsPerFrame, y);

const small = { width: 256, height: 144 };
const wide = { width: size.width + 300, height: size.height };
const still = room(size, 1);
const moving = panning(room(wide, 2, 60), 3);

describe("noise", () => {
  const cases = [2, 5, 10].flatMap((sigma) => [
    { sigma, what: "a still picture", scene: (): Scene => still },
    { sigma, what: "a pan", scene: moving },
  ]);
  test.each(cases)("sigma $sigma over $what is measured within a quarter", async ({ sigma, scene }) => {
    const gaussian = gaussianNumbers(sigma);
    const found = await diagnoseDrawn({
      draw: (index) => {
        const shown = scene(index);
        return paint(size, (x, y) => shown(x, y) + sigma * gaussian());
      },
    });
    expect(found.noiseSigma / sigma).toBeGreaterThan(0.75);
    expect(found.noiseSigma / sigma).toBeLessThan(1.25);
    expect(found.grain.isCoarse).toBe(false);
    expect(found.blockiness).toBeLessThan(0.1);
  });

  test("a clean pan has none, and spots of several pixels are coarse grain", async () => {
    expect((await diagnoseDrawn({ draw: (index) => paint(size, moving(index)) })).noiseSigma).toBeLessThan(0.5);
    const gaussian = gaussianNumbers(9);
    const found = await diagnoseDrawn({
      draw: () => {
        const seeds = Float32Array.from({ length: (size.width + 2) * (size.height + 2) }, () => gaussian() * 2);
        const at = (x: number, y: number): number => seeds[y * (size.width + 2) + x] ?? 0;
        return paint(size, (x, y) => still(x, y) + at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1));
      },
    });
    expect(found.noiseSigma).toBeGreaterThan(3);
    expect(found.noiseSigma).toBeLessThan(5);
    expect(found.grain).toEqual({ sigma: found.noiseSigma, isCoarse: true });
  });
});

describe("letterbox", () => {
  const bordered = (top: number, bottom: number, left: number, right: number) => (index: number) => {
    const shown = moving(index);
    const isInside = (x: number, y: number): boolean =>
      x >= left && x < size.width - right && y >= top && y < size.height - bottom;
    return paint(size, (x, y) => (isInside(x, y) ? shown(x, y) : 16));
  };
  test.each([
    [34, 36, 0, 0],
    [0, 0, 60, 61],
    [8, 7, 12, 3],
    [0, 0, 0, 0],
  ])("borders of %i, %i, %i and %i are found to the line", async (top, bottom, left, right) => {
    const { letterbox } = await diagnoseDrawn({ draw: bordered(top, bottom, left, right) });
    expect(letterbox).toEqual({ top, bottom, left, right });
  });

  test("a scene that is dark towards its edge has none", async () => {
    const found = await diagnoseDrawn({
      draw: (index) => paint(size, (x, y) => 16 + (moving(index)(x, y) - 16) * Math.min(1, Math.max(0, (y - 40) / 120))),
    });
    expect(found.letterbox).toEqual({ top: 0, bottom: 0, left: 0, right: 0 });
  });
});

describe("flicker", () => {
  const flickering = (amplitude: number, scene: (time: number) => Scene): Promise<Diagnosis> => {
    const gaussian = gaussianNumbers(77);
    return diagnoseDrawn({
      frames: 96,
      size: small,
      draw: (index) => {
        const change = amplitude * gaussian();
        const shown = scene(index);
        return paint(small, (x, y) => shown(x, y) + change);
      },
    });
  };
  test("its deviation is measured within a quarter", async () => {
    for (const scene of [(): Scene => still, moving]) {
      const { flicker } = await flickering(3, scene);
      expect(flicker).toBeGreaterThan(3 * 0.75);
      expect(flicker).toBeLessThan(3 * 1.25);
    }
  });

  test("a fade and cuts are none", async () => {
    const shots = [room(size, 5), room(size, 6), room(size, 7)];
    const found = await flickering(0, (time) => {
      const shot = shots[Math.floor(time / 42)] ?? still;
      return (x, y) => 16 + (shot(x, y) - 16) * Math.min(1, (110 - time) / 48);
    });
    expect(found.flicker).toBeLessThan(0.3);
    expect(found.cuts.count).toBe(2);
  });
});

describe("cadence", () => {
  const shownFor = (times: (index: number) => number) => {
    const gaussian = gaussianNumbers(3);
    return diagnoseDrawn({
      size: small,
      frames: 48,
      draw: (index) => paint(small, (x, y) => moving(times(index))(x, y) + 0.6 * gaussian()),
    });
  };
  test.each([
    ["every_frame", 1, (index: number) => index],
    ["on_twos", 1 / 2, (index: number) => Math.floor(index / 2) * 2],
    ["on_threes", 1 / 3, (index: number) => Math.floor(index / 3) * 3],
    ["duplicates", 4 / 5, (index: number) => index - Math.floor((index + 1) / 5)],
    ["every_frame", 1, (index: number) => Math.max(0, index - 30)],
    ["every_frame", 1, () => 0],
  ] as const)("%s with %f of the frames new", async (kind, share, times) => {
    const { cadence } = await shownFor(times);
    expect(cadence.kind).toBe(kind);
    expect(Math.abs(cadence.uniqueShare - share)).toBeLessThan(0.06);
  });
});

describe("true size", () => {
  const full = { width: 640, height: 512 };
  const half = { width: 320, height: 256 };
  const fine = room({ width: 1400, height: 1024 }, 11, 600);
  /** Each pixel the mean of what lies behind it, as on a sensor. */
  const photograph = (shot: typeof full, index: number): DrawnFrame => {
    const side = (2 * full.width) / shot.width;
    return paint(shot, (x, y) => {
      let sum = 0;
      for (let at = 0; at < side * side; at += 1)
        sum += fine(x * side + (at % side) + index * 4, y * side + Math.floor(at / side));
      return sum / (side * side);
    });
  };

  test("a picture enlarged twice is seen as that, one taken at its size is not", async () => {
    const taken = await diagnoseDrawn({ size: full, frames: 10, draw: (index) => photograph(full, index) });
    expect(taken.trueSize).toBeUndefined();
    const enlarged: DrawnFrame[] = [];
    for (let index = 0; index < 10; index += 1) enlarged.push(await enlarge(photograph(half, index)));
    const { trueSize } = await diagnoseDrawn({ size: full, frames: 10, draw: (index) => enlarged[index] ?? photograph(full, 0) });
    expect((trueSize?.width ?? 0) / full.width).toBeGreaterThan(0.42);
    expect((trueSize?.width ?? 0) / full.width).toBeLessThan(0.62);
  });

  async function enlarge({ y }: DrawnFrame): Promise<DrawnFrame> {
    using scaler = new Scaler({ from: half, to: full, format: "gray", chromaLocation: "left", kernel: "lanczos" });
    const data = Buffer.alloc(full.width * full.height);
    await scaler.scalePlane({ data: Buffer.from(y), strideBytes: half.width }, { data, strideBytes: full.width });
    return { ...paint(full, () => 0), y: data };
  }
});

describe("codec damage", () => {
  test("blocks and steps grow with the compression", async (context) => {
    const folder = await temporaryFolder();
    const input = clip(context, "4-anim_bbb_small_bunny_1080p_60fps.mp4");
    const found: Diagnosis[] = [];
    for (const [codec, options] of [
      ["libx264", { preset: "veryfast", crf: "18" }],
      ["libx264", { preset: "veryfast", crf: "38" }],
      ["mpeg4", { qmin: "12", qmax: "12" }],
    ] as const) {
      const path = join(folder, `${codec}-${found.length}.mp4`);
      await compressClip(input, path, { size: { width: 1920, height: 1080 }, codec, frames: 8, options });
      found.push(await diagnoseFile(path));
    }
    const [light, heavy, old] = found.map(({ blockiness }) => blockiness);
    expect(light).toBeLessThan(0.06);
    expect(heavy).toBeGreaterThan((light ?? 0) * 1.5);
    expect(old).toBeGreaterThan(0.4);
  });

  test("a gradient in steps of four is banded, the same one with noise is not", async () => {
    const gradient: Scene = (x, y) => 60 + x / 16 + y / 24;
    const stepped = await diagnoseDrawn({ draw: (index) => paint(size, (x, y) => Math.floor(gradient(x + index, y) / 4) * 4) });
    const gaussian = gaussianNumbers(4);
    const dithered = await diagnoseDrawn({ draw: (index) => paint(size, (x, y) => gradient(x + index, y) + 0.7 * gaussian()) });
    expect(stepped.banding).toBeGreaterThan(0.8);
    expect(dithered.banding).toBe(0);
  });
});

describe("colour and tones", () => {
  test("grey and sepia are black and white, colours are not", async () => {
    const tinted = (cb: number, cr: number): Promise<Diagnosis> =>
      diagnoseDrawn({ draw: (index) => paint(size, moving(index), [cb, cr]) });
    expect((await tinted(128, 128)).isMonochrome).toBe(true);
    expect((await tinted(110, 142)).isMonochrome).toBe(true);
    const colored = await diagnoseDrawn({
      draw: (index) => {
        const frame = paint(size, moving(index));
        return { ...frame, cb: frame.cb.map((_, at) => (at % 240 < 60 ? 100 : 140)) };
      },
    });
    expect(colored.isMonochrome).toBe(false);
  });

  test("a picture without black and white is faded, its places hold the tones", async () => {
    const faded = await diagnoseDrawn({
      draw: (index) => paint(size, (x, y) => (index === 0 ? 16 : 60 + ((moving(index)(x, y) - 40) / 170) * 110)),
    });
    expect(faded.fading.isFaded).toBe(true);
    expect(faded.fading.places.at(-1)).toMatchObject({ cb: 128, cr: 128 });
    expect(faded.fading.places.at(-1)?.black).toBeGreaterThan(55);
    expect(faded.fading.places.at(-1)?.white).toBeLessThan(175);
    const full = await diagnoseDrawn({ draw: (index) => paint(size, (x, y) => 16 + ((moving(index)(x, y) - 40) / 170) * 219) });
    expect(full.fading.isFaded).toBe(false);
  });
});

describe("scan", () => {
  test.each([
    ["top_first", 0],
    ["bottom_first", 1],
  ] as const)("fields, %s, are found behind a black start", async (order, late) => {
    const found = await diagnoseDrawn({
      size: small,
      frames: 400,
      draw: (index) => {
        const fields = [moving((index % 60) * 2), moving((index % 60) * 2 + 1)];
        return paint(small, (x, y) => (index < 120 ? 16 : (fields[(y & 1) ^ late]?.(x, y) ?? 0)));
      },
    });
    expect(found).toMatchObject({ scan: "interlaced", fieldOrder: order, reason: expect.stringMatching(/frames combed/) });
  });
});

test("what is told holds, and says so", async () => {
  const path = join(await temporaryFolder(), "drawn.avi");
  await writeDrawnClip(path, { size, frames: 16, draw: (index) => paint(size, moving(index)) });
  const assume = {
    scan: "interlaced",
    fields: "bottom_first",
    noise: 7,
    letterbox: { top: 4, bottom: 4, left: 0, right: 0 },
  } as const;
  const { plan } = await inspect(path, { ...defaultRequest, assume }, 2);
  expect(plan.diagnosis).toMatchObject({
    scan: "interlaced",
    fieldOrder: "bottom_first",
    noiseSigma: 7,
    letterbox: assume.letterbox,
  });
  const told = plan.diagnosis.findings.filter(({ reason }) => reason === "as told").map(({ topic }) => topic);
  expect(told).toEqual(["scan", "fields", "noise", "letterbox"]);
  expect(plan.diagnosis.isMonochrome).toBe(true);
});

test("broken and odd files are diagnosed as far as they can be decoded", async (context) => {
  const names = [
    "9-odd_derived_bbb_noaudio_1frame.mp4",
    "9-odd_androidx_sample_with_fake_auxiliary_tracks.mp4",
    "9-odd_androidx_invalid-bitstream.webm",
    "9-odd_broken_huge_dims.mp4",
    "9-odd_broken_truncated_faststart.mp4",
    "9-odd_broken_bitflips.mp4",
    "9-odd_androidx_bear-vp9-odd-dimensions.webm",
    "9-odd_formatcorpus_animation.mov",
    "9-odd_androidx_sample_h262_mpeg_audio.ps",
  ];
  for (const name of names) {
    const found = await diagnoseFile(clip(context, name)).catch((error: unknown) => error);
    if (found instanceof AppError) expect(found.code, name).toBe("decode_failed");
    else
      expect(found, name).toMatchObject({
        scan: "progressive",
        findings: expect.arrayContaining([expect.objectContaining({ topic: "noise" })]),
      });
  }
});

test("a picture lying on its side has its borders where they stand upright", async () => {
  const path = join(await temporaryFolder(), "drawn.avi");
  await writeDrawnClip(path, {
    size,
    frames: 16,
    draw: (index) => paint(size, (x, y) => (x < 40 || y < 10 ? 16 : moving(index)(x, y))),
  });
  const video = (await probe(path)).streams.find((stream) => stream.kind === "video");
  if (video === undefined) throw new Error("no video");
  const orientation = { mirrored: false, quarterTurnsClockwise: 1 } as const;
  const found = await diagnose({ path, video: { ...video, orientation }, timeline: await readTimeline(path, video.index) });
  expect(found.letterbox).toEqual({ top: 40, bottom: 0, left: 0, right: 10 });
});
