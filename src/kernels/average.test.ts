import { expect, test } from "vitest";
import { texture } from "../../test/support/texture.ts";
import { TemporalAverager } from "./average.ts";
import type { Samples } from "./kernels.ts";

const size = { width: 160, height: 128 };
const distance = { coarse: 6, fine: 6 };

function samplesOf({ data, width, height }: Samples, bitDepth: number): readonly number[] {
  const buffer = Buffer.from(data);
  return Array.from({ length: width * height }, (_, i) => (bitDepth > 8 ? buffer.readUInt16LE(2 * i) : (buffer[i] ?? 0)));
}

/** The same plane, every sample changed by its place. */
function changed(plane: Samples, bitDepth: number, by: (x: number, y: number) => number): Samples {
  const bytes = bitDepth > 8 ? 2 : 1;
  const data = Buffer.alloc(plane.data.length);
  samplesOf(plane, bitDepth).forEach((value, i) => {
    data.writeUIntLE(Math.round(value + by(i % plane.width, Math.floor(i / plane.width))), i * bytes, bytes);
  });
  return { ...plane, data };
}

function squaredError(found: Samples, wanted: Samples, bitDepth: number): number {
  const other = samplesOf(wanted, bitDepth);
  return samplesOf(found, bitDepth).reduce((sum, value, i) => sum + (value - (other[i] ?? 0)) ** 2, 0) / other.length;
}

/** Numbers from −1 to 1 without pattern, the same for a seed. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

test.for([
  [8, 2],
  [8, 4],
  [10, 2],
  [10, 4],
  [8, 6],
] as const)("what differs at random becomes as small as %i bits and %i neighbours allow", ([bitDepth, count]) => {
  const unit = 2 ** (bitDepth - 8);
  const clean = texture({ ...size, bitDepth });
  const [own, ...others] = Array.from({ length: count + 1 }, (_, i) => {
    const random = noise(i + 1);
    return changed(clean, bitDepth, () => 4 * unit * random());
  });
  const before = squaredError(own!, clean, bitDepth);
  new TemporalAverager({ ...size, bitDepth, neighbours: 6 }).average(own!, others, { coarse: 12 * unit, fine: 12 * unit });
  const left = squaredError(own!, clean, bitDepth) / before;
  expect(left).toBeGreaterThan(0.9 / (count + 1));
  expect(left).toBeLessThan(1.35 / (count + 1));
});

test.each([8, 10] as const)("a place that the neighbours show otherwise stays as it is, %i bits", (bitDepth) => {
  const unit = 2 ** (bitDepth - 8);
  const plane = texture({ ...size, bitDepth });
  const isApart = (x: number, y: number): boolean => x >= 64 && x < 128 && y >= 32 && y < 96;
  const other = changed(plane, bitDepth, (x, y) => (isApart(x, y) ? 30 : 3) * unit);
  const own = { ...plane, data: Buffer.from(plane.data) };
  new TemporalAverager({ ...size, bitDepth, neighbours: 2 }).average(own, [other, other], { coarse: 6 * unit, fine: 6 * unit });
  const [before, after] = [samplesOf(plane, bitDepth), samplesOf(own, bitDepth)];
  const changeAt = (x: number, y: number): number =>
    ((after[y * size.width + x] ?? 0) - (before[y * size.width + x] ?? 0)) / unit;
  expect(changeAt(96, 64)).toBe(0);
  expect(changeAt(20, 64)).toBeGreaterThan(1);
});

test("a glint of a few samples that the neighbours do not show stays as bright as it is", () => {
  const plane = texture(size);
  const isGlint = (x: number, y: number): boolean => Math.abs(x - 83) <= 1 && Math.abs(y - 61) <= 1;
  const own = changed(plane, 8, (x, y) => (isGlint(x, y) ? 255 - (plane.data[y * plane.strideBytes + x] ?? 0) : 0));
  new TemporalAverager({ ...size, bitDepth: 8, neighbours: 4 }).average(own, [plane, plane, plane, plane], {
    coarse: 3,
    fine: 9,
  });
  expect(samplesOf(own, 8)[61 * size.width + 83]).toBeGreaterThan(245);
});

test.each([
  [1, 1],
  [7, 9],
  [17, 8],
  [161, 121],
])("planes of %i x %i are served: equal neighbours change nothing", (width, height) => {
  const plane = texture({ width, height });
  const own = { ...plane, data: Buffer.from(plane.data) };
  new TemporalAverager({ width, height, bitDepth: 8, neighbours: 2 }).average(own, [plane, plane], distance);
  expect(Buffer.from(own.data).equals(plane.data)).toBe(true);
});

test("the darkest and the lightest stay within the format", () => {
  const flat = (value: number): Samples => ({ data: Buffer.alloc(64, value), strideBytes: 8, width: 8, height: 8 });
  const averager = new TemporalAverager({ width: 8, height: 8, bitDepth: 8, neighbours: 2 });
  for (const value of [0, 255]) {
    const plane = flat(value);
    averager.average(plane, [flat(value === 0 ? 3 : 252), flat(value)], distance);
    for (const sample of plane.data) expect(Math.abs(sample - value)).toBeLessThanOrEqual(2);
  }
});

test("planes of another size and too many neighbours are refused", () => {
  const averager = new TemporalAverager({ ...size, bitDepth: 8, neighbours: 2 });
  const plane = texture(size);
  expect(() => averager.average(plane, [texture({ width: 80, height: 128 })], distance)).toThrow(RangeError);
  expect(() => averager.average(plane, [plane, plane, plane], distance)).toThrow(RangeError);
  expect(() => new TemporalAverager({ ...size, bitDepth: 8, neighbours: 7 })).toThrow(RangeError);
});
