import type { Rational } from "../domain/rational.ts";
import { secondsToTicks } from "../domain/rational.ts";

/** A stretch of the source with `fromTicks <= pts < untilTicks`; the last one has no end. */
export type Segment = { readonly index: number; readonly fromTicks: bigint; readonly untilTicks: bigint | undefined };

const wantedSeconds = 5;
const longestSeconds = 10;

/** Cuts the timeline where a key frame starts, 5 to 10 seconds apart; where none comes in time, at any frame. */
export function planSegments(frameTicks: readonly bigint[], keyTicks: readonly bigint[], timeBase: Rational): readonly Segment[] {
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
  return starts.map((fromTicks, index) => ({ index, fromTicks, untilTicks: starts[index + 1] }));
}
