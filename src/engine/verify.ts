import { throwIfAborted } from "../core/async.ts";
import { AppError } from "../domain/errors.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import { decodeVideo } from "../media/decode.ts";
import { VideoFrame } from "../media/frame.ts";
import { Scaler } from "../media/scale.ts";
import { readTimeline, type Timeline } from "../media/timeline.ts";
import { comparePlanes, psnr } from "./measure.ts";
import type { Plan } from "./plan.ts";
import type { Comparison } from "./report.ts";
import { prepare } from "./stages/prepare.ts";

const comparedFrames = 12;

/** Largest difference in seconds between the output's frame times and the ones that were encoded, in order. */
export function largestTimestampError(plan: Plan, ptsTicks: readonly bigint[], output: Timeline): number {
  let largest = 0;
  ptsTicks
    .toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .forEach((ticks, index) => {
      const wanted = ticksToSeconds(ticks, plan.time.timeBase) - plan.time.shiftSeconds;
      const found = output.frameTicks[index];
      if (found !== undefined) largest = Math.max(largest, Math.abs(ticksToSeconds(found, output.timeBase) - wanted));
    });
  return largest;
}

/** Decodes frames spread over the finished file and their sources, and compares them at the source's size. */
export async function compareWithSource(
  inputPath: string,
  outputPath: string,
  plan: Plan,
  ptsTicks: readonly bigint[],
  signal?: AbortSignal,
): Promise<Comparison> {
  const output = await readTimeline(outputPath, 0, signal);
  const shown = ptsTicks.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const { outputSize, source, work } = plan;
  const shrinks = outputSize.width * outputSize.height > source.uprightSize.width * source.uprightSize.height;
  using down = new Scaler({
    from: outputSize,
    to: source.uprightSize,
    format: work.pixelFormat,
    chromaLocation: plan.encode.color.chromaLocation,
    kernel: shrinks ? "area" : "lanczos",
  });
  const sums = { luma: 0, y: 0, cb: 0, cr: 0, frames: 0 };
  for (const index of sampleIndexes(Math.min(shown.length, output.frameTicks.length), comparedFrames)) {
    throwIfAborted(signal);
    using before = await frameAt(inputPath, plan.source.streamIndex, shown[index] ?? 0n, plan.source.canSeek, plan);
    using after = await frameAt(outputPath, 0, output.frameTicks[index] ?? 0n, true);
    using small = VideoFrame.allocate(source.uprightSize.width, source.uprightSize.height, work.pixelFormat);
    await down.scaleFrame(after, small);
    const [y, cb, cr] = [0, 1, 2].map((plane) => comparePlanes(before.plane(plane), small.plane(plane), work.bitDepth));
    sums.luma += y?.squaredError ?? 0;
    sums.y += y?.meanDifference ?? 0;
    sums.cb += cb?.meanDifference ?? 0;
    sums.cr += cr?.meanDifference ?? 0;
    sums.frames += 1;
  }
  const mean = (value: number): number => value / Math.max(1, sums.frames);
  return {
    sampledFrames: sums.frames,
    psnrLuma: psnr(mean(sums.luma)),
    colorDrift: { y: mean(sums.y), cb: mean(sums.cb), cr: mean(sums.cr) },
  };
}

/** Indexes spread evenly over `count`, off the grid of key frames. */
function sampleIndexes(count: number, wanted: number): readonly number[] {
  const samples = Math.min(count, wanted);
  return Array.from({ length: samples }, (_, i) => Math.min(count - 1, Math.floor(((i + 0.5) * count) / samples)));
}

/** One frame by its exact time; through the plan's preparation when a plan is given. Owns: the caller disposes it. */
async function frameAt(path: string, streamIndex: number, ticks: bigint, canSeek: boolean, plan?: Plan): Promise<VideoFrame> {
  const decoded = decodeVideo({ path, streamIndex, threads: 0, fromTicks: ticks, canSeek });
  for await (const frame of plan === undefined ? decoded : prepare(decoded, plan)) {
    if (plan === undefined && frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
    return frame;
  }
  throw new AppError("verification_failed", "A frame that was written cannot be decoded again.", {
    details: { ticks: Number(ticks) },
  });
}
