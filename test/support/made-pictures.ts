import { VideoFrame } from "../../src/media/frame.ts";
import { comparePlanes, psnr } from "../../src/engine/measure.ts";
import type { StagePicture } from "../../src/engine/stages/stage.ts";

/** A picture's luma as a function of its place; in 8-bit code values. */
export type Look = (x: number, y: number) => number;

export const madePicture: StagePicture = {
  width: 192,
  height: 128,
  pixelFormat: "yuv420p",
  bitDepth: 8,
  range: "limited",
  timeBase: { num: 1, den: 1000 },
  sourceTimeBase: { num: 1, den: 1000 },
};

/** A frame of the given luma and grey chroma. Owns: the caller disposes it. */
export function makeFrame(look: Look, ticks: number, picture: StagePicture = madePicture): VideoFrame {
  const frame = VideoFrame.allocate(picture.width, picture.height, picture.pixelFormat);
  frame.pts = BigInt(ticks);
  frame.durationTicks = 40n;
  const unit = 2 ** (picture.bitDepth - 8);
  for (const index of [0, 1, 2]) {
    const plane = frame.plane(index);
    const bytes = picture.bitDepth > 8 ? 2 : 1;
    for (let y = 0; y < plane.height; y += 1) {
      for (let x = 0; x < plane.width; x += 1) {
        const value = Math.round(Math.min(255, Math.max(0, index === 0 ? look(x, y) : 128)) * unit);
        plane.data.writeUIntLE(Math.min(2 ** picture.bitDepth - 1, value), y * plane.strideBytes + x * bytes, bytes);
      }
    }
  }
  return frame;
}

/** Leaves, edges and a smooth sky, moved to the left by `shift` pixels. */
export function scenery(shift: number): Look {
  return (column, y) => {
    const x = column + shift;
    const sky = 150 + 40 * Math.sin(x / 90) + y / 4;
    if (y < 50) return sky;
    const leaves = 90 + 22 * Math.sin(x / 3.1 + y / 5.3) + 18 * Math.sin(x / 2.3 - y / 3.7) + 12 * Math.sin(x * 0.37 + y * 1.1);
    return (x >> 4) % 3 === 0 ? leaves + 60 : leaves;
  };
}

/** Normally distributed numbers that are the same in every run. */
export function noiseSource(seed: number): () => number {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** The look with noise of a deviation of `sigma`. */
export function noisy(look: Look, sigma: number, seed: number): Look {
  const noise = noiseSource(seed);
  return (x, y) => look(x, y) + sigma * noise();
}

export async function* framesOf(frames: Iterable<VideoFrame>): AsyncGenerator<VideoFrame> {
  yield* frames;
}

export async function collect(frames: AsyncIterable<VideoFrame>): Promise<VideoFrame[]> {
  const all: VideoFrame[] = [];
  for await (const frame of frames) all.push(frame);
  return all;
}

/** dB of luma, on the 8-bit scale. */
export function lumaPsnr(a: VideoFrame, b: VideoFrame, bitDepth = 8): number {
  return psnr(comparePlanes(a.plane(0), b.plane(0), bitDepth).squaredError);
}

export function lumaMean(frame: VideoFrame): number {
  const { data, strideBytes, width, height } = frame.plane(0);
  let sum = 0;
  for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) sum += data[y * strideBytes + x] ?? 0;
  return sum / (width * height);
}

export function disposeAll(frames: Iterable<VideoFrame>): void {
  for (const frame of frames) frame[Symbol.dispose]();
}
