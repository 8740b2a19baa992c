import { describe, expect, test } from "vitest";
import type { Plane } from "../media/frame.ts";
import { changedShare, comparePlanes, isBlack, psnr } from "./measure.ts";

const points = 64 * 36;

function plane(width: number, height: number, bytes: 1 | 2, sample: (x: number, y: number) => number): Plane {
  const strideBytes = width * bytes + 32; // rows have padding that must not count
  const data = Buffer.alloc(strideBytes * height, 0xff);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (bytes === 1) data.writeUInt8(sample(x, y), y * strideBytes + x);
      else data.writeUInt16LE(sample(x, y), y * strideBytes + x * 2);
    }
  }
  return { data, strideBytes, width, height };
}

describe("comparing planes", () => {
  test("equal planes differ by nothing, padding left out", () => {
    const a = plane(17, 9, 1, (x, y) => x + y);
    const b = { ...plane(17, 9, 1, (x, y) => x + y) };
    b.data.fill(0, 17, b.strideBytes);
    expect(comparePlanes(a, b, 8)).toEqual({ squaredError: 0, meanDifference: 0 });
  });

  test("the mean keeps its sign, the error is squared", () => {
    const a = plane(8, 8, 1, () => 100);
    expect(
      comparePlanes(
        a,
        plane(8, 8, 1, () => 103),
        8,
      ),
    ).toEqual({ squaredError: 9, meanDifference: 3 });
    expect(
      comparePlanes(
        a,
        plane(8, 8, 1, (x) => (x % 2 === 0 ? 98 : 102)),
        8,
      ),
    ).toEqual({ squaredError: 4, meanDifference: 0 });
  });

  test("10 bit is told on the 8-bit scale", () => {
    const [a, b] = [plane(8, 8, 2, () => 400), plane(8, 8, 2, () => 408)];
    expect(comparePlanes(a, b, 10)).toEqual({ squaredError: 4, meanDifference: 2 });
  });
});

describe("thumbnails", () => {
  test("a picture with a few bright points is black, with more it is not", () => {
    const picture = new Uint16Array(points).fill(16);
    expect(isBlack(picture, 8)).toBe(true);
    picture.fill(200, 0, 11);
    expect(isBlack(picture, 8)).toBe(true);
    picture.fill(200, 0, 12);
    expect(isBlack(picture, 8)).toBe(false);
  });

  test("black of 10 bit is four times as high", () => {
    expect(isBlack(new Uint16Array(points).fill(96), 10)).toBe(true);
    expect(isBlack(new Uint16Array(points).fill(97), 10)).toBe(false);
  });

  test("changes of one step are rounding", () => {
    const still = new Uint16Array(points).fill(100);
    const moved = still.map((value, index) => (index < points / 4 ? value + 2 : value + 1));
    expect(changedShare(still, moved, 8)).toBe(0.25);
    expect(changedShare(still, moved, 10)).toBe(0);
  });
});

test("PSNR of identical pictures is 100 dB, of the worst 0 dB", () => {
  expect(psnr(0)).toBe(100);
  expect(psnr(255 ** 2)).toBe(0);
  expect(psnr(1)).toBeCloseTo(48.13, 2);
});
