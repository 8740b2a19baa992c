import { z } from "zod";
import { comparePlanes } from "../../src/engine/measure.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { MultiFilter } from "../multi-filter.ts";
import { measureExcessChange, measureFlicker } from "./flicker.ts";
import { type BlockMotion, findMotion } from "./motion.ts";

/** Pictures against the reference over a clip: PSNR of luma, Cb and Cr and XPSNR of luma in dB from the mean error of all frames,
 *  SSIM and VIF of luma as means, and flicker and excess change as `measureFlicker` and `measureExcessChange` say. */
export const Scores = z.object({
  psnr: z.number(),
  ssim: z.number(),
  xpsnr: z.number(),
  vif: z.number(),
  psnrCb: z.number(),
  psnrCr: z.number(),
  flicker: z.number(),
  excessChange: z.number(),
});
export type Scores = Readonly<z.infer<typeof Scores>>;

export const scoreNames = Scores.keyof().options;

/** What results are measured against. `motion[i]` leads from picture i + 1 back to picture i. */
export type Reference = { readonly frames: readonly VideoFrame[]; readonly motion: readonly (readonly BlockMotion[])[] };

/** Finds the motion of the pictures. Owns: leaves them as they are. */
export function prepareReference(frames: readonly VideoFrame[]): Reference {
  const motion = frames.slice(1).map((later, index) => {
    const earlier = frames[index];
    return earlier === undefined ? [] : findMotion(later.plane(0), earlier.plane(0));
  });
  return { frames, motion };
}

// XPSNR takes the reference first, the others second. extractplanes copies the luma as it is; a format change would rescale it.
const similarity =
  "[in0]extractplanes=y,split=3[r0][r1][r2];[in1]extractplanes=y[d0];" +
  "[d0][r0]psnr=stats_version=1[d1];[d1][r1]ssim[d2];[d2][r2]vif[out]";
const perception = "[in0]extractplanes=y[r0];[in1]extractplanes=y[d0];[r0][d0]xpsnr[out]";
const vifScales = [0, 1, 2, 3];
const largestRounding = 0.006; // FFmpeg writes two decimals

/** Measures with FFmpeg's own filters, and PSNR a second time without them. Owns: leaves the frames as they are.
 *  Throws: RangeError when FFmpeg's PSNR and the plain computation differ. */
export async function measure({ frames: truth, motion }: Reference, found: readonly VideoFrame[]): Promise<Scores> {
  const [similar, perceived] = await Promise.all([run(similarity, truth, found), run(perception, truth, found)]);
  const squaredErrors = similar.map((values) => read(values, "lavfi.psnr.mse.y"));
  for (const [index, [reference, picture]] of pairs(truth, found).entries()) {
    const { squaredError } = comparePlanes(reference.plane(0), picture.plane(0), 8);
    const byFilter = squaredErrors[index] ?? NaN;
    if (!(Math.abs(squaredError - byFilter) <= largestRounding)) {
      throw new RangeError(`frame ${index}: FFmpeg's squared error is ${byFilter}, the plain one ${squaredError}`);
    }
  }
  return {
    psnr: decibels(mean(squaredErrors) / 255 ** 2),
    ssim: mean(similar.map((values) => read(values, "lavfi.ssim.Y"))),
    xpsnr: decibels(mean(perceived.map((values) => 10 ** (-read(values, "lavfi.xpsnr.xpsnr.y") / 10)))),
    vif: mean(similar.map((values) => mean(vifScales.map((scale) => read(values, `lavfi.vif.scale.${scale}`))))),
    psnrCb: chromaPsnr(truth, found, 1),
    psnrCr: chromaPsnr(truth, found, 2),
    flicker: measureFlicker(truth, found, motion),
    excessChange: measureExcessChange(truth, found, motion),
  };
}

async function run(
  chain: string,
  truth: readonly VideoFrame[],
  found: readonly VideoFrame[],
): Promise<readonly Readonly<Record<string, string>>[]> {
  const [firstPair] = pairs(truth, found);
  if (firstPair === undefined) throw new RangeError("there are no frames to measure");
  using filter = new MultiFilter(firstPair, chain);
  const values: Readonly<Record<string, string>>[] = [];
  const take = (frames: readonly VideoFrame[]): void => {
    for (const frame of frames) {
      using measured = frame;
      using metadata = measured.native.getMetadata();
      values.push(metadata.getAll());
    }
  };
  for (const [index, pair] of pairs(truth, found).entries()) take(await filter.push(pair, index));
  take(await filter.push("end", truth.length));
  if (values.length !== truth.length) throw new RangeError(`${values.length} of ${truth.length} frames were measured`);
  return values;
}

function pairs(truth: readonly VideoFrame[], found: readonly VideoFrame[]): readonly [VideoFrame, VideoFrame][] {
  if (truth.length !== found.length) throw new RangeError(`${found.length} frames against ${truth.length}`);
  return truth.flatMap((reference, index): [VideoFrame, VideoFrame][] => {
    const picture = found[index];
    return picture === undefined ? [] : [[reference, picture]];
  });
}

/** FFmpeg writes `inf` dB for identical pictures. */
function read(values: Readonly<Record<string, string>>, name: string): number {
  const value = values[name] === "inf" ? Infinity : Number(values[name]);
  if (Number.isNaN(value)) throw new RangeError(`the filter gave no ${name}, but ${JSON.stringify(values)}`);
  return value;
}

function chromaPsnr(truth: readonly VideoFrame[], found: readonly VideoFrame[], plane: 1 | 2): number {
  const errors = pairs(truth, found).map(([reference, picture]) => {
    return comparePlanes(reference.plane(plane), picture.plane(plane), 8).squaredError;
  });
  return decibels(mean(errors) / 255 ** 2);
}

/** 100 dB stands for identical pictures. */
function decibels(relativeError: number): number {
  return relativeError <= 0 ? 100 : Math.min(100, -10 * Math.log10(relativeError));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : mean(sorted.slice(middle - 1, middle + 1));
}
