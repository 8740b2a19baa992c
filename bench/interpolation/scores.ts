import { comparePlanes, psnr } from "../../src/engine/measure.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { MultiFilter } from "../multi-filter.ts";
import { mean } from "../quality/metrics.ts";

/** Means over frames: PSNR of luma and of both chroma planes in dB (identical frames count as 60), SSIM of luma. */
export type Scores = { readonly psnr: number; readonly chromaPsnr: number; readonly ssim: number };

const largestPsnr = 60;

/** Compares pictures of the same numbers. Owns: leaves them as they are. */
export async function score(pairs: readonly (readonly [VideoFrame, VideoFrame])[]): Promise<Scores> {
  const [first] = pairs;
  if (first === undefined) throw new RangeError("there are no pictures to compare");
  using filter = new MultiFilter(first, "[in0]extractplanes=y[r];[in1]extractplanes=y[d];[d][r]ssim[out]");
  const similarities: number[] = [];
  const take = (frames: readonly VideoFrame[]): void => {
    for (const frame of frames) {
      using measured = frame;
      using metadata = measured.native.getMetadata();
      similarities.push(Number(metadata.getAll()["lavfi.ssim.All"]));
    }
  };
  for (const [index, pair] of pairs.entries()) take(await filter.push(pair, index));
  take(await filter.push("end", pairs.length));
  if (similarities.length !== pairs.length) throw new RangeError("SSIM was not measured for every frame");
  return {
    psnr: mean(pairs.map((pair) => planePsnr(pair, [0]))),
    chromaPsnr: mean(pairs.map((pair) => planePsnr(pair, [1, 2]))),
    ssim: mean(similarities),
  };
}

function planePsnr([truth, made]: readonly [VideoFrame, VideoFrame], planes: readonly number[]): number {
  const errors = planes.map((plane) => comparePlanes(truth.plane(plane), made.plane(plane), 8).squaredError);
  return Math.min(largestPsnr, psnr(mean(errors)));
}
