import { throwIfAborted } from "../core/async.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import { decodeVideo } from "../media/decode.ts";
import { VideoFrame } from "../media/frame.ts";
import { Scaler } from "../media/scale.ts";
import type { Timeline } from "../media/timeline.ts";
import { comparePlanes, psnr } from "./measure.ts";
import { lastKeyUntil } from "./segments.ts";
import type { Plan } from "./plan.ts";
import type { Comparison } from "./report.ts";
import { lostFrame } from "./lost-frame.ts";
import { restoredAt } from "./source-samples.ts";
import { outputTimes } from "./time.ts";

const comparedFrames = 12;

/** Largest difference in seconds between the output's frame times and the ones that were encoded, in order. */
export function largestTimestampError(plan: Plan, shownTicks: readonly bigint[], output: Timeline): number {
  let largest = 0;
  shownTicks.forEach((ticks, index) => {
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
  /** Presentation times of the encoded frames, rising. */
  readonly shownTicks: readonly bigint[];
  readonly source: Timeline;
  readonly output: Timeline;
  /** Whether the source's frames carry the times they were given, so that one can be found by seeking. */
  readonly hasTrueTimestamps: boolean;
  readonly signal: AbortSignal | undefined;
};

/** Decodes frames spread over the finished file and the restored source pictures they stand for, and compares them at the
 *  source's size. Pictures made between two of the source's stand for none. */
export async function compareWithSource(question: ComparisonQuestion): Promise<Comparison> {
  const { inputPath, outputPath, plan, output, signal } = question;
  const { outputSize, source, work } = plan;
  const shrinks = outputSize.width * outputSize.height > source.uprightSize.width * source.uprightSize.height;
  using down = new Scaler({
    from: outputSize,
    to: source.uprightSize,
    format: work.pixelFormat,
    chromaLocation: plan.encode.color.chromaLocation,
    kernel: shrinks ? "area" : "lanczos",
  });
  const samples = chooseSamples(question);
  const before = restoredAt({
    path: inputPath,
    plan,
    timeline: question.source,
    ticks: samples.map(({ sourceTicks }) => sourceTicks),
    canSeek: source.canSeek && question.hasTrueTimestamps,
  });
  const after = framesAt(
    outputPath,
    samples.map(({ index }) => output.frameTicks[index] ?? 0n),
    output.keyTicks,
  );
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

type Sample = { readonly index: number; readonly sourceTicks: bigint };

/** Output frames spread evenly, off the grid of key frames, with the times of their restored source pictures. */
function chooseSamples({ plan, shownTicks, source, output }: ComparisonQuestion): readonly Sample[] {
  const count = Math.min(shownTicks.length, output.frameTicks.length);
  const samples = Math.min(count, comparedFrames);
  const spread = Array.from({ length: samples }, (_, i) => Math.min(count - 1, Math.floor(((i + 0.5) * count) / samples)));
  if (plan.time.grid === undefined) return spread.map((index) => ({ index, sourceTicks: shownTicks[index] ?? 0n }));
  const standing = standingForSource(outputTimes(source, plan.time.rule).restoredTicks, shownTicks.slice(0, count));
  const chosen = spread.flatMap((wanted) => standing.reduce<Sample[]>((best, sample) => nearer(best, sample, wanted), []));
  return [...new Map(chosen.map((sample) => [sample.sourceTicks, sample])).values()];
}

function nearer(best: Sample[], sample: Sample, wanted: number): Sample[] {
  const [current] = best;
  return current !== undefined && Math.abs(current.index - wanted) <= Math.abs(sample.index - wanted) ? best : [sample];
}

/** Output frames within a sixteenth of a source frame of one of its pictures; at least the first. */
function standingForSource(restoredTicks: readonly bigint[], shownTicks: readonly bigint[]): readonly Sample[] {
  const standing: Sample[] = [];
  let at = 0;
  shownTicks.forEach((ticks, index) => {
    while (at + 1 < restoredTicks.length && (restoredTicks[at + 1] ?? 0n) <= ticks) at += 1;
    const [here = 0n, next = here] = [restoredTicks[at], restoredTicks[at + 1]];
    const sourceTicks = ticks - here <= next - ticks ? here : next;
    const off = ticks > sourceTicks ? ticks - sourceTicks : sourceTicks - ticks;
    if (index === 0 || off * 16n <= next - here) standing.push({ index, sourceTicks });
  });
  return standing;
}

/** The frames shown at given rising times. Frames that follow the same key frame come from one decoding.
 *  Owns: the caller disposes them. */
async function* framesAt(path: string, ticks: readonly bigint[], keyTicks: readonly bigint[]): AsyncGenerator<VideoFrame> {
  for (const [seekTicks, wanted] of Map.groupBy(ticks, (time) => lastKeyUntil(keyTicks, time))) {
    const decoded = decodeVideo({ path, streamIndex: 0, threads: 0, ...(seekTicks !== undefined && { seekTicks }) });
    for await (const frame of decoded) {
      const [next] = wanted;
      if (next === undefined || frame.pts < next) {
        frame[Symbol.dispose]();
        continue;
      }
      wanted.shift();
      if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
      yield frame;
      if (wanted.length === 0) break;
    }
    if (wanted.length > 0) throw lostFrame(path, wanted[0] ?? 0n);
  }
}
