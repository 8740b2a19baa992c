import { expect, test } from "vitest";
import { comparePlanes } from "../../src/engine/measure.ts";
import { FrameInterpolator, FramePair } from "../../src/engine/stages/interpolate.ts";
import { liveFrameCount, VideoFrame } from "../../src/media/frame.ts";
import { texture } from "../support/texture.ts";

const size = { width: 192, height: 112 };
const ticksPerFrame = 100n;

type Picture = { readonly x: number; readonly y?: number; readonly seed?: number };
type Look = { readonly scale?: number; readonly bitDepth?: number; readonly width?: number; readonly height?: number };

/** A 4:2:0 frame of a texture moved by (x, y), as large as `scale` says. */
function frameOf({ x, y = 0, seed = 1 }: Picture, pts: bigint, look: Look = {}): VideoFrame {
  const { scale = 1, bitDepth = 8, width = size.width, height = size.height } = look;
  const frame = VideoFrame.allocate(width * scale, height * scale, bitDepth === 8 ? "yuv420p" : "yuv420p10le");
  for (const index of [0, 1, 2]) {
    const plane = frame.plane(index);
    const factor = index === 0 ? scale : scale / 2;
    const picture = texture({ ...plane, x: -x * factor, y: -y * factor, bitDepth, seed: seed + 10 * index });
    for (let row = 0; row < plane.height; row += 1) {
      const line = picture.data.subarray(row * picture.strideBytes, (row + 1) * picture.strideBytes);
      plane.data.set(line, row * plane.strideBytes);
    }
  }
  frame.pts = pts;
  return frame;
}

async function* pairsOf(pictures: readonly Picture[], look: Look, from = 0): AsyncGenerator<FramePair> {
  for (const [index, picture] of pictures.entries()) {
    const pts = BigInt(from + index) * ticksPerFrame;
    yield new FramePair(frameOf(picture, pts, { ...look, scale: 1 }), frameOf(picture, pts, look));
  }
}

type Made = Disposable & { readonly frames: readonly VideoFrame[]; readonly counts: FrameInterpolator["counts"] };

async function interpolate(pictures: readonly Picture[], ticks: readonly bigint[], look: Look = {}, from = 0): Promise<Made> {
  const { scale = 1, bitDepth = 8, ...sourceSize } = { ...size, ...look };
  const outputSize = { width: sourceSize.width * scale, height: sourceSize.height * scale };
  using stage = new FrameInterpolator({ sourceSize, outputSize, bitDepth });
  const frames: VideoFrame[] = [];
  for await (const frame of stage.run(pairsOf(pictures, look, from), ticks)) frames.push(frame);
  return { frames, counts: stage.counts, [Symbol.dispose]: () => frames.forEach((frame) => frame[Symbol.dispose]()) };
}

function psnrBetween(a: VideoFrame, b: VideoFrame, bitDepth = 8): number {
  const errors = [0, 1, 2].map((index) => comparePlanes(a.plane(index), b.plane(index), bitDepth).squaredError);
  return -10 * Math.log10(Math.max(...errors, 1e-9) / 255 ** 2);
}

function expectEqual(frame: VideoFrame | undefined, picture: Picture, look: Look = {}): void {
  using right = frameOf(picture, 0n, look);
  if (frame === undefined) throw new RangeError("there is no such frame");
  expect(psnrBetween(frame, right, look.bitDepth ?? 8)).toBeGreaterThan(100);
}

const panning: readonly Picture[] = [0, 1, 2, 3, 4].map((step) => ({ x: 6 * step, y: -2 * step }));

