import { equalRationals, rescaleTicks } from "../../domain/rational.ts";
import { decodeVideo, type DecodeStats } from "../../media/decode.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Timeline } from "../../media/timeline.ts";
import type { Plan } from "../plan.ts";
import { lastKeyUntil } from "../segments.ts";
import { type OpenStage, openScanStage, openStages } from "./open-stages.ts";
import { prepare } from "./prepare.ts";
import type { ScanStage, StageContext, StageFacts } from "./stage.ts";

/** A stretch of the source, in its own ticks; undefined: from its first frame, to its last. */
export type SourceRange = { readonly fromTicks: bigint | undefined; readonly untilTicks: bigint | undefined };

export type RestoreOptions = {
  readonly path: string;
  readonly timeline: Pick<Timeline, "frameTicks" | "keyTicks">;
  readonly range: SourceRange;
  /** Restored frames wanted around the range as well. */
  readonly margin: StageContext;
  readonly threads: number;
  /** False reads from the beginning, for files whose frames have other times than their packets say. */
  readonly canSeek: boolean;
  readonly stats?: DecodeStats;
  readonly signal?: AbortSignal;
};

/** The source's pictures as the network gets them: decoded, whole, upright, in the working format, cleaned; with the
 *  output's time base. One object runs once.  Owns: its stages. */
export class Restorer implements Disposable {
  readonly #plan: Plan;
  readonly #scan: ScanStage | undefined;
  readonly #stages: readonly OpenStage[];

  constructor(plan: Plan) {
    using opening = new DisposableStack();
    this.#plan = plan;
    this.#scan = opening.use(openScanStage(plan));
    this.#stages = openStages(plan, "source");
    opening.move();
  }

  /** Gives at least the frames of the range and its margin; the first and last ones beyond may be wrong. */
  run(options: RestoreOptions): AsyncGenerator<VideoFrame> {
    const { path, timeline, range, threads, canSeek, stats, signal } = options;
    const { source } = this.#plan;
    const wide = widen(timeline.frameTicks, range, this.context(options.margin));
    const seekTicks =
      canSeek && source.canSeek && wide.fromTicks !== undefined ? lastKeyUntil(timeline.keyTicks, wide.fromTicks) : undefined;
    const decoded = decodeVideo({
      path,
      streamIndex: source.streamIndex,
      threads,
      counted: range,
      ...(stats !== undefined && { stats }),
      ...(wide.fromTicks !== undefined && { fromTicks: wide.fromTicks }),
      ...(wide.untilTicks !== undefined && { untilTicks: wide.untilTicks }),
      ...(seekTicks !== undefined && { seekTicks }),
      ...(signal !== undefined && { signal }),
    });
    return this.restore(decoded);
  }

  /** Runs the stages on decoded frames.  Owns: takes each, yields new or the same ones. */
  restore(decoded: AsyncGenerator<VideoFrame>): AsyncGenerator<VideoFrame> {
    const { time } = this.#plan;
    const timed = equalRationals(time.timeBase, time.sourceTimeBase) ? decoded : inOutputTime(decoded, time);
    const whole = this.#scan === undefined ? timed : this.#scan.run(fullRangeNamed(timed));
    const prepared = prepare(whole, this.#plan);
    return this.#stages.reduce((frames, { stage }) => stage.run(frames), prepared);
  }

  /** What the stages measured of frames with `fromTicks <= pts < untilTicks`, in output ticks. */
  facts({ fromTicks, untilTicks }: SourceRange): Readonly<Record<string, StageFacts>> {
    return factsOf(this.#stages, fromTicks, untilTicks);
  }

  /** Decoded frames that it takes around a stretch for the restored frames of the stretch and its margin to be right. */
  context(margin: StageContext): StageContext {
    const { scan } = this.#plan.time.rule;
    // 4 film frames take 5, 2 fields 1; one more for where they lie between frames.
    const inSource = (frames: number): number =>
      frames === 0 ? 0 : scan === "film" ? Math.ceil(frames * 1.25) + 1 : scan === "fields" ? Math.ceil(frames / 2) + 1 : frames;
    const sum = (side: keyof StageContext): number =>
      inSource(this.#stages.reduce((total, { stage }) => total + stage.context[side], margin[side])) +
      (this.#scan?.context[side] ?? 0);
    return { before: sum("before"), after: sum("after") };
  }

  [Symbol.dispose](): void {
    this.#scan?.[Symbol.dispose]();
    for (const { stage } of this.#stages) stage[Symbol.dispose]();
  }
}

export function factsOf(
  stages: readonly OpenStage[],
  fromTicks: bigint | undefined,
  untilTicks: bigint | undefined,
): Readonly<Record<string, StageFacts>> {
  return Object.fromEntries(
    stages.flatMap(({ planned, stage }) =>
      stage.facts === undefined ? [] : [[planned.name, stage.facts.total(fromTicks, untilTicks)] as const],
    ),
  );
}

/** The range with `before` more frames at its start and `after` more at its end, as far as there are any. */
export function widen(
  frameTicks: readonly bigint[],
  { fromTicks, untilTicks }: SourceRange,
  { before, after }: StageContext,
): SourceRange {
  const from = fromTicks === undefined ? undefined : indexFrom(frameTicks, fromTicks) - before;
  const until = untilTicks === undefined ? undefined : indexFrom(frameTicks, untilTicks) + after;
  return {
    fromTicks: from === undefined || from <= 0 ? undefined : before === 0 ? fromTicks : frameTicks[from],
    untilTicks: until === undefined ? undefined : after === 0 ? untilTicks : frameTicks[until],
  };
}

/** Index of the first frame at or after `ticks`. */
function indexFrom(frameTicks: readonly bigint[], ticks: bigint): number {
  let [low, high] = [0, frameTicks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frameTicks[middle] ?? 0n) < ticks) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function* inOutputTime(frames: AsyncIterable<VideoFrame>, time: Plan["time"]): AsyncGenerator<VideoFrame> {
  for await (const frame of frames) {
    frame.pts = rescaleTicks(frame.pts, time.sourceTimeBase, time.timeBase);
    frame.durationTicks = rescaleTicks(frame.durationTicks, time.sourceTimeBase, time.timeBase);
    yield frame;
  }
}

/** Filters of fields would convert the range of formats that have it in their name. */
async function* fullRangeNamed(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
  for await (const frame of frames) {
    if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
    yield frame;
  }
}
