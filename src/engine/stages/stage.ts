import type { Rational } from "../../domain/rational.ts";
import type { VideoFrame } from "../../media/frame.ts";

/** Frames that a stage must see around a frame to make it; in source frames. */
export type StageContext = { readonly before: number; readonly after: number };

export const noContext: StageContext = { before: 0, after: 0 };

/** What every picture that a stage meets has in common. */
export type StagePicture = {
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: string;
  readonly bitDepth: 8 | 10;
  readonly range: "limited" | "full";
  /** Of the frames' pts: the output's, in which every source time is exact. */
  readonly timeBase: Rational;
  /** Of the source's file and of times in the plan's stages. */
  readonly sourceTimeBase: Rational;
};

/** A step of the picture's way that keeps count and timestamps. What it gives for a frame depends on the frames within
 *  its context and on plan data only, so that a job cut in segments gives the same pictures as one that is not.
 *  The first and last frames of the video have less around them.  Owns: what `[Symbol.dispose]` frees. */
export type FrameStage = Disposable & {
  readonly context: StageContext;
  /** What was measured of each frame, where the stage measures anything. */
  readonly facts?: FactLog;
  /** Called once.  Owns: takes each frame, yields new or the same ones, same pts. */
  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame>;
};

/** What is done to coded pictures before anything else: may change their number and times. Owns: as a `FrameStage`. */
export type ScanStage = Disposable & {
  readonly context: StageContext;
  readonly facts?: FactLog;
  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame>;
};

/** Measured numbers by name (units in the names), summed over frames and segments for the report. */
export type StageFacts = Readonly<Record<string, number>>;

/** What a stage measured, frame by frame, so that frames seen by two segments count once. */
export class FactLog {
  readonly #entries: { readonly ticks: bigint; readonly facts: StageFacts }[] = [];

  record(ticks: bigint, facts: StageFacts): void {
    this.#entries.push({ ticks, facts });
  }

  /** The sums over frames with `fromTicks <= pts < untilTicks`. */
  total(fromTicks: bigint | undefined, untilTicks: bigint | undefined): StageFacts {
    const isWithin = (ticks: bigint): boolean =>
      (fromTicks === undefined || ticks >= fromTicks) && (untilTicks === undefined || ticks < untilTicks);
    return sumFacts(this.#entries.filter(({ ticks }) => isWithin(ticks)).map(({ facts }) => facts));
  }
}

export function sumFacts(all: readonly StageFacts[]): StageFacts {
  const sums: Record<string, number> = {};
  for (const facts of all) {
    for (const [name, value] of Object.entries(facts)) sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}
