import fc from "fast-check";
import { expect, test } from "vitest";
import { lastKeyUntil, planSegments, type Segment } from "./segments.ts";

function plan(frameTicks: readonly bigint[], keyTicks: readonly bigint[]): readonly Segment[] {
  return planSegments({ frameTicks, keyTicks, timeBase: { num: 1, den: 1000 } });
}

function frames(count: number, step: number): bigint[] {
  return Array.from({ length: count }, (_, i) => BigInt(i * step));
}

test("a short video is one segment without an end", () => {
  expect(plan(frames(100, 40), [0n])).toEqual([{ index: 0, fromTicks: 0n, untilTicks: undefined }]);
});

test("no frames, no segments", () => {
  expect(plan([], [])).toEqual([]);
});

test("cuts fall on the first key frame after five seconds", () => {
  const segments = plan(frames(400, 40), [0n, 2000n, 4000n, 6000n, 8000n, 12_000n]);
  expect(segments.map(({ fromTicks }) => fromTicks)).toEqual([0n, 6000n, 12_000n]);
});

test("without key frames a cut falls every ten seconds", () => {
  expect(plan(frames(700, 40), [0n]).map(({ fromTicks }) => fromTicks)).toEqual([0n, 10_000n, 20_000n]);
});

test("reading starts at the last key frame that is not too late", () => {
  const keys = [0n, 4000n, 14_200n];
  expect(lastKeyUntil(keys, 3999n)).toBe(0n);
  expect(lastKeyUntil(keys, 4000n)).toBe(4000n);
  expect(lastKeyUntil(keys, -1n)).toBeUndefined();
});

test("every frame belongs to exactly one segment, whatever the times and keys", () => {
  const times = fc.uniqueArray(fc.integer({ min: -5000, max: 120_000 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 60 }), (values, keyEvery) => {
      const ticks = values.toSorted((a, b) => a - b).map(BigInt);
      const segments = plan(
        ticks,
        ticks.filter((_, i) => i % keyEvery === 0),
      );
      for (const time of ticks) {
        const holders = segments.filter(
          ({ fromTicks, untilTicks }) => time >= fromTicks && (untilTicks === undefined || time < untilTicks),
        );
        expect(holders).toHaveLength(1);
      }
      expect(segments.map(({ index }) => index)).toEqual([...segments.keys()]);
      expect(segments.at(-1)?.untilTicks).toBeUndefined();
      segments.slice(1).forEach(({ fromTicks }, i) => expect(segments[i]?.untilTicks).toBe(fromTicks));
      expect(segments.every(({ fromTicks }) => ticks.includes(fromTicks))).toBe(true);
    }),
  );
});
