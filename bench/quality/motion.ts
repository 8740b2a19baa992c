import type { Plane } from "../../src/media/frame.ts";

/** How a block of the later picture lies in the earlier one, in whole pixels. */
export type BlockMotion = { readonly x: number; readonly y: number; readonly right: number; readonly down: number };

export const blockSide = 16;
const reduction = 4;
const coarseReach = 6; // ±24 pixels
const fineReach = 3;
const standingBonus = 1.02; // another place must be better by this much than staying
/** Blocks that the earlier picture explains worse than this, in code values a sample, show something new. */
const largestMismatch = 6;

/** Motion of the blocks that the earlier picture explains well; others are left out. Both planes are 8-bit luma of one size. */
export function findMotion(later: Plane, earlier: Plane): readonly BlockMotion[] {
  const small = { later: reduce(later), earlier: reduce(earlier) };
  const result: BlockMotion[] = [];
  for (let y = 0; y + blockSide <= later.height; y += blockSide) {
    for (let x = 0; x + blockSide <= later.width; x += blockSide) {
      const place = { x: x / reduction, y: y / reduction };
      const coarse = search(small.later, small.earlier, {
        ...place,
        side: blockSide / reduction,
        step: 1,
        around: [0, 0],
        reach: coarseReach,
      });
      const around = [coarse.right * reduction, coarse.down * reduction] as const;
      const fine = search(later, earlier, { x, y, side: blockSide, step: 2, around, reach: fineReach });
      const standing = mismatch(later, earlier, { x, y, right: 0, down: 0, side: blockSide, step: 2 });
      const best = standing <= fine.mismatch * standingBonus ? { right: 0, down: 0, mismatch: standing } : fine;
      if (best.mismatch <= largestMismatch) result.push({ x, y, right: best.right, down: best.down });
    }
  }
  return result;
}

type Search = {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly step: number;
  readonly around: readonly [number, number];
  readonly reach: number;
};
type Match = { readonly right: number; readonly down: number; readonly mismatch: number };

function search(later: Plane, earlier: Plane, { x, y, side, step, around, reach }: Search): Match {
  let best: Match = { right: 0, down: 0, mismatch: Infinity };
  for (let down = around[1] - reach; down <= around[1] + reach; down += 1) {
    if (y + down < 0 || y + down + side > earlier.height) continue;
    for (let right = around[0] - reach; right <= around[0] + reach; right += 1) {
      if (x + right < 0 || x + right + side > earlier.width) continue;
      const found = mismatch(later, earlier, { x, y, right, down, side, step });
      if (found < best.mismatch) best = { right, down, mismatch: found };
    }
  }
  return best;
}

type Comparison = BlockMotion & { readonly side: number; readonly step: number };

/** Mean absolute difference over every `step`-th sample of every `step`-th row. */
function mismatch(later: Plane, earlier: Plane, { x, y, right, down, side, step }: Comparison): number {
  let sum = 0;
  for (let row = 0; row < side; row += step) {
    const at = (y + row) * later.strideBytes + x;
    const from = (y + row + down) * earlier.strideBytes + x + right;
    for (let column = 0; column < side; column += step) {
      sum += Math.abs((later.data[at + column] ?? 0) - (earlier.data[from + column] ?? 0));
    }
  }
  return sum / (side / step) ** 2;
}

/** Means of 4x4 samples. */
function reduce({ data, strideBytes, width, height }: Plane): Plane {
  const small = { width: Math.floor(width / reduction), height: Math.floor(height / reduction) };
  const result = Buffer.alloc(small.width * small.height);
  for (let y = 0; y < small.height; y += 1) {
    for (let x = 0; x < small.width; x += 1) {
      let sum = 0;
      for (let row = 0; row < reduction; row += 1) {
        const at = (y * reduction + row) * strideBytes + x * reduction;
        for (let column = 0; column < reduction; column += 1) sum += data[at + column] ?? 0;
      }
      result[y * small.width + x] = Math.round(sum / reduction ** 2);
    }
  }
  return { data: result, strideBytes: small.width, ...small };
}
