import { expect, test } from "vitest";
import type { GlobalMotion } from "./global-motion.ts";
import { weaveCorrection } from "./weave.ts";

const width = 640;

/** Steps between frames whose content stands at the given places. */
function stepsOf(xs: readonly number[], share = 0.9): GlobalMotion[] {
  return xs.slice(1).map((x, index) => ({ x: (xs[index] ?? 0) - x, y: 0, share }));
}

/** Where content stands after each frame's correction. */
function corrected(xs: readonly number[], steps: readonly (GlobalMotion | undefined)[] = stepsOf(xs)): number[] {
  return xs.map((x, centre) => x + weaveCorrection(steps, centre, width).x);
}

const indices = Array.from({ length: 60 }, (_, index) => index);
const weave = indices.map((index) => 2 * Math.sin(index * 0.9 + 1) + 0.8 * Math.sin(index * 2.3));

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}

test("weave loses 95 % of its variance in the middle and 80 % everywhere", () => {
  const steady = corrected(weave);
  expect(variance(steady.slice(10, 50))).toBeLessThan(0.05 * variance(weave));
  expect(variance(steady)).toBeLessThan(0.2 * variance(weave));
});

test("a steady pan and a still picture are left exactly alone", () => {
  for (const speed of [0, 0.7, 3]) {
    const pan = indices.map((index) => speed * index);
    expect(corrected(pan)).toEqual(pan);
  }
});

test("a slow drift of a held camera stays within half a pixel", () => {
  const drift = indices.map((index) => 12 * Math.sin(index / 18));
  for (const [index, x] of corrected(drift).entries()) expect(Math.abs(x - (drift[index] ?? 0))).toBeLessThan(0.5);
});

test("the weave on a pan goes, the pan stays", () => {
  const pan = indices.map((index) => 1.5 * index);
  const both = indices.map((index) => (pan[index] ?? 0) + (weave[index] ?? 0));
  const rest = corrected(both).map((x, index) => x - (pan[index] ?? 0));
  expect(variance(rest)).toBeLessThan(0.2 * variance(weave));
});

test("a shaken camera is not mistaken for weave", () => {
  const shaken = weave.map((x) => 10 * x);
  expect(corrected(shaken)).toEqual(shaken);
});

test("what lies behind a cut, or moves in parts, does not count", () => {
  const steps: (GlobalMotion | undefined)[] = stepsOf(weave);
  steps[29] = undefined;
  const before = weaveCorrection(steps, 29, width);
  expect(before).toEqual(weaveCorrection(steps.slice(0, 29), 29, width));
  expect(corrected(weave, stepsOf(weave, 0.1))).toEqual(weave);
});
