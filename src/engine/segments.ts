import type { Rational } from "../domain/rational.ts";
import { secondsToTicks } from "../domain/rational.ts";

/** The stretch of the output with `fromTicks <= t < untilTicks`, in the source's ticks; the last one has no end. */
export type Segment = {
  readonly index: number;
  readonly fromTicks: bigint;
  readonly untilTicks: bigint | undefined;
};

const wantedSeconds = 5;
const longestSeconds = 10;

export type SegmentQuestion = {
  readonly frameTicks: readonly bigint[];
  readonly keyTicks: readonly bigint[];
  readonly timeBase: Rational;
};

/** Cuts the timeline where a key frame starts, 5 to 10 seconds apart; where none comes in time, at any frame. */
export function planSegments({ frameTicks, keyTicks, timeBase }: SegmentQuestion): readonly Segment[] {
  const [first] = frameTicks;
  if (first === undefined) return [];
  const wanted = secondsToTicks(wantedSeconds, timeBase);
  const longest = secondsToTicks(longestSeconds, timeBase);
  const keys = new Set(keyTicks);
  const starts = [first];
  let start = first;
  for (const ticks of frameTicks) {
    if (ticks - start >= longest || (ticks - start >= wanted && keys.has(ticks))) {
      starts.push(ticks);
      start = ticks;
    }
  }
  return starts.map((fromTicks, index) => ({
    index,
    fromTicks,
    untilTicks: starts[index + 1],
  }));
}

/** The last key frame at or before `ticks`; `keyTicks` are rising. */
export function lastKeyUntil(keyTicks: readonly bigint[], ticks: bigint): bigint | undefined {
  return keyTicks.findLast((key) => key <= ticks);
}
