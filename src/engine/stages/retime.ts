import { type Rational, secondsToTicks } from "../../domain/rational.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { FramePair } from "./interpolate.ts";
import { longestRun } from "./interpolate-pairing.ts";
import type { StageContext } from "./stage.ts";

type Timed = Disposable & { readonly pts: bigint };

/** The output's times with `fromTicks <= t < untilTicks`; undefined: without end on that side. */
export type WantedTicks = (fromTicks: bigint | undefined, untilTicks: bigint | undefined) => readonly bigint[];

/** Leaves out frames that are nearest to no wanted time, so that no network runs on them.
 *  Owns: takes each frame, yields some. */
export async function* neededFrames<T extends Timed>(frames: AsyncIterable<T>, wanted: WantedTicks): AsyncGenerator<T> {
  for await (const { frame, fromTicks, untilTicks } of withSpans(frames)) {
    if (wanted(fromTicks, untilTicks).length > 0) yield frame;
    else frame[Symbol.dispose]();
  }
}

/** Gives each wanted time the frame nearest to it.  Owns: takes each frame, yields new owners of their samples. */
export async function* nearestFrames(frames: AsyncIterable<VideoFrame>, wanted: WantedTicks): AsyncGenerator<VideoFrame> {
  for await (const { frame, fromTicks, untilTicks } of withSpans(frames)) {
    using owned = frame;
    for (const ticks of wanted(fromTicks, untilTicks)) yield at(owned, ticks);
  }
}

/** A frame and whether its enlarged picture is needed. Owns: the frame. */
export class MarkedFrame<T extends Disposable> implements Disposable {
  readonly frame: T;
  readonly isNeeded: boolean;

  constructor(frame: T, isNeeded: boolean) {
    this.frame = frame;
    this.isNeeded = isNeeded;
  }

  [Symbol.dispose](): void {
    this.frame[Symbol.dispose]();
  }
}

/** Says of each frame whether its enlarged picture is needed: of the frames shown in the range and of `around` more on each
 *  side, counted from the one shown at its beginning and the first one after its end.  Owns: passes each frame on. */
export async function* markNeeded<T extends Timed>(
  frames: AsyncIterable<T>,
  { fromTicks, untilTicks }: { readonly fromTicks: bigint | undefined; readonly untilTicks: bigint | undefined },
  around: StageContext,
): AsyncGenerator<MarkedFrame<T>> {
  const held: T[] = []; // those not after the range's beginning, and the one that ends them
  let late = 0;
  try {
    for await (const frame of frames) {
      held.push(frame);
      if (fromTicks !== undefined && frame.pts <= fromTicks) {
        const passed = held.length > around.before + 1 ? held.shift() : undefined;
        if (passed !== undefined) yield new MarkedFrame(passed, false);
        continue;
      }
      if (untilTicks !== undefined && frame.pts >= untilTicks) late += 1;
      for (let next = held.shift(); next !== undefined; next = held.shift()) {
        yield new MarkedFrame(next, next !== frame || late <= around.after);
      }
    }
    for (let next = held.shift(); next !== undefined; next = held.shift()) yield new MarkedFrame(next, true);
  } finally {
    for (const frame of held) frame[Symbol.dispose]();
  }
}

/** Pictures that stand longer than this, in seconds, are stills: nothing moves until just before the next one. */
const longestStepSeconds = 0.26;
const lastStepSeconds = 1 / 24;
/** More repeats than motion is continued through. */
const stillCopies = longestRun + 1;

/** Repeats a picture that stands for long, so that it is seen to stand still and does not drift into the next one.
 *  Owns: takes each pair, yields it and new owners of its samples. */
export async function* standingStill(pairs: AsyncIterable<FramePair>, timeBase: Rational): AsyncGenerator<FramePair> {
  const longest = secondsToTicks(longestStepSeconds, timeBase);
  const step = secondsToTicks(lastStepSeconds, timeBase);
  let last: FramePair | undefined;
  try {
    for await (const pair of pairs) {
      using earlier = last;
      last = pair;
      if (earlier !== undefined && step > 0n && pair.small.pts - earlier.small.pts > longest) {
        for (let copy = stillCopies; copy >= 1; copy -= 1) yield pairAt(earlier, pair.small.pts - BigInt(copy) * step);
      }
      yield pairAt(pair, pair.small.pts);
    }
  } finally {
    last?.[Symbol.dispose]();
  }
}

function pairAt({ small, large }: FramePair, ticks: bigint): FramePair {
  return new FramePair(at(small, ticks), large === undefined ? undefined : at(large, ticks));
}

type Spanned<T> = { readonly frame: T; readonly fromTicks: bigint | undefined; readonly untilTicks: bigint | undefined };

/** Each frame with the times that it is nearest to; the first and last without end.  Owns: passes each frame on. */
async function* withSpans<T extends Timed>(frames: AsyncIterable<T>): AsyncGenerator<Spanned<T>> {
  let fromTicks: bigint | undefined;
  let held: T | undefined;
  try {
    for await (const next of frames) {
      const frame = held;
      held = next;
      if (frame === undefined) continue;
      const untilTicks = middleUp(frame.pts, next.pts);
      yield { frame, fromTicks, untilTicks };
      fromTicks = untilTicks;
    }
    const last = held;
    held = undefined;
    if (last !== undefined) yield { frame: last, fromTicks, untilTicks: undefined };
  } finally {
    held?.[Symbol.dispose]();
  }
}

/** Halfway, rounded up: times from there on are nearer to `b` or as near. */
function middleUp(a: bigint, b: bigint): bigint {
  return a + (b - a + 1n) / 2n;
}

function at(frame: VideoFrame, ticks: bigint): VideoFrame {
  const shared = frame.share();
  shared.pts = ticks;
  return shared;
}
