import type { Picture } from "./picture.ts";

/** Samples on each side of an edge that are looked at: 4 beside it, and 4 that tell the level beyond. */
const reach = 8;
const levelFrom = 4;
/** Code values between the levels on both sides. */
const leastHeight = 20;
/** Share of the height that a sharp edge covers from one sample to the next: soft ones hide what sharpening did. */
const leastSlope = 0.5;
/** How far a level may vary, in code values and as a share of the height: beyond are texture and lines. */
const mostVariation = { values: 2, share: 0.1 } as const;

/** Rows or columns: `step` leads from sample to sample across the edges, `line` to the next of them along the edges. */
type Way = { readonly step: number; readonly line: number; readonly length: number; readonly lines: number };

/** How far the picture shoots over the level that follows, for each side of its sharp edges. Cameras and editors that sharpen
 *  leave such halos; a lens or a resize by area does not. Units: share of the edge's height, below 0 where it ends softly. */
export function measureHalos(picture: Picture): readonly number[] {
  const { width, height } = picture;
  return [
    ...overshoots(picture, { step: 1, line: width, length: width, lines: height }),
    ...overshoots(picture, { step: width, line: 1, length: height, lines: width }),
  ];
}

function overshoots({ data }: Picture, way: Way): readonly number[] {
  const { step, line, length, lines } = way;
  const found: number[] = [];
  const profile = new Float64Array(2 * reach);
  for (let along = 1; along < lines - 1; along += 2) {
    for (let position = reach + 1; position < length - reach - 2; position += 1) {
      const at = along * line + position * step;
      const slope = (data[at + step] ?? 0) - (data[at] ?? 0);
      if (Math.abs(slope) < leastHeight / 4 || !isSteepest(data, at, step)) continue;
      if (!readProfile(data, { at, position, slope }, way, profile)) continue;
      const sides = readSides(profile, Math.sign(slope));
      if (sides === undefined) continue;
      found.push(...sides);
      position += 3;
    }
  }
  return found;
}

/** Whether no step within 3 samples is higher; of equal ones the first counts. */
function isSteepest(data: Float32Array, at: number, step: number): boolean {
  const height = (shift: number): number => Math.abs((data[at + (shift + 1) * step] ?? 0) - (data[at + shift * step] ?? 0));
  const own = height(0);
  for (let shift = -3; shift <= 3; shift += 1) {
    if (shift !== 0 && (height(shift) > own || (shift < 0 && height(shift) === own))) return false;
  }
  return true;
}

type Edge = { readonly at: number; readonly position: number; readonly slope: number };

/** The mean across the edge of three lines, each laid on its own steepest place; false where the edge does not go on. */
function readProfile(data: Float32Array, { at, position, slope }: Edge, way: Way, profile: Float64Array): boolean {
  const { step, line, length } = way;
  profile.fill(0);
  for (const side of [0, 1, -1]) {
    let shift = 0;
    let steepest = -Infinity;
    for (let tried = side === 0 ? 0 : -1; tried <= Math.abs(side); tried += 1) {
      const from = at + side * line + tried * step;
      const rise = ((data[from + step] ?? 0) - (data[from] ?? 0)) * Math.sign(slope);
      if (rise > steepest) [steepest, shift] = [rise, tried];
    }
    const place = position + shift;
    if (steepest < Math.abs(slope) / 2 || place < reach || place > length - reach - 2) return false;
    const first = at + side * line + (shift - reach + 1) * step;
    for (let index = 0; index < 2 * reach; index += 1) {
      profile[index] = (profile[index] ?? 0) + (data[first + index * step] ?? 0) / 3;
    }
  }
  return true;
}

/** The overshoots on those sides that end in a level; undefined where the edge is low. */
function readSides(profile: Float64Array, sign: number): readonly number[] | undefined {
  const [before, after] = [level(profile, reach - 1, -1), level(profile, reach, 1)];
  const height = (after.mean - before.mean) * sign;
  if (height < leastHeight) return undefined;
  const slope = (((profile[reach] ?? 0) - (profile[reach - 1] ?? 0)) * sign) / height;
  if (slope <= leastSlope) return [];
  const most = Math.max(mostVariation.values, mostVariation.share * height);
  return [before, after]
    .filter(({ variation }) => variation <= most)
    .map(({ mean, peak, away }) => (peak(sign * away) - mean * sign * away) / height);
}

/** What lies beyond one side of an edge, `from` its last sample on, and the highest of the three samples before that. */
function level(profile: Float64Array, from: number, away: 1 | -1) {
  const read = (distance: number): number => profile[from + away * distance] ?? 0;
  const beyond = [0, 1, 2, 3].map((index) => read(levelFrom + index));
  return {
    away,
    mean: beyond.reduce((sum, value) => sum + value, 0) / beyond.length,
    variation: Math.max(...beyond) - Math.min(...beyond),
    peak: (sign: number): number => Math.max(read(0) * sign, read(1) * sign, read(2) * sign),
  };
}
