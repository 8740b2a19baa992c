import fc from "fast-check";
import { expect, test } from "vitest";
import { planTiles } from "./tiles.ts";

test("a plane within one tile is one tile", () => {
  expect(planTiles({ width: 200, height: 100 }, { width: 256, height: 128 }, 2)).toEqual([
    { x: 0, y: 0, width: 200, height: 100 },
  ]);
});

test("tiles are of about equal size rather than large ones and a rest", () => {
  const widths = planTiles({ width: 514, height: 10 }, { width: 256, height: 128 }, 2).map(({ width }) => width);
  expect(widths).toEqual([172, 172, 170]);
});

test("tiles cover each pixel exactly once, within the size limit and on the network's grid", () => {
  const sides = fc.integer({ min: 1, max: 300 });
  const limits = fc.integer({ min: 8, max: 64 });
  fc.assert(
    fc.property(sides, sides, limits, limits, fc.constantFrom(1, 2, 4), (width, height, maxWidth, maxHeight, multiple) => {
      const longest = { width: maxWidth - (maxWidth % multiple), height: maxHeight - (maxHeight % multiple) };
      const covered = new Uint8Array(width * height);
      for (const tile of planTiles({ width, height }, longest, multiple)) {
        expect(tile.width).toBeLessThanOrEqual(longest.width);
        expect(tile.height).toBeLessThanOrEqual(longest.height);
        expect([tile.x % multiple, tile.y % multiple]).toEqual([0, 0]);
        for (let y = tile.y; y < tile.y + tile.height; y += 1) {
          for (let x = tile.x; x < tile.x + tile.width; x += 1) covered[y * width + x] = (covered[y * width + x] ?? 0) + 1;
        }
      }
      expect(covered.every((count) => count === 1)).toBe(true);
    }),
  );
});
