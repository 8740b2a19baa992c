import type { VideoFrame } from "../../media/frame.ts";

/** Luma on a fixed grid, in 8-bit code values. */
export type TonePoints = Float32Array;

/** How tones of one picture come back in another: `gain * tone + offset`, in 8-bit code values. */
export type ToneMap = { readonly gain: number; readonly offset: number };

const columns = 80;
const rows = 45;
const identity: ToneMap = { gain: 1, offset: 0 };

export function samplePoints(frame: VideoFrame, bitDepth: number): TonePoints {
  const plane = frame.plane(0);
  const unit = 2 ** (bitDepth - 8);
  const points = new Float32Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    const y = Math.floor(((row + 0.5) * plane.height) / rows) * plane.strideBytes;
    for (let column = 0; column < columns; column += 1) {
      const x = Math.floor(((column + 0.5) * plane.width) / columns);
      const value = bitDepth > 8 ? plane.data.readUInt16LE(y + x * 2) / unit : (plane.data[y + x] ?? 0);
      points[row * columns + column] = value;
    }
  }
  return points;
}

/** How the tones of `from` come back in `to`, where both show the same scene: told from points that stay where they are,
 *  or, when too much moves, from the shares of tones. Undefined across a cut. */
export function mapTones(from: TonePoints, to: TonePoints): ToneMap | undefined {
  const pairs = Array.from(from, (tone, index) => ({ tone, other: to[index] ?? 0 })).toSorted((a, b) => a.tone - b.tone);
  const still = fitHalves(pairs);
  if (medianError(pairs, still) <= 5) return still;
  const sorted = to.toSorted();
  const ranked = pairs.map(({ tone }, index) => ({ tone, other: sorted[index] ?? 0 }));
  const ranks = fitHalves(ranked);
  return medianError(ranked, ranks) <= 1.5 && medianError(pairs, ranks) <= 20 ? ranks : undefined;
}

type Pair = { readonly tone: number; readonly other: number };

/** A line through the middles of the darker and the brighter half: moving things do not bend it. Halves are told by both
 *  pictures' tones together, since those that are extreme in one only are so by chance. */
function fitHalves(pairs: readonly Pair[]): ToneMap {
  const ordered = pairs.toSorted((a, b) => a.tone + a.other - b.tone - b.other);
  const half = Math.floor(ordered.length / 2);
  const [dark, bright] = [middle(ordered.slice(0, half)), middle(ordered.slice(half))];
  const spread = bright.level - dark.level;
  if (spread < 8) return { gain: 1, offset: middle(ordered).change };
  const slope = Math.min(0.66, Math.max(-0.66, (bright.change - dark.change) / spread));
  const rise = dark.change - slope * dark.level; // change = rise + slope * level
  return { gain: (1 + slope / 2) / (1 - slope / 2), offset: rise / (1 - slope / 2) };
}

/** Mean of both tones, and their difference. */
function middle(pairs: readonly Pair[]): { level: number; change: number } {
  return {
    level: trimmedMean(pairs.map(({ tone, other }) => (tone + other) / 2)),
    change: trimmedMean(pairs.map(({ tone, other }) => other - tone)),
  };
}

