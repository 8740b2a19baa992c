import { expect, test } from "vitest";
import { orientationFilters, parseDisplayMatrix } from "./orientation.ts";

/** Nine int32 in row order, as containers store them: a b u, c d v, x y w. */
function matrix(a: number, b: number, c: number, d: number): Buffer {
  const data = Buffer.alloc(36);
  [a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 0x40000000].forEach((value, index) =>
    data.writeInt32LE(value, index * 4),
  );
  return data;
}

/** Where a display matrix shows the point (x, y) of the stored picture; y points down. */
function shown([a, b, c, d]: readonly number[], x: number, y: number): readonly number[] {
  return [(a ?? 0) * x + (c ?? 0) * y, (b ?? 0) * x + (d ?? 0) * y];
}

/** What the filters do to a point around the centre. */
const moves: Readonly<Record<string, (x: number, y: number) => readonly [number, number]>> = {
  hflip: (x, y) => [-x, y],
  vflip: (x, y) => [x, -y],
  "transpose=clock": (x, y) => [-y, x],
  "transpose=cclock": (x, y) => [y, -x],
};

test.each([
  ["upright", 1, 0, 0, 1, false, 0],
  ["a phone held upright", 0, 1, -1, 0, false, 1],
  ["upside down", -1, 0, 0, -1, false, 2],
  ["a phone held upright the other way", 0, -1, 1, 0, false, 3],
  ["a mirror", -1, 0, 0, 1, true, 0],
  ["a mirror, then a quarter turn", 0, -1, -1, 0, true, 1],
  ["upside down in a mirror", 1, 0, 0, -1, true, 2],
  ["a mirror, then three quarter turns", 0, 1, 1, 0, true, 3],
] as const)("%s", (_name, a, b, c, d, mirrored, quarterTurnsClockwise) => {
  const orientation = parseDisplayMatrix(matrix(a, b, c, d));
  expect(orientation).toEqual({ mirrored, quarterTurnsClockwise });
  // The filters move each point to where the matrix shows it.
  for (const [x, y] of [
    [3, 1],
    [-2, 5],
  ] as const) {
    let point: readonly [number, number] = [x, y];
    for (const filter of orientationFilters(orientation)) {
      const move = moves[filter];
      if (move === undefined) throw new Error(`the test does not know the filter ${filter}`);
      point = move(...point);
    }
    expect(point.map((value) => value + 0)).toEqual(shown([a, b, c, d], x, y).map((value) => value + 0));
  }
});

test("angles between quarter turns go to the nearest", () => {
  const [sin, cos] = [Math.sin(1.4), Math.cos(1.4)];
  expect(parseDisplayMatrix(matrix(cos, sin, -sin, cos)).quarterTurnsClockwise).toBe(1);
});
