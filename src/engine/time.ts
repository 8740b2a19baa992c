import { equalRationals, type Rational, rescaleTicks } from "../domain/rational.ts";
import type { Timeline } from "../media/timeline.ts";

// Times of output frames. Nothing is a frame number times a rounded duration, so nothing drifts.

/** How the output's frames stand to the source's. First the scan: `keep` as many, `fields` one for each field, `film` four
 *  for five in steps of 1001/24000 s (or 1/24 s). Then, where `rate` is given, a steady grid of that rate from the first
 *  frame on. */
export type TimeRule = {
  readonly scan: "keep" | "fields" | "film";
  readonly rate: Rational | undefined;
};

type SourceTimes = Pick<Timeline, "frameTicks" | "timeBase" | "endTicks">;

/** The times of all frames, exact in one time base. */
export type OutputTimes = {
  readonly timeBase: Rational;
  /** After the scan: of the pictures that the networks get. */
  readonly restoredTicks: readonly bigint[];
  /** Of the frames written; the same array where no rate is asked for. */
  readonly frameTicks: readonly bigint[];
};

/** Encoders and MP4 take no finer clock. */
const maxTicksPerSecond = 1_000_000_000n;

/** The output's timeline for a rule. Pure.
 *  Throws: RangeError for a film rule on times that are not film's (see `filmGrid`). */
export function outputTimes(source: SourceTimes, rule: TimeRule): OutputTimes {
  const grid = rule.scan === "film" ? filmGrid(source) : undefined;
  if (rule.scan === "film" && grid === undefined) throw new RangeError("the source has no steady 30 frames a second");
  const timeBase = commonTimeBase(source.timeBase, rule, grid?.filmRate);
  const restoredTicks = restored(source, rule, timeBase, grid);
  const [first] = restoredTicks;
  if (rule.rate === undefined || first === undefined) return { timeBase, restoredTicks, frameTicks: restoredTicks };
  const end = rescaleTicks(endOf(source), source.timeBase, timeBase);
  const step = ticksPer(rule.rate, timeBase);
  // To the nearest: a container's rounded last duration does not add a sliver of a frame.
  const count = Math.max(1, Number(((end - first) * step.den * 2n + step.num) / (2n * step.num)));
  return { timeBase, restoredTicks, frameTicks: Array.from({ length: count }, (_, i) => first + gridTicks(i, step)) };
}

/** The step of film's frames after inverse telecine and the numbering of the source's, or undefined where the source's
 *  frames are not steadily 30000/1001 or 30 a second. Frames are numbered by their time, so that a gap stays a gap. */
export type FilmGrid = { readonly sourceRate: Rational; readonly filmRate: Rational };

const filmRates: readonly FilmGrid[] = [
  { sourceRate: { num: 30_000, den: 1001 }, filmRate: { num: 24_000, den: 1001 } },
  { sourceRate: { num: 30, den: 1 }, filmRate: { num: 24, den: 1 } },
];

export function filmGrid({ frameTicks, timeBase }: SourceTimes): FilmGrid | undefined {
  const fits = filmRates.map((grid) => ({ grid, ...placement(frameTicks, ticksPer(grid.sourceRate, timeBase)) }));
  const [best] = fits.toSorted((a, b) => a.meanOffset - b.meanOffset);
  if (best === undefined || frameTicks.length < 2) return undefined;
  const isFilled = frameTicks.length >= best.slots * 0.9 && frameTicks.length <= best.slots * 1.01 + 1;
  return isFilled && best.steadyShare >= 0.99 ? best.grid : undefined;
}

/** How well frames stand on a grid from the first one on; offsets in parts of its step. */
function placement(
  frameTicks: readonly bigint[],
  step: Step,
): { readonly meanOffset: number; readonly steadyShare: number; readonly slots: number } {
  const [first = 0n] = frameTicks;
  const stepTicks = Number(step.num) / Number(step.den);
  let offsets = 0;
  let steady = 0;
  for (const ticks of frameTicks) {
    const place = Number(ticks - first) / stepTicks;
    const offset = Math.abs(place - Math.round(place));
    offsets += offset;
    if (offset <= 0.4) steady += 1;
  }
  const slots = Math.round(Number((frameTicks.at(-1) ?? first) - first) / stepTicks) + 1;
  return { meanOffset: offsets / frameTicks.length, steadyShare: steady / frameTicks.length, slots };
}

/** The number of the source frame shown at `ticks`, counted by time from `first`. */
export function slotOf(ticks: bigint, first: bigint, rate: Rational, timeBase: Rational): number {
  const step = ticksPer(rate, timeBase);
  return Number(floorDivide((ticks - first) * step.den * 2n + step.num, 2n * step.num));
}

/** Where the frames of one cycle go: `places` are their numbers in it, rising, 0 to 4; `unlike` says how much each differs
 *  from the frame before it. Of more than four the least different are left out.
 *  Returns which of them is kept and its place among the cycle's four film frames. */