function medianError(pairs: readonly Pair[], map: ToneMap): number {
  return median(pairs.map(({ tone, other }) => Math.abs(map.gain * tone + map.offset - other)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Mean of the middle half: as steady as a median, finer than whole code values. */
function trimmedMean(values: readonly number[]): number {
  const kept = values.toSorted((a, b) => a - b).slice(Math.floor(values.length / 4), Math.ceil((values.length * 3) / 4));
  return kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length);
}

/** `second` after `first`. */
function compose(first: ToneMap, second: ToneMap): ToneMap {
  return { gain: first.gain * second.gain, offset: second.gain * first.offset + second.offset };
}

function invert({ gain, offset }: ToneMap): ToneMap {
  return { gain: 1 / gain, offset: -offset / gain };
}

/** Maps from the centre to every frame around it in the same shot.
 *  Shape: `steps[i]` leads from frame i to frame i + 1; undefined is a cut. */
export function mapsAround(steps: readonly (ToneMap | undefined)[], centre: number): { at: number; map: ToneMap }[] {
  const found = [{ at: 0, map: identity }];
  let map: ToneMap | undefined = identity;
  for (let i = centre; map !== undefined && i < steps.length; i += 1) {
    const step: ToneMap | undefined = steps[i];
    map = step === undefined ? undefined : compose(map, step);
    if (map !== undefined) found.push({ at: i + 1 - centre, map });
  }
  map = identity;
  for (let i = centre - 1; map !== undefined && i >= 0; i -= 1) {
    const step: ToneMap | undefined = steps[i];
    map = step === undefined ? undefined : compose(map, invert(step));
    if (map !== undefined) found.push({ at: i - centre, map });
  }
  return found.toSorted((a, b) => a.at - b.at);
}

/** The map to the brightness that the frames around agree on; a steady rise or fall through them, as in a fade, stays. */
export function steadyMap(around: readonly { at: number; map: ToneMap }[], tone: { dark: number; bright: number }): ToneMap {
  const level = (value: number): number => {
    const samples = around.map(({ at, map }) => ({ at, value: map.gain * value + map.offset }));
    return Math.min(255, Math.max(0, lineAtCentre(samples)));
  };
  const [dark, bright] = [level(tone.dark), level(tone.bright)];
  const gain = tone.bright - tone.dark < 4 ? 1 : (bright - dark) / (tone.bright - tone.dark);
  return { gain, offset: dark - gain * tone.dark };
}

type Sample = { readonly at: number; readonly value: number };

/** Value at 0 of a line through the samples: through all of them, or, where they bend as at the beginning of a fade, through
 *  those of the side that lies on a line. */
function lineAtCentre(samples: readonly Sample[]): number {
  const all = fitLine(samples);
  const sides = [samples.filter(({ at }) => at <= 0), samples.filter(({ at }) => at >= 0)].map(fitLine);
  const [left = all, right = all] = sides;
  const straightest = Math.min(left.scatter, right.scatter) + 0.02;
  const bend = Math.max(1, (all.scatter + 0.02) / straightest);
  const share = 1 / (1 + ((bend - 1) / 2.5) ** 4); // of the line through all
  const weights = [left, right].map(({ scatter, count }) => (count < 4 ? 0 : (straightest / (scatter + 0.02)) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return all.value;
  const oneSided = sides.reduce((sum, side, index) => sum + (side.value * (weights[index] ?? 0)) / total, 0);
  return share * all.value + (1 - share) * oneSided;
}

type Line = { readonly value: number; readonly scatter: number; readonly count: number };

/** The weighted line through the samples at 0; its slope counts only where it stands out from the scatter. */
function fitLine(samples: readonly Sample[]): Line {
  const weighted = samples.map(({ at, value }) => ({ at, value, weight: Math.exp(-(at * at) / (2 * 6.5 * 6.5)) }));
  const sum = (of: (sample: Sample) => number): number =>
    weighted.reduce((total, sample) => total + sample.weight * of(sample), 0);
  const total = sum(() => 1);
  const [meanAt, meanValue] = [sum(({ at }) => at) / total, sum(({ value }) => value) / total];
  const spread = sum(({ at }) => (at - meanAt) ** 2);
  const count = samples.length;
  if (count < 4) return { value: meanValue, scatter: Infinity, count };
  const slope = sum(({ at, value }) => (at - meanAt) * (value - meanValue)) / spread;
  const scatter = (sum(({ at, value }) => (value - meanValue - slope * (at - meanAt)) ** 2) / total) * (count / (count - 2));
  const doubt = scatter / spread / Math.max(1e-9, slope * slope); // squared error of the slope against its square
  const trust = 1 / (1 + (4 * doubt) ** 2);
  return { value: meanValue - slope * trust * meanAt, scatter, count };
}
