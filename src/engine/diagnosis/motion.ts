import type { Cadence, Cuts } from "./diagnosis.ts";
import type { Cells } from "./cells.ts";
import { quantile } from "./statistics.ts";

/** How two neighbouring frames differ. Units: 8-bit code values. */
export type Change = {
  /** Mean over all cells. */
  readonly mean: number;
  /** What one cell in 500 exceeds: small things that move. */
  readonly most: number;
  /** Difference of the means of both frames. */
  readonly brightness: number;
  /** The part of it that most of the picture shares. */
  readonly shared: number;
};

export function compareCells(a: Cells, b: Cells): Change {
  const count = Math.min(a.data.length, b.data.length);
  const sizes = new Float32Array(count);
  const signed = new Float32Array(count);
  let sum = 0;
  let brightness = 0;
  for (let index = 0; index < count; index += 1) {
    const difference = (b.data[index] ?? 0) - (a.data[index] ?? 0);
    signed[index] = difference;
    sizes[index] = Math.abs(difference);
    sum += Math.abs(difference);
    brightness += difference;
  }
  if (count === 0) return { mean: 0, most: 0, brightness: 0, shared: 0 };
  return { mean: sum / count, most: quantile(sizes, 0.998), brightness: brightness / count, shared: innerMean(signed) };
}

/** Mean without the fifth of the values at either end. */
function innerMean(values: Float32Array): number {
  values.sort();
  const drop = Math.floor(values.length / 5);
  let sum = 0;
  for (let index = drop; index < values.length - drop; index += 1) sum += values[index] ?? 0;
  return sum / Math.max(1, values.length - 2 * drop);
}

const leastCutChange = 5;
const leastCutRatio = 3.5;
const cutReach = 6;
const leastMotion = 1.5;
const rounding = 0.02;
const leastGap = 2.6;
/** What a codec makes of a frame shown again. */
const codecChange = 0.15;
const codecSpread = 4;
const mostRepeats = 3;
const fewestRepeats = 3;

/** Which of a window's changes are cuts: far above all but one of those around, which may be a cut as well. Pictures that
 *  are shown several times change by leaps, but again and again. */
export function findCuts(changes: readonly Change[]): readonly boolean[] {
  return changes.map((change, index) => {
    if (change.mean < leastCutChange) return false;
    const around = [...changes.slice(Math.max(0, index - cutReach), index), ...changes.slice(index + 1, index + 1 + cutReach)];
    const [, second = 0] = around.map(({ mean }) => mean).toSorted((a, b) => b - a);
    return change.mean > leastCutRatio * second;
  });
}

/** Whether each change of a window is none but codec noise; undefined where nothing moves, so that it cannot be told.
 *  Frames shown again stand apart: between their changes and those of all others there is a gap. */
export function findRepeats(changes: readonly Change[], cuts: readonly boolean[]): readonly (boolean | undefined)[] {
  const moving = changes.filter((_, index) => cuts[index] !== true);
  const limit = gapIn(moving.map(({ mean }) => mean));
  const hasMotion =
    quantile(
      Float64Array.from(moving, ({ most }) => most),
      0.8,
    ) >= leastMotion;
  const repeats = changes.map(({ mean }, index) => cuts[index] !== true && mean <= limit);
  return repeats.map((repeat, index) => (!hasMotion || (repeat && isStill(repeats, index)) ? undefined : repeat));
}

/** The upper end of the small values if a gap divides them from the others; below 0 without one. */
function gapIn(values: readonly number[]): number {
  const sorted = values.map((value) => value + rounding).toSorted((a, b) => a - b);
  let limit = -1;
  let widest = leastGap;
  for (let index = 1; index < sorted.length; index += 1) {
    const below = sorted[index - 1] ?? 0;
    const gap = (sorted[index] ?? 0) / below;
    if (gap < widest || below > codecSpread * Math.max(codecChange, sorted[0] ?? 0)) continue;
    widest = gap;
    limit = below - rounding;
  }
  return limit;
}

/** Whether a repeat stands in a longer run of them: then the picture rests. */
function isStill(repeats: readonly boolean[], index: number): boolean {
  const before = repeats.slice(0, index).toReversed().indexOf(false);
  const after = repeats.slice(index).indexOf(false);
  return (before < 0 ? index : before) + (after < 0 ? repeats.length - index : after) > mostRepeats;
}

export type WindowChanges = { readonly changes: readonly Change[]; readonly cuts: readonly boolean[] };

export function countCuts(windows: readonly WindowChanges[]): Cuts {
  const cuts = windows.flatMap((window) => window.cuts);
  return { count: cuts.filter(Boolean).length, pairs: cuts.length };
}

export type CadenceFacts = Cadence & { readonly repeats: number; readonly pairs: number };

/** Looks for frames that are shown again, and for the rhythm in which that happens. */
export function judgeCadence(windows: readonly WindowChanges[]): CadenceFacts {
  const all = windows.map(({ changes, cuts }) => findRepeats(changes, cuts));
  const known = all.flat().filter((repeat) => repeat !== undefined);
  const repeats = known.filter(Boolean).length;
  const pairs = known.length;
  const uniqueShare = pairs === 0 ? 1 : 1 - repeats / pairs;
  const runs = all.flatMap(runsOfRepeats);
  const withLength = (length: number): number => runs.filter((run) => run === length).length / Math.max(1, runs.length);
  let kind: Cadence["kind"] = "every_frame";
  if (repeats >= fewestRepeats && repeats / pairs >= 0.05) kind = "duplicates";
  if (kind === "duplicates" && runs.length >= 3 && uniqueShare > 0.4 && uniqueShare < 0.62 && withLength(1) > 0.7)
    kind = "on_twos";
  if (kind === "duplicates" && runs.length >= 2 && uniqueShare > 0.25 && uniqueShare < 0.42 && withLength(2) > 0.7)
    kind = "on_threes";
  return { kind, uniqueShare, repeats, pairs };
}

/** Lengths of the runs of repeats between two new frames, whole runs only. */
function runsOfRepeats(repeats: readonly (boolean | undefined)[]): readonly number[] {
  const runs: number[] = [];
  let length: number | undefined;
  for (const repeat of repeats) {
    if (repeat === true && length !== undefined) length += 1;
    if (repeat === false) {
      if (length !== undefined) runs.push(length);
      length = 0;
    }
    if (repeat === undefined) length = undefined;
  }
  return runs;
}
