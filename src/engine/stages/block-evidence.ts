/** From this share of what is dropped on, for a threshold of 1, there are a codec's blocks: the more is dropped, the surer that
 *  must be. For thresholds of 5.5 and 10 this is 0.024 and 0.08; clean video of 854×480 shows up to 0.018 by chance, mostly
 *  less than 0.007, and MPEG-2 and MPEG-4 0.2 and more, but for slow pans. */
const sureShare = 0.0008;
/** With fewer samples, chance weighs more. */
const manySamples = 854 * 480;
/** Fewer say nothing. */
const fewestPlaces = 16;

/** How sure it is that a codec coded a picture in blocks, 0 to 1. Blocks that lie as the codec's have lost their small
 *  coefficients already, blocks that lie across them have not; to texture all places are alike.
 *  Shape: mean squares of what was dropped in blocks at each place of 8×8, 0 where none lie.
 *  Units: threshold in 8-bit code values; samples of the picture. Pure. */
export function blockEvidence(dropped: Float64Array, threshold: number, samples: number): number {
  const sorted = dropped.filter((value) => value > 0).toSorted();
  if (sorted.length < fewestPlaces) return dropped.some((value) => value > 0) ? 1 : 0;
  const middle = sorted.length >> 1;
  const median = ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  // What the least lies below the middle, by more than the most lies above it: chance goes both ways.
  const gap = (2 * median - (sorted[0] ?? 0) - (sorted.at(-1) ?? 0)) / median;
  const sure = sureShare * threshold ** 2 * Math.sqrt(Math.max(1, manySamples / samples));
  return Math.min(1, Math.max(0, gap / sure));
}