export function filmCycle(
  places: readonly number[],
  unlike: readonly number[],
): readonly { readonly index: number; readonly place: number }[] {
  const byDifference = places.map((_, index) => index).toSorted((a, b) => (unlike[a] ?? 0) - (unlike[b] ?? 0));
  const dropped = new Set(byDifference.slice(0, Math.max(0, places.length - 4)));
  const kept = places.map((place, index) => ({ index, place })).filter(({ index }) => !dropped.has(index));
  let next = 0;
  return kept.map(({ index, place }, position) => {
    // Later ones must find room as well.
    next = Math.min(Math.max(next, Math.floor(place * 0.8)), 4 - (kept.length - position));
    next += 1;
    return { index, place: next - 1 };
  });
}

/** Film frames come in steps of `filmRate` from `first` on. */
export function filmTicks(index: number, first: bigint, filmRate: Rational, timeBase: Rational): bigint {
  return first + gridTicks(index, ticksPer(filmRate, timeBase));
}

function restored(source: SourceTimes, rule: TimeRule, timeBase: Rational, grid: FilmGrid | undefined): readonly bigint[] {
  const times = equalRationals(timeBase, source.timeBase)
    ? source.frameTicks
    : source.frameTicks.map((ticks) => rescaleTicks(ticks, source.timeBase, timeBase));
  const [first] = times;
  if (first === undefined) return times;
  if (grid !== undefined) {
    const slots = times.map((ticks) => slotOf(ticks, first, grid.sourceRate, timeBase));
    return [...Map.groupBy(slots, (slot) => Math.floor(slot / 5))].flatMap(([cycle, held]) =>
      filmCycle(
        held.map((slot) => slot % 5),
        [],
      ).map(({ place }) => filmTicks(cycle * 4 + place, first, grid.filmRate, timeBase)),
    );
  }
  if (rule.scan === "keep") return times;
  const end = rescaleTicks(endOf(source), source.timeBase, timeBase);
  return times.flatMap((ticks, index) => [ticks, middle(ticks, times[index + 1] ?? end)]);
}

/** The time of a frame's second field. */
export function middle(ticks: bigint, nextTicks: bigint): bigint {
  return ticks + (nextTicks - ticks) / 2n;
}

/** The steady grid of a rate, from the first frame on. */
export type RateGrid = { readonly firstTicks: bigint; readonly rate: Rational; readonly frames: number };

/** The grid's times with `fromTicks <= t < untilTicks`, in the time base of its first one. */
export function* gridWithin(
  { firstTicks, rate, frames }: RateGrid,
  timeBase: Rational,
  range: { readonly fromTicks: bigint; readonly untilTicks: bigint },
): Generator<bigint> {
  const step = ticksPer(rate, timeBase);
  const guess = Number(((range.fromTicks - firstTicks) * step.den) / step.num) - 1;
  for (let index = Math.max(0, guess); index < frames; index += 1) {
    const ticks = firstTicks + gridTicks(index, step);
    if (ticks >= range.untilTicks) return;
    if (ticks >= range.fromTicks) yield ticks;
  }
}

/** The grid's time for a frame that stands beside it by no more than its file's clock rounds; any other keeps its own. */
export function snapToGrid(ticks: bigint, { firstTicks, rate }: RateGrid, timeBase: Rational, sourceTimeBase: Rational): bigint {
  const step = ticksPer(rate, timeBase);
  const nearest = firstTicks + gridTicks(slotOf(ticks, firstTicks, rate, timeBase), step);
  const off = nearest > ticks ? nearest - ticks : ticks - nearest;
  const isRounding = off <= rescaleTicks(1n, sourceTimeBase, timeBase) && off * 20n * step.den <= step.num;
  return isRounding ? nearest : ticks;
}

/** Where the last frame ends; by the gap before it where its duration is not known. */
function endOf({ frameTicks, endTicks }: SourceTimes): bigint {
  const last = frameTicks.at(-1) ?? 0n;
  return endTicks > last ? endTicks : last + (last - (frameTicks.at(-2) ?? last - 1n));
}

/** The coarsest clock in which source, fields, film and grid are all exact; exact for the grid alone where that would be
 *  finer than encoders take. */
function commonTimeBase(source: Rational, { scan, rate }: TimeRule, filmRate: Rational | undefined): Rational {
  if (scan === "keep" && rate === undefined) return source;
  const rates = [filmRate, rate].filter((value) => value !== undefined);
  let perSecond = BigInt(source.den) * (scan === "fields" ? 2n : 1n);
  for (const { num } of rates) perSecond = leastCommonMultiple(perSecond, BigInt(num));
  if (perSecond <= maxTicksPerSecond) return { num: 1, den: Number(perSecond) };
  const exact = rates.reduce((product, { num }) => leastCommonMultiple(product, BigInt(num)), 1n);
  const finer = maxTicksPerSecond / exact;
  return { num: 1, den: Number(exact * (finer > 0n ? finer : 1n)) };
}

type Step = { readonly num: bigint; readonly den: bigint };

/** Ticks from one frame to the next, as a fraction. */
function ticksPer(rate: Rational, timeBase: Rational): Step {
  return { num: BigInt(rate.den) * BigInt(timeBase.den), den: BigInt(rate.num) * BigInt(timeBase.num) };
}

function gridTicks(index: number, { num, den }: Step): bigint {
  return (BigInt(index) * num * 2n + den) / (2n * den);
}

function floorDivide(a: bigint, b: bigint): bigint {
  return a >= 0n ? a / b : -((-a + b - 1n) / b);
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
