import { comparePlanes } from "../../src/engine/measure.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { MultiFilter } from "../multi-filter.ts";

/** Luma against the ground truth over a clip: PSNR and XPSNR in dB from the mean error of all frames, SSIM and VIF as means. */
export type Scores = { readonly psnr: number; readonly ssim: number; readonly xpsnr: number; readonly vif: number };

export const scoreNames = ["psnr", "ssim", "xpsnr", "vif"] as const;

// XPSNR takes the reference first, the others second. extractplanes copies the luma as it is; a format change would rescale it.
const similarity =
  "[in0]extractplanes=y,split=3[r0][r1][r2];[in1]extractplanes=y[d0];" +
  "[d0][r0]psnr=stats_version=1[d1];[d1][r1]ssim[d2];[d2][r2]vif[out]";
const perception = "[in0]extractplanes=y[r0];[in1]extractplanes=y[d0];[r0][d0]xpsnr[out]";
const vifScales = [0, 1, 2, 3];
const largestRounding = 0.006; // FFmpeg writes two decimals

/** Measures with FFmpeg's own filters, and PSNR a second time without them. Owns: leaves the frames as they are.
 *  Throws: RangeError when FFmpeg's PSNR and the plain computation differ. */
export async function measure(truth: readonly VideoFrame[], found: readonly VideoFrame[]): Promise<Scores> {
  const similar = await run(similarity, truth, found);
  const perceived = await run(perception, truth, found);
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

function read(values: Readonly<Record<string, string>>, name: string): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value)) throw new RangeError(`the filter gave no ${name}, but ${JSON.stringify(values)}`);
  return value;
}

/** 100 dB stands for identical pictures. */
function decibels(relativeError: number): number {
  return relativeError <= 0 ? 100 : Math.min(100, -10 * Math.log10(relativeError));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
