import type { Fading, Tones } from "./diagnosis/diagnosis.ts";
import type { ContrastPoint } from "./stage-plan.ts";

/** Places on each side whose tones count as well: a dark scene alone does not make its film dark. */
const reach = 2;
const mostTint = 12;

/** The correction of faded film, for the places at which it was sampled. Slow by construction: blacks and whites are the
 *  extremes over neighbouring places, and the tint is one for the whole film.  Shape: rising times; empty when not faded. */
export function contrastCurve(
  fading: Fading,
  range: { readonly black: number; readonly white: number },
): readonly ContrastPoint[] {
  if (!fading.isFaded) return [];
  const { places } = fading;
  const cb = tint(places.map((place) => place.cb));
  const cr = tint(places.map((place) => place.cr));
  return places.map(({ ticks }, index) => {
    const around = places.slice(Math.max(0, index - reach), index + reach + 1);
    const black = Math.max(range.black, Math.min(...around.map((place) => place.black)));
    const white = Math.min(range.white, Math.max(...around.map((place) => place.white)));
    return { ticks, black: Math.round(black), white: Math.round(white), gamma: 1, cb, cr };
  });
}

/** What undoes a colour cast that all places share. */
function tint(means: readonly number[]): number {
  const sorted = means.toSorted((a, b) => a - b);
  const offset = 128 - (sorted[Math.floor(sorted.length / 2)] ?? 128);
  const isShared = means.every((mean) => Math.abs(mean - 128) < 1 || Math.sign(128 - mean) === Math.sign(offset));
  return isShared ? Math.round(Math.max(-mostTint, Math.min(mostTint, offset))) : 0;
}

/** For the plan: how far apart the tones lie now. */
export function describeTones(places: readonly Tones[]): string {
  const black = Math.min(...places.map((place) => place.black));
  const white = Math.max(...places.map((place) => place.white));
  return `tones reach from ${black.toFixed(0)} to ${white.toFixed(0)} only`;
}
