import { expect, test } from "vitest";
import { Compensator } from "./compensate.ts";
import { type MotionField, MotionEstimator } from "./motion.ts";
import type { Samples } from "./kernels.ts";
import { texture } from "../../test/support/texture.ts";

const size = { width: 160, height: 128 };

function estimate(from: Samples, to: Samples, bitDepth = 8): MotionField {
  const estimator = new MotionEstimator({ width: from.width, height: from.height });
  estimator.load(0, from, bitDepth);
  estimator.load(1, to, bitDepth);
  return estimator.estimate(0, 1);
}

/** Share of blocks, the outermost left out, whose vector is within a quarter pixel of the right one. */
function shareRight(field: MotionField, right: (x: number, y: number) => readonly [number, number]): number {
  let [count, found] = [0, 0];
  for (let row = 2; row < field.rows - 2; row += 1) {
    for (let column = 2; column < field.columns - 2; column += 1) {
      const [dx, dy] = right(column * 8 + 4, row * 8 + 4);
      const i = row * field.columns + column;
      count += 1;
      if (Math.abs((field.dx[i] ?? NaN) / 4 - dx) <= 0.3 && Math.abs((field.dy[i] ?? NaN) / 4 - dy) <= 0.3) found += 1;
    }
  }
  return found / count;
}

test.each([
  [0, 0],
  [5, -3],
  [-17, 11],
  [2.25, -1.5],
  [0.75, 0.25],
])("a move by (%f, %f) is found", (x, y) => {
  const field = estimate(texture(size), texture({ ...size, x: -x, y: -y }));
  expect(shareRight(field, () => [x, y])).toBeGreaterThan(0.97);
});

test("a zoom is found as vectors that grow from the middle", () => {
  const field = estimate(texture(size), texture({ ...size, zoom: 1.05 }));
  const share = shareRight(field, (x, y) => [(x - size.width / 2) * 0.05, (y - size.height / 2) * 0.05]);
  expect(share).toBeGreaterThan(0.9);
});

test("pictures of 10 bits move as those of 8 do", () => {
  const field = estimate(texture({ ...size, bitDepth: 10 }), texture({ ...size, x: -6, y: 2, bitDepth: 10 }), 10);
  expect(shareRight(field, () => [6, -2])).toBeGreaterThan(0.97);
});

test("the cost is what remains different: nothing between equal pictures", () => {
  const picture = texture(size);
  const field = estimate(picture, picture);
  expect(field.cost.every((cost) => cost === 0)).toBe(true);
  expect(field.dx.every((dx) => dx === 0)).toBe(true);
  const other = estimate(picture, texture({ ...size, seed: 9 }));
  expect(Math.max(...other.cost)).toBeGreaterThan(256 * 5);
});

test.each([
  [1, 1],
  [5, 3],
  [17, 9],
  [161, 121],
  [33, 200],
])("pictures of %i x %i are served, whole", (width, height) => {
  const picture = texture({ width, height });
  const field = estimate(picture, picture);
  expect([field.columns, field.rows]).toEqual([Math.ceil(width / 8), Math.ceil(height / 8)]);
  const output = { ...picture, data: new Uint8Array(width * height) };
  new Compensator({ width, height, bitDepth: 8 }).compensate(field, picture, output);
  expect(Buffer.from(output.data).equals(picture.data)).toBe(true);
});

test.each([8, 10])("a compensated plane of %i bits is the other picture, up to what came in at the edge", (bitDepth) => {
  const from = texture({ ...size, bitDepth });
  const to = texture({ ...size, x: -6, y: 2, bitDepth });
  const output = { ...to, data: new Uint8Array(to.data.length) };
  new Compensator({ ...size, bitDepth }).compensate(estimate(from, to, bitDepth), to, output);
  expect(meanError(from, output, bitDepth, 16)).toBeLessThan(0.05);
});

test("planes of other sizes are moved as far in proportion", () => {
  const field = estimate(texture(size), texture({ ...size, x: -8, y: 4 }));
  for (const scale of [0.5, 2]) {
    const [width, height] = [size.width * scale, size.height * scale];
    // The same texture, not enlarged: what counts is that it moves by the scaled vector.
    const to = texture({ width, height, x: -8 * scale, y: 4 * scale, seed: 5 });
    const output = { ...to, data: new Uint8Array(width * height) };
    new Compensator({ width, height, bitDepth: 8 }).compensate(field, to, output);
    expect(meanError(texture({ width, height, seed: 5 }), output, 8, 24 * scale)).toBeLessThan(0.05);
  }
});

test("planes of another size than said, too many bits and unknown slots are refused", () => {
  const estimator = new MotionEstimator(size);
  expect(() => estimator.load(0, texture({ width: 16, height: 16 }), 8)).toThrow(RangeError);
  expect(() => estimator.load(2, texture(size), 8)).toThrow(RangeError);
  expect(() => estimator.load(0, { ...texture(size), data: new Uint8Array(100) }, 8)).toThrow(RangeError);
  expect(() => new Compensator({ ...size, bitDepth: 16 })).toThrow(RangeError);
});

function meanError(a: Samples, b: Samples, bitDepth: number, margin: number): number {
  const read = ({ data, strideBytes }: Samples, x: number, y: number): number =>
    bitDepth === 8
      ? (data[y * strideBytes + x] ?? NaN)
      : Buffer.from(data.buffer, data.byteOffset).readUInt16LE(y * strideBytes + 2 * x);
  let [sum, count] = [0, 0];
  for (let y = margin; y < a.height - margin; y += 1) {
    for (let x = margin; x < a.width - margin; x += 1) {
      sum += Math.abs(read(a, x, y) - read(b, x, y));
      count += 1;
    }
  }
  return sum / count / 2 ** (bitDepth - 8);
}
