import { type FilmLine, lineBands } from "../../kernels/film-lines.ts";
import type { MotionField } from "../../kernels/motion.ts";

/** What a frame adds to the question of which lines are scratches. */
export type LineSight = {
  readonly lines: readonly FilmLine[];
  /** Pixels to the right that the picture went since the frame before, for equal parts of its width; 0 where not known. */
  readonly drift: readonly number[];
};

/** Frames on each side that are asked. */
export const scratchReach = 6;
/** Fewest sixteenths of the height in which a line shows to count at all. */
export const fewestBands = 6;
const zones = 8;
/** Share of the width at each side where lines are the picture's own edge. */
const edgeShare = 0.04;
/** Mean difference of a block, in 8-bit code values, above which its motion is not believed. */
const lostDifference = 14;

/** How far the picture went from one frame to the next, part by part. */
export function driftOf(toPrevious: MotionField): readonly number[] {
  return Array.from({ length: zones }, (_, zone) => {
    const from = Math.floor((zone * toPrevious.columns) / zones);
    const until = Math.max(from + 1, Math.floor(((zone + 1) * toPrevious.columns) / zones));
    const steps: number[] = [];
    for (let row = 0; row < toPrevious.rows; row += 1) {
      for (let column = from; column < until; column += 1) {
        const block = row * toPrevious.columns + column;
        if ((toPrevious.cost[block] ?? 0) < lostDifference * 256) steps.push(-(toPrevious.dx[block] ?? 0) / 4);
      }
    }
    steps.sort((a, b) => a - b);
    return steps[steps.length >> 1] ?? 0;
  });
}

/** The lines of the frame at `centre` that are scratches: there in most frames around, and not tied to what is pictured.
 *  A scratch stays while the picture goes past, or wanders while it stands still; a lamp post does neither. */
export function findScratches(sights: readonly LineSight[], centre: number, width: number): readonly FilmLine[] {
  return (sights[centre]?.lines ?? []).filter((line) => isScratch(line, sights, centre, width));
}

function isScratch(line: FilmLine, sights: readonly LineSight[], centre: number, width: number): boolean {
  const shown = countBits(line.bands) / lineBands;
  if (shown < 0.5) return false;
  if (line.x < width * edgeShare || line.x > width * (1 - edgeShare)) return false;
  const track: { readonly at: number; readonly x: number }[] = [{ at: centre, x: line.x }];
  for (const step of [-1, 1]) {
    let last = line.x;
    let missed = 0;
    for (let at = centre + step; at >= 0 && at < sights.length; at += step) {
      const reach = 3 + 1.5 * missed;
      const same = sights[at]?.lines
        .filter(({ x, sign }) => sign === line.sign && Math.abs(x - last) <= reach)
        .toSorted((a, b) => Math.abs(a.x - last) - Math.abs(b.x - last))[0];
      missed += 1;
      if (same === undefined) continue;
      track.push({ at, x: same.x });
      last = same.x;
      missed = 0;
    }
  }
  if (sights.length < 5 || track.length < Math.max(4, sights.length * 0.6)) return false;
  const picture = pictureTrack(sights, centre, Math.min(zones - 1, Math.max(0, Math.floor((line.x / width) * zones))));
  const places = track.map(({ at, x }) => ({ line: x - line.x, picture: picture[at] ?? 0 }));
  const pictureRange = range(places.map((place) => place.picture));
  if (pictureRange >= 3) return range(places.map((place) => place.line)) <= 0.4 * pictureRange;
  return shown >= 0.75 && deviation(places.map((place) => place.line - place.picture)) >= 0.7;
}

/** Where the picture's content of the centre frame stands in each frame, against its place there. */
function pictureTrack(sights: readonly LineSight[], centre: number, zone: number): readonly number[] {
  const places = sights.map(() => 0);
  for (let at = centre + 1; at < sights.length; at += 1) places[at] = (places[at - 1] ?? 0) + (sights[at]?.drift[zone] ?? 0);
  for (let at = centre - 1; at >= 0; at -= 1) places[at] = (places[at + 1] ?? 0) - (sights[at + 1]?.drift[zone] ?? 0);
  return places;
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

function range(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
