import { expect, test } from "vitest";
import { texture } from "../../test/support/texture.ts";
import { FusionFeatures } from "./fusion.ts";
import type { Samples } from "./kernels.ts";

function sampleAt({ data, strideBytes, width, height }: Samples, bitDepth: number, x: number, y: number): number {
  const [column, row] = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
  if (bitDepth === 8) return data[row * strideBytes + column] ?? Number.NaN;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).readUInt16LE(row * strideBytes + 2 * column);
}

test.each([
  [8, 64, 48],
  [8, 61, 43],
  [10, 64, 48],
  [10, 70, 41],
] as const)("features are the differences of the cells, of %i bits and %ix%i", (bitDepth, width, height) => {
  const picture = texture({ width, height, bitDepth });
  const moved = texture({ width, height, bitDepth, x: 1.4, y: 0.7 });
  const features = new FusionFeatures({ width, height, bitDepth });
  const { cells } = features;
  expect(cells).toEqual({ width: Math.ceil(width / 4), height: Math.ceil(height / 4) });
  const count = cells.width * cells.height;
  const found = new Uint8Array(29 * count);
  features.load(picture);
  features.look(moved, found);
  const unit = 2 ** (bitDepth - 8);
  const meanOver = (column: number, row: number, of: (x: number, y: number) => number): number => {
    let [sum, samples] = [0, 0];
    for (let y = 4 * row; y < Math.min(height, 4 * row + 4); y += 1) {
      for (let x = 4 * column; x < Math.min(width, 4 * column + 4); x += 1) {
        sum += of(x, y);
        samples += 1;
      }
    }
    return sum / samples / unit;
  };
  const own = (x: number, y: number): number => sampleAt(picture, bitDepth, x, y);
  const cost = (column: number, row: number, dx: number, dy: number): number =>
    meanOver(column, row, (x, y) => Math.abs(sampleAt(moved, bitDepth, x + dx, y + dy) - own(x, y)));
  for (let cell = 0; cell < count; cell += 1) {
    const [column, row] = [cell % cells.width, Math.floor(cell / cells.width)];
    const here = cost(column, row, 0, 0);
    for (let shift = 0; shift < 25; shift += 1) {
      const apart = cost(column, row, (shift % 5) - 2, Math.floor(shift / 5) - 2) - here;
      const told = 128 + (Math.min(8, Math.max(-8, apart)) * 127) / 8;
      expect(Math.abs((found[shift * count + cell] ?? -9) - told)).toBeLessThanOrEqual(0.51);
    }
    const means = [
      here,
      meanOver(column, row, (x, y) => Math.abs(own(x, y + 1) - own(x, y))),
      meanOver(column, row, (x, y) => Math.abs(own(x + 1, y) - own(x, y))),
      Math.abs(meanOver(column, row, (x, y) => sampleAt(moved, bitDepth, x, y) - own(x, y))),
    ];
    means.forEach((mean, index) => {
      const told = found[(25 + index) * count + cell] ?? -9;
      expect(Math.abs(told - Math.log1p(mean) * 46)).toBeLessThan(2.5); // means are told in sixteenths
    });
  }
});
