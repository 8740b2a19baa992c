import { median } from "./statistics.ts";
import type { WindowChanges } from "./motion.ts";

const stretchFrames = 8;

/** Standard deviation of the brightness around its slow change, over stretches without a cut; their median.
 *  What moves through the picture changes its mean as well, so the part that most of the picture shares bounds it. */
export function measureFlicker(windows: readonly WindowChanges[]): number {
  const stretches: number[] = [];
  for (const { changes, cuts } of windows) {
    for (const run of runsWithoutCuts(changes, cuts)) {
      for (let start = 0; start + stretchFrames - 1 <= run.length; start += stretchFrames - 1) {
        const part = run.slice(start, start + stretchFrames - 1);
        const whole = deviation(part.map(({ brightness }) => brightness));
        const shared = deviation(part.map(({ shared: value }) => value));
        stretches.push(Math.min(whole, shared * 1.25));
      }
    }
  }
  return median(stretches);
}

function runsWithoutCuts<Item>(items: readonly Item[], cuts: readonly boolean[]): readonly (readonly Item[])[] {
  const runs: Item[][] = [[]];
  for (const [index, item] of items.entries()) {
    if (cuts[index] === true) runs.push([]);
    else runs.at(-1)?.push(item);
  }
  return runs;
}

/** Deviation of the running sum of `steps` from the parabola that fits it best. */
function deviation(steps: readonly number[]): number {
  let level = 0;
  const values = [0, ...steps.map((step) => (level += step))];
  const count = values.length;
  const middle = (count - 1) / 2;
  // Polynomials orthogonal over evenly spaced points: constant, line, parabola.
  const square = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0) / count;
  const shapes = [() => 1, (index: number) => index - middle, (index: number) => (index - middle) ** 2 - square];
  let rest = values;
  for (const shape of shapes) {
    const weight = rest.reduce((sum, value, index) => sum + value * shape(index), 0);
    const norm = rest.reduce((sum, _, index) => sum + shape(index) ** 2, 0);
    rest = rest.map((value, index) => value - (weight / norm) * shape(index));
  }
  return Math.sqrt(rest.reduce((sum, value) => sum + value * value, 0) / (count - shapes.length));
}
