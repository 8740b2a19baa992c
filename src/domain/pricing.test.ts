import { expect, test } from "vitest";
import { falBillableUnits, priceMicros, reserveMicros } from "./pricing.ts";
import { defaultRequest, type UpscaleRequest } from "./upscale-request.ts";

const result = { durationSeconds: 1, width: 1920, height: 1080 };

test.each([
  ["fast", "keep", "1080p", 7_200n],
  ["standard", "keep", "2k", 14_400n],
  ["standard", 30, "4k", 28_800n],
  ["fast", 60, "1080p", 14_400n],
  ["standard", 60, "2k", 28_800n],
  ["standard", 60, "4k", 57_600n],
  ["pro", "keep", "1080p", 72_000n],
  ["pro", "keep", "4k", 288_000n],
  ["pro", 60, "2k", 288_000n],
  ["pro", 60, "4k", 576_000n],
  ["fast", { num: 60, den: 1 }, "1080p", 14_400n],
  ["fast", { num: 60_000, den: 1001 }, "1080p", 14_400n],
  ["fast", { num: 24_000, den: 1001 }, "1080p", 7_200n],
] as const)("a second of %s at %j frames in %s costs %i micros", (tier, fps, box, micros) => {
  const request: UpscaleRequest = { ...defaultRequest, tier, fps, target: { kind: "box", box } };
  expect(priceMicros("fal", request, result)).toBe(micros);
});

test.each([
  [1920, 1080, 10],
  [1080, 1920, 10],
  [1922, 1080, 20],
  [2560, 1440, 20],
  [2562, 1440, 40],
])("with a scale ratio an output of %ix%i counts as %i units for ten seconds", (width, height, units) => {
  const request: UpscaleRequest = { ...defaultRequest, target: { kind: "scale", factor: 2 } };
  expect(falBillableUnits(request, { durationSeconds: 10, width, height })).toBe(units);
});

test("parts of a second are charged to the millisecond, in whole micros", () => {
  const request: UpscaleRequest = { ...defaultRequest, target: { kind: "box", box: "1080p" } };
  expect(priceMicros("fal", request, { ...result, durationSeconds: 5.0054 })).toBe(36_036n);
  expect(priceMicros("fal", request, { ...result, durationSeconds: 0.0001 })).toBe(0n);
});

test("something is held for every job that will cost something", () => {
  expect(reserveMicros("fal", defaultRequest)).toBeGreaterThan(0n);
  expect(reserveMicros("native", defaultRequest)).toBe(0n);
});

test.each([
  [5, 10],
  [5.2, 11],
  [8, 16],
  [40, 80],
  [0.2, 1],
  [5.004, 10],
])("%d seconds cost %i Runway credits", (durationSeconds, credits) => {
  expect(priceMicros("runway", defaultRequest, { ...result, durationSeconds })).toBe(BigInt(credits) * 10_000n);
  expect(priceMicros("useapi", defaultRequest, { ...result, durationSeconds })).toBe(BigInt(credits) * 10_000n);
});

test.each([
  [3, 10],
  [5.9, 10],
  [15.99, 30],
  [60, 120],
  [300, 600],
  [600, 1200],
])("%d seconds cost %i cents by WaveSpeed's rule", (durationSeconds, cents) => {
  expect(priceMicros("wavespeed", defaultRequest, { ...result, durationSeconds })).toBe(BigInt(cents) * 10_000n);
});
