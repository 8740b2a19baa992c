import { expect, test } from "vitest";
import { blockEvidence } from "./block-evidence.ts";

const manySamples = 854 * 480;
/** For which a share of 0.02 is sure. */
const threshold = 5;

/** What is dropped at each even place of 8×8. */
function droppedAt(look: (x: number, y: number) => number): Float64Array {
  return Float64Array.from({ length: 64 }, (_, at) => (at % 2 === 0 && (at >> 3) % 2 === 0 ? look(at % 8, at >> 3) : 0));
}

test("blocks that lost their small coefficients at one place are a codec's", () => {
  const coded = droppedAt((x, y) => (x === 0 && y === 0 ? 4 : 10 + (x + y) / 100));
  expect(blockEvidence(coded, threshold, manySamples)).toBe(1);
  const displaced = droppedAt((x, y) => (x === 6 && y === 2 ? 4 : 10 + (x + y) / 100));
  expect(blockEvidence(displaced, threshold, manySamples)).toBe(1);
});

test("texture, which is alike at all places but for chance both ways, shows none", () => {
  const wavy = droppedAt((x, y) => 10 + 0.05 * Math.sin(x * 3 + y * 5));
  expect(blockEvidence(wavy, threshold, manySamples)).toBeLessThan(0.15);
  const upwards = droppedAt((x, y) => (x === 2 && y === 4 ? 10.4 : 10));
  expect(blockEvidence(upwards, threshold, manySamples)).toBe(0);
});

test("the same finding says less of a small picture, and what lies between goes evenly", () => {
  const slight = (depth: number): Float64Array => droppedAt((x, y) => (x === 0 && y === 0 ? 10 - depth : 10));
  expect(blockEvidence(slight(0.1), threshold, manySamples)).toBeCloseTo(0.5, 2);
  expect(blockEvidence(slight(0.1), threshold, manySamples / 4)).toBeCloseTo(0.25, 2);
  expect(blockEvidence(slight(0.05), threshold, manySamples)).toBeCloseTo(0.25, 2);
});

test("a picture in which nothing was dropped shows none, one too small to tell is treated as planned", () => {
  expect(blockEvidence(new Float64Array(64), threshold, manySamples)).toBe(0);
  expect(blockEvidence(Float64Array.of(3), threshold, 64)).toBe(1);
});
