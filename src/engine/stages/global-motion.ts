import type { MotionField } from "../../kernels/motion.ts";

/** How the picture as a whole moved; pixels. `share` of the blocks go that way. */
export type GlobalMotion = { readonly x: number; readonly y: number; readonly share: number };

const windowPixels = 16 * 16;
/** Mean difference of a block from its match, in 8-bit code values, above which it was not found. */
const lostDifference = 16;
const binPixels = 1;
const inlierPixels = 1;

/** The motion that most blocks share, as the mean of those near the fullest place; undefined where most blocks are
 *  something else, as behind a cut. */
export function globalMotion({ dx, dy, cost }: MotionField): GlobalMotion | undefined {
  const kept: { readonly x: number; readonly y: number }[] = [];
  const bins = new Map<number, { count: number; x: number; y: number }>();
  for (const [block, sum] of cost.entries()) {
    if (sum > lostDifference * windowPixels) continue;
    const [x, y] = [(dx[block] ?? 0) / 4, (dy[block] ?? 0) / 4];
    kept.push({ x, y });
    const key = Math.round(x / binPixels) * 65_536 + Math.round(y / binPixels);
    const bin = bins.get(key) ?? { count: 0, x: 0, y: 0 };
    bin.count += 1;
    bin.x += x;
    bin.y += y;
    bins.set(key, bin);
  }
  if (kept.length < cost.length / 2) return undefined;
  const fullest = [...bins.values()].reduce((best, bin) => (bin.count > best.count ? bin : best), { count: 0, x: 0, y: 0 });
  let [x, y] = [fullest.x / fullest.count, fullest.y / fullest.count];
  let inliers = 0;
  for (let round = 0; round < 3; round += 1) {
    let [sumX, sumY] = [0, 0];
    inliers = 0;
    for (const place of kept) {
      if (Math.abs(place.x - x) > inlierPixels || Math.abs(place.y - y) > inlierPixels) continue;
      sumX += place.x;
      sumY += place.y;
      inliers += 1;
    }
    if (inliers === 0) return undefined;
    [x, y] = [sumX / inliers, sumY / inliers];
  }
  return { x, y, share: inliers / cost.length };
}