test.each<Look>([{}, { scale: 2 }, { bitDepth: 10 }, { width: 161, height: 121 }])(
  "a moving picture is shown at five halves of its rate, its own frames untouched: %o",
  async (look) => {
    const ticks = Array.from({ length: 10 }, (_, index) => BigInt(index) * 40n);
    using made = await interpolate(panning, ticks, look);
    expect(made.frames.map(({ pts }) => pts)).toEqual(ticks);
    expect(made.frames.every(({ durationTicks }) => durationTicks === 40n)).toBe(true);
    for (const [index, frame] of made.frames.entries()) {
      const step = (index * 40) / 100;
      const picture = { x: 6 * step, y: -2 * step };
      if (index % 5 === 0) expectEqual(frame, picture, look);
      using right = frameOf(picture, 0n, look);
      expect(psnrBetween(frame, right, look.bitDepth ?? 8)).toBeGreaterThan(30);
    }
    expect(made.counts).toEqual({ frames: 10, between: 8, repeats: 0, cuts: 0 });
  },
);

test("across a cut the nearer frame is held, never a mixture", async () => {
  const pictures = [...panning.slice(0, 2), { x: 0, seed: 77 }, { x: 6, seed: 77 }];
  using made = await interpolate(pictures, [110n, 130n, 160n, 190n]);
  const shown: readonly Picture[] = [
    { x: 6, y: -2 },
    { x: 6, y: -2 },
    { x: 0, seed: 77 },
    { x: 0, seed: 77 },
  ];
  shown.forEach((picture, index) => expectEqual(made.frames[index], picture));
  expect(made.counts.cuts).toBe(1);
});

test("animation on twos gets pictures between the distinct ones", async () => {
  const onTwos = [0, 0, 8, 8, 16, 16].map((x) => ({ x }));
  using made = await interpolate(onTwos, [200n, 250n, 300n, 350n]);
  for (const [index, frame] of made.frames.entries()) {
    using right = frameOf({ x: 8 + 2 * index }, 0n);
    expect(psnrBetween(frame, right)).toBeGreaterThan(32);
  }
  expect(made.counts.between).toBe(3);
});

test("a still scene stays still, to the bit", async () => {
  using made = await interpolate(
    Array.from({ length: 8 }, () => ({ x: 3 })),
    [0n, 50n, 130n, 333n, 600n],
  );
  for (const frame of made.frames) expectEqual(frame, { x: 3 });
});

test("a part with its context gives the same pictures as the whole", async () => {
  const pictures = Array.from({ length: 24 }, (_, index): Picture => {
    const step = index < 10 ? index : Math.floor(index / 2) * 2; // on twos from the tenth on
    return { x: (step * step) / 8, y: step, seed: index < 6 ? 1 : 2 };
  });
  const ticks = [1210n, 1250n, 1300n, 1390n];
  using whole = await interpolate(pictures, ticks);
  const { before, after } = FrameInterpolator.context;
  const from = 12 - before;
  using part = await interpolate(pictures.slice(from, 13 + after + 1), ticks, {}, from);
  expect(part.frames).toHaveLength(whole.frames.length);
  for (const [index, frame] of whole.frames.entries()) {
    const other = part.frames[index];
    expect(other === undefined ? 0 : psnrBetween(frame, other)).toBeGreaterThan(100);
  }
});

test("nothing is left over when the consumer stops early or a frame fails", async () => {
  using stage = new FrameInterpolator({ sourceSize: size, outputSize: size, bitDepth: 8 });
  for await (const frame of stage.run(pairsOf(panning, {}), [0n, 50n, 100n, 150n])) {
    frame[Symbol.dispose]();
    if (frame.pts === 50n) break;
  }
  async function* failing(): AsyncGenerator<FramePair> {
    yield* pairsOf(panning.slice(0, 2), {});
    throw new RangeError("the source ends here");
  }
  using other = new FrameInterpolator({ sourceSize: size, outputSize: size, bitDepth: 8 });
  const frames = other.run(failing(), [0n, 150n]);
  (await frames.next()).value?.[Symbol.dispose]();
  await expect(frames.next()).rejects.toThrow("the source ends here");
  expect(liveFrameCount()).toBe(0);
});
