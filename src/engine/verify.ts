import { throwIfAborted } from "../core/async.ts";
import { AppError } from "../domain/errors.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import { decodeVideo } from "../media/decode.ts";
import { VideoFrame } from "../media/frame.ts";
import { Scaler } from "../media/scale.ts";
import type { Timeline } from "../media/timeline.ts";
import { comparePlanes, psnr } from "./measure.ts";
import { lastKeyUntil } from "./segments.ts";
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

export type ComparisonQuestion = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly plan: Plan;
  /** Presentation times of the encoded frames, in any order. */
  readonly ptsTicks: readonly bigint[];
  readonly source: Timeline;
  readonly output: Timeline;
  /** Whether the source's frames carry the times they were given, so that one can be found by seeking. */
  readonly hasTrueTimestamps: boolean;
  readonly signal: AbortSignal | undefined;
};

/** Decodes frames spread over the finished file and their sources, and compares them at the source's size. */
export async function compareWithSource(question: ComparisonQuestion): Promise<Comparison> {
  const { inputPath, outputPath, plan, output, signal } = question;
  const shown = question.ptsTicks.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const { outputSize, source, work } = plan;
  const shrinks = outputSize.width * outputSize.height > source.uprightSize.width * source.uprightSize.height;
  using down = new Scaler({
    from: outputSize,
    to: source.uprightSize,
    format: work.pixelFormat,
    chromaLocation: plan.encode.color.chromaLocation,
    kernel: shrinks ? "area" : "lanczos",
  });
  const indexes = sampleIndexes(Math.min(shown.length, output.frameTicks.length), comparedFrames);
  const before = framesAt({
    path: inputPath,
    streamIndex: source.streamIndex,
    ticks: indexes.map((index) => shown[index] ?? 0n),
    keyTicks: source.canSeek && question.hasTrueTimestamps ? question.source.keyTicks : undefined,
    plan,
  });
  const after = framesAt({
    path: outputPath,
    streamIndex: 0,
    ticks: indexes.map((index) => output.frameTicks[index] ?? 0n),
    keyTicks: output.keyTicks,
  });
  const sums = { luma: 0, y: 0, cb: 0, cr: 0, frames: 0 };
  for await (const [sourceFrame, outputFrame] of pairs(before, after)) {
    using left = sourceFrame;
    using right = outputFrame;
    using small = VideoFrame.allocate(source.uprightSize.width, source.uprightSize.height, work.pixelFormat);
    throwIfAborted(signal);
    await down.scaleFrame(right, small);
    const [y, cb, cr] = [0, 1, 2].map((plane) => comparePlanes(left.plane(plane), small.plane(plane), work.bitDepth));
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

async function* pairs(
  left: AsyncGenerator<VideoFrame>,
  right: AsyncGenerator<VideoFrame>,
): AsyncGenerator<[VideoFrame, VideoFrame]> {
  try {
    for await (const frame of left) {
      const other = await right.next();
      if (other.done === true) {
        frame[Symbol.dispose]();
        return;
      }
      yield [frame, other.value];
    }
  } finally {
    await right.return(undefined);
  }
}

/** Indexes spread evenly over `count`, off the grid of key frames. */
function sampleIndexes(count: number, wanted: number): readonly number[] {
  const samples = Math.min(count, wanted);
  return Array.from({ length: samples }, (_, i) => Math.min(count - 1, Math.floor(((i + 0.5) * count) / samples)));
}

type FramesQuestion = {
  readonly path: string;
  readonly streamIndex: number;
  /** Rising. */
  readonly ticks: readonly bigint[];
  /** Key frames to seek to; undefined decodes once from the beginning. */
  readonly keyTicks: readonly bigint[] | undefined;
  readonly plan?: Plan;
};

/** The frames shown at given times; through the plan's preparation when a plan is given. Frames that follow the same key
 *  frame come from one decoding.  Owns: the caller disposes them. */
async function* framesAt({ path, streamIndex, ticks, keyTicks, plan }: FramesQuestion): AsyncGenerator<VideoFrame> {
  const groups = Map.groupBy(ticks, (wanted) => (keyTicks === undefined ? undefined : lastKeyUntil(keyTicks, wanted)));
  for (const [seekTicks, wanted] of groups) {
    const decoded = decodeVideo({ path, streamIndex, threads: 0, ...(seekTicks !== undefined && { seekTicks }) });
    for await (const frame of plan === undefined ? relabelled(decoded) : prepare(decoded, plan)) {
      const [next] = wanted;
      if (next === undefined || frame.pts < next) {
        frame[Symbol.dispose]();
        continue;
      }
      wanted.shift();
      yield frame;
      if (wanted.length === 0) break;
    }
    if (wanted.length > 0) {
      throw new AppError("verification_failed", "A frame that was written cannot be decoded again.", {
        details: { path, ticks: Number(wanted[0]) },
      });
    }
  }
}

async function* relabelled(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
  for await (const frame of frames) {
    if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
    yield frame;
  }
}
