import { expect, test } from "vitest";
import { measureHalos } from "./halos.ts";
import type { Picture } from "./picture.ts";
import { median } from "./statistics.ts";

const size = { width: 96, height: 64 };

/** Bars of 24 pixels, dark and bright by turns; `edge` is what lies beside an edge on its bright side, above the dark level. */
function bars(edge: readonly number[]): Picture {
  const data = Float32Array.from({ length: size.width * size.height }, (_, at) => {
    const place = (at % size.width) % 48;
    const inside = Math.min(place, 23 - place);
    if (inside >= 0) return 60 + 100 * (edge[inside] ?? 1);
    const outside = Math.min(place - 24, 47 - place);
    return 160 - 100 * (edge[outside] ?? 1);
  });
  return { ...size, data };
}

test("edges that end in their level have no halos", () => {
  const found = measureHalos(bars([0.8]));
  expect(found.length).toBeGreaterThan(100);
  expect(median(found)).toBeCloseTo(0);
});

test("what sharpening adds beside an edge is told as a share of the edge's height", () => {
  expect(median(measureHalos(bars([1.12, 1.04])))).toBeCloseTo(0.12);
  expect(median(measureHalos(bars([0.9, 1.06, 1.02])))).toBeCloseTo(0.06);
});

test("soft edges, texture and noise say nothing", () => {
  expect(measureHalos(bars([0.6, 0.8, 0.95]))).toEqual([]);
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const noise = { ...size, data: Float32Array.from({ length: size.width * size.height }, () => 255 * random()) };
  expect(measureHalos(noise).length).toBeLessThan(20);
  expect(measureHalos({ width: 8, height: 8, data: new Float32Array(64) })).toEqual([]);
});
