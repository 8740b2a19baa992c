import type { FrameStage, StagePicture } from "../../src/engine/stages/stage.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { copyFrames, Pictures } from "../quality/material.ts";

const timeBase = { num: 1, den: 25 };

/** What a stage is told of pictures that come from no file. */
export function pictureOf({ size }: Pictures): StagePicture {
  return { ...size, pixelFormat: "yuv420p", bitDepth: 8, range: "limited", timeBase, sourceTimeBase: timeBase };
}

/** Runs a stage over all pictures. Owns: leaves the source as it is. */
export async function through(stage: FrameStage, source: Pictures, frames = source.frames): Promise<Pictures> {
  const made: VideoFrame[] = [];
  using stack = new DisposableStack();
  for await (const frame of stage.run(copyFrames(frames))) made.push(stack.use(frame));
  stack.move();
  return new Pictures(made, source.color);
}

/** PSNR of luma in dB where `isCounted` says so, over all pictures that have two neighbours. */
export function partialPsnr(truth: Pictures, found: Pictures, isCounted: (index: number, at: number) => boolean): number {
  let [sum, count] = [0, 0];
  for (let index = 1; index < truth.frames.length - 1; index += 1) {
    const [a, b] = [truth.frames[index]?.plane(0), found.frames[index]?.plane(0)];
    if (a === undefined || b === undefined) throw new RangeError(`picture ${index} is missing`);
    for (let y = 0; y < a.height; y += 1) {
      for (let x = 0; x < a.width; x += 1) {
        if (!isCounted(index, y * a.width + x)) continue;
        sum += ((a.data[y * a.strideBytes + x] ?? 0) - (b.data[y * b.strideBytes + x] ?? 0)) ** 2;
        count += 1;
      }
    }
  }
  return 10 * Math.log10(255 ** 2 / (sum / count));
}

/** Gain in the dirt and loss beside it, in dB. */
export type DirtScore = { readonly gain: number; readonly loss: number };

export function scoreDirt(
  truth: Pictures,
  { dirty, cleaned, opacity }: { dirty: Pictures; cleaned: Pictures; opacity: readonly Float32Array[] },
): DirtScore {
  const isDirty = (index: number, at: number): boolean => (opacity[index]?.[at] ?? 0) > 0.08;
  const isClean = (index: number, at: number): boolean => (opacity[index]?.[at] ?? 0) === 0;
  return {
    gain: partialPsnr(truth, cleaned, isDirty) - partialPsnr(truth, dirty, isDirty),
    loss: partialPsnr(truth, dirty, isClean) - partialPsnr(truth, cleaned, isClean),
  };
}
