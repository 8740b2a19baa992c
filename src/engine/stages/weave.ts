import type { GlobalMotion } from "./global-motion.ts";

export type Shift = { readonly x: number; readonly y: number };

/** Frames on each side that are asked. */
export const weaveReach = 8;
/** Deviation of the weights of frames around, in frames. */
const spreadFrames = 4;
/** Fewest blocks that must go the same way for the motion to be the whole picture's. */
const fewestShare = 0.3;
/** Deviation in pixels below which nothing weaves: resampling would cost more than it gives. */
const stillPixels = 0.2;
/** Deviation from the steady way, as shares of the width: from the first on it may be a shaken camera, beyond the second
 *  it is one. */
const shaken = { from: 0.008, until: 0.016 };

/** How far the frame at `centre` must move to stand where the frames around say that it should. `steps[i]` is how the
 *  content of frame i + 1 lies in frame i; undefined ends what belongs together. A steady pan stays as it is. */
export function weaveCorrection(steps: readonly (GlobalMotion | undefined)[], centre: number, width: number): Shift {
  const path: { readonly at: number; readonly x: number; readonly y: number }[] = [{ at: 0, x: 0, y: 0 }];
  for (const direction of [1, -1]) {
    let [x, y] = [0, 0];
    for (let distance = 1; distance <= weaveReach; distance += 1) {
      // The step between this frame and the one nearer to the centre.
      const step = steps[direction > 0 ? centre + distance - 1 : centre - distance];
      if (step === undefined || step.share < fewestShare) break;
      x -= direction * step.x;
      y -= direction * step.y;
      path.push({ at: direction * distance, x, y });
    }
  }
  if (path.length < 5) return { x: 0, y: 0 };
  const across = steadyWay(path.map(({ at, x }) => ({ at, value: x })));
  const down = steadyWay(path.map(({ at, y }) => ({ at, value: y })));
  const deviation = Math.hypot(across.deviation, down.deviation) / width;
  const trust = Math.min(1, Math.max(0, (shaken.until - deviation) / (shaken.until - shaken.from)));
  if (Math.hypot(across.deviation, down.deviation) < stillPixels) return { x: 0, y: 0 };
  return { x: across.atCentre * trust, y: down.atCentre * trust };
}

type Place = { readonly at: number; readonly value: number };

/** The weighted line through the places: its value at the centre, and how far the places lie from it. */
function steadyWay(places: readonly Place[]): { readonly atCentre: number; readonly deviation: number } {
  const weights = places.map(({ at }) => Math.exp(-(at * at) / (2 * spreadFrames * spreadFrames)));
  const sum = (of: (place: Place) => number): number =>
    places.reduce((total, place, index) => total + (weights[index] ?? 0) * of(place), 0);
  const total = sum(() => 1);
  const [meanAt, meanValue] = [sum(({ at }) => at) / total, sum(({ value }) => value) / total];
  const slope = sum(({ at, value }) => (at - meanAt) * (value - meanValue)) / sum(({ at }) => (at - meanAt) ** 2);
  const atCentre = meanValue - slope * meanAt;
  const deviation = Math.sqrt(sum(({ at, value }) => (value - atCentre - slope * at) ** 2) / total);
  return { atCentre, deviation };
}
