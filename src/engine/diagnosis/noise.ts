import type { Picture } from "./picture.ts";
import { quantile } from "./statistics.ts";

export type NoiseMeasure = {
  readonly sigma: number;
  /** From the differences of two frames, where the picture is flat. */
  readonly temporal: number;
  /** From the second differences within a frame, in the same places. */
  readonly spatial: number;
  /** Correlation of the noise of neighbouring pixels. */
  readonly correlation: number;
  /** Share of the flat places in which the second frame repeats the first one's samples. */
  readonly skipped: number;
};

const side = 16;
const part = 4;
const values = 6;
const structureAt = 0;
const meanAt = 1;
const temporalAt = 2;
const spatialAt = 3;
const correlationAt = 4;
const zerosAt = 5;
/** Range of the means within a block from which even the flattest ones are no flat places. */
const leastTexture = 8;
const fewestBlocks = 120;

/** Noise of two neighbouring frames, measured in the flattest quarter of their blocks: what moves there hardly shows.
 *  `isMoving`: the whole picture moves, so that only what is rough within one frame is sure to be noise.
 *  Undefined for pictures of fewer than 120 blocks, of which hardly any is flat. */
export function measureNoise(a: Picture, b: Picture, isMoving: boolean): NoiseMeasure | undefined {
  const columns = Math.floor(a.width / side);
  const rows = Math.floor(a.height / side);
  if (columns * rows < fewestBlocks) return undefined;
  const blocks = new Float32Array(columns * rows * values);
  const all: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = (row & 1) % columns; column < columns; column += 2) {
      const at = (row * columns + column) * values;
      measureBlock([a, b], row * side * a.width + column * side, blocks.subarray(at, at + values));
      all.push(at);
    }
  }
  const value = (block: number, at: number): number => blocks[block + at] ?? 0;
  const inRange = all.filter((block) => value(block, meanAt) > 20 && value(block, meanAt) < 230);
  const usable = inRange.length >= 8 ? inRange : all;
  const flat = usable.toSorted((left, right) => value(left, structureAt) - value(right, structureAt));
  const chosen = flat.slice(0, Math.max(8, Math.ceil(flat.length / 4)));
  const over = (at: number, share: number): number =>
    quantile(
      Float32Array.from(chosen, (block) => value(block, at)),
      share,
    );
  const temporal = Math.sqrt(over(temporalAt, 0.5) / 2);
  const spatial = Math.sqrt(over(spatialAt, 0.5) / 6);
  const isTextured = over(structureAt, 0.5) > leastTexture + 4 * spatial;
  return {
    // White noise differs little from block to block: its smoothest tenth is 10 % below the middle, that of texture far below.
    sigma:
      isMoving || isTextured ? Math.min(temporal, 1.1 * Math.sqrt(over(spatialAt, 0.1) / 6)) : Math.min(temporal, 2 * spatial),
    temporal,
    spatial,
    correlation: over(correlationAt, 0.5),
    skipped: chosen.filter((block) => value(block, zerosAt) > 0.8).length / chosen.length,
  };
}

/** `corner` is the place of the block's first sample. */
function measureBlock([a, b]: readonly [Picture, Picture], corner: number, out: Float32Array): void {
  let lowest = Infinity;
  let highest = -Infinity;
  let total = 0;
  let sum = 0;
  let squares = 0;
  let seconds = 0;
  let products = 0;
  let zeros = 0;
  for (let partRow = 0; partRow < side; partRow += part) {
    for (let partColumn = 0; partColumn < side; partColumn += part) {
      let partSum = 0;
      for (let y = 0; y < part; y += 1) {
        const line = corner + (partRow + y) * a.width + partColumn;
        let before = 0;
        for (let x = 0; x < part; x += 1) {
          const here = b.data[line + x] ?? 0;
          const difference = here - (a.data[line + x] ?? 0);
          partSum += here;
          sum += difference;
          squares += difference * difference;
          if (difference === 0) zeros += 1;
          if (x > 0) products += difference * before;
          before = difference;
        }
        const left = b.data[line] ?? 0;
        const second = b.data[line + 1] ?? 0;
        const third = b.data[line + 2] ?? 0;
        seconds += (left - 2 * second + third) ** 2 + (second - 2 * third + (b.data[line + 3] ?? 0)) ** 2;
      }
      total += partSum;
      const partMean = partSum / (part * part);
      if (partMean < lowest) lowest = partMean;
      if (partMean > highest) highest = partMean;
    }
  }
  const count = side * side;
  const meanDifference = sum / count;
  const inner = count * 0.75;
  const variance = Math.max(0, squares / count - meanDifference ** 2);
  out[structureAt] = highest - lowest;
  out[meanAt] = total / count;
  out[temporalAt] = variance;
  out[spatialAt] = seconds / (count / 2);
  out[correlationAt] = variance === 0 ? 0 : (products / inner - meanDifference ** 2) / variance;
  out[zerosAt] = zeros / count;
}
