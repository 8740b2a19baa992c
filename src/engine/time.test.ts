import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Rational } from "../domain/rational.ts";
import { filmCycle, filmGrid, gridWithin, outputTimes, snapToGrid } from "./time.ts";

const millisecond: Rational = { num: 1, den: 1000 };
const mpegClock: Rational = { num: 1, den: 90_000 };

/** Times of `count` frames at a rate, as a container with this clock rounds them. */
function steady(count: number, rate: Rational, timeBase: Rational, firstTicks = 0n) {
  const at = (index: number): bigint => {
    const [num, den] = [BigInt(index * rate.den) * BigInt(timeBase.den), BigInt(rate.num) * BigInt(timeBase.num)];
    return firstTicks + (num * 2n + den) / (2n * den);
  };
  return { frameTicks: Array.from({ length: count }, (_, index) => at(index)), timeBase, endTicks: at(count) };
}

const ntscFilm: Rational = { num: 24_000, den: 1001 };
const ntsc: Rational = { num: 30_000, den: 1001 };

/** Frames of the first where the last one stands, in seconds, without rounding until the end. */
function secondsOf(ticks: bigint, first: bigint, timeBase: Rational): number {
  return Number((ticks - first) * BigInt(timeBase.num)) / timeBase.den;
}

describe("a rate", () => {
  const clocks = fc.constantFrom<Rational>(millisecond, mpegClock, { num: 1, den: 12_800 }, { num: 1001, den: 30_000 });
  const rates = fc.oneof(
    fc.constantFrom<Rational>({ num: 60, den: 1 }, { num: 30, den: 1 }, { num: 60_000, den: 1001 }, ntscFilm),
    fc.record({ num: fc.integer({ min: 1, max: 1_000_000 }), den: fc.integer({ min: 1, max: 1_000_000 }) }),
  );

  test("does not drift in two hours: the last frame is where its number says, to half a tick", () => {
    fc.assert(
      fc.property(clocks, rates, fc.bigInt({ min: 0n, max: 10_000n }), (timeBase, rate, firstTicks) => {
        fc.pre(rate.num / rate.den <= 60 && rate.num >= rate.den);
        const end = firstTicks + (7200n * BigInt(timeBase.den)) / BigInt(timeBase.num);
        const times = outputTimes({ frameTicks: [firstTicks], timeBase, endTicks: end }, { scan: "keep", rate });
        const { frameTicks } = times;
        const [first = 0n] = frameTicks;
        expect(Math.abs(frameTicks.length - (7200 * rate.num) / rate.den)).toBeLessThan(1);
        for (const index of [1, Math.floor(frameTicks.length / 2), frameTicks.length - 1]) {
          const error = secondsOf(frameTicks[index] ?? 0n, first, times.timeBase) - (index * rate.den) / rate.num;
          expect(Math.abs(error)).toBeLessThanOrEqual((0.5 * times.timeBase.num) / times.timeBase.den + 1e-9);
        }
      }),
      { numRuns: 8 },
    );
  });

  test("of the usual kinds is exact in its clock, and so are the source's times", () => {
    for (const rate of [{ num: 60, den: 1 }, { num: 60_000, den: 1001 }, ntscFilm, { num: 50, den: 1 }]) {
      const times = outputTimes(steady(50, { num: 25, den: 1 }, mpegClock, 126_000n), { scan: "keep", rate });
      const perSecond = BigInt(times.timeBase.den);
      expect((perSecond * BigInt(rate.den)) % BigInt(rate.num)).toBe(0n);
      expect(perSecond % 90_000n).toBe(0n);
      expect(times.frameTicks[0]).toBe((126_000n * perSecond) / 90_000n);
    }
  });

  test("ends with the source, however its clock rounds the last frame", () => {
    for (const frames of [23, 24, 25, 49, 1001]) {
      const source = steady(frames, { num: 24, den: 1 }, millisecond);
      const { frameTicks } = outputTimes(source, { scan: "keep", rate: { num: 48, den: 1 } });
      expect(frameTicks).toHaveLength(frames * 2);
    }
  });

  test("gives each segment its own times, and all of them together", () => {
    const grid = { firstTicks: 300n, rate: { num: 60, den: 1 }, frames: 500 };
    const all = [...gridWithin(grid, { num: 1, den: 3000 }, { fromTicks: -1000n, untilTicks: 1_000_000n })];
    expect(all).toHaveLength(500);
    fc.assert(
      fc.property(fc.uniqueArray(fc.bigInt({ min: -500n, max: 30_000n }), { minLength: 1, maxLength: 8 }), (cuts) => {
        const edges = [-1000n, ...cuts.toSorted((a, b) => Number(a - b)), 1_000_000n];
        const parts = edges
          .slice(1)
          .flatMap((untilTicks, index) => [
            ...gridWithin(grid, { num: 1, den: 3000 }, { fromTicks: edges[index] ?? 0n, untilTicks }),
          ]);
        expect(parts).toEqual(all);
      }),
    );
  });

  test("takes over a frame that its file's clock has rounded, and no other", () => {
    const grid = { firstTicks: 0n, rate: { num: 60, den: 1 }, frames: 100 };
    const timeBase = { num: 1, den: 3000 };
    expect([249n, 252n, 253n, 260n, 275n].map((ticks) => snapToGrid(ticks, grid, timeBase, millisecond))).toEqual([
      250n,
      250n,
      253n,
      260n,
      275n,
    ]);
  });
});

describe("film", () => {
  test("is four frames for five, exactly 1001/24000 s apart, over two hours and whatever the clock", () => {
    for (const clock of [millisecond, mpegClock, { num: 1001, den: 30_000 }]) {
      const count = clock === millisecond ? 215_785 : 5000;
      const source = steady(count, ntsc, clock, 7n);
      const { frameTicks, timeBase } = outputTimes(source, { scan: "film", rate: undefined });
      const step = (1001n * BigInt(timeBase.den)) / 24_000n;
      expect((1001n * BigInt(timeBase.den)) % 24_000n).toBe(0n);
      expect(frameTicks).toHaveLength((count / 5) * 4);
      expect(frameTicks.every((ticks, index) => index === 0 || ticks - (frameTicks[index - 1] ?? 0n) === step)).toBe(true);
    }
  });

  test("is found in 30000/1001 and in 30 frames a second, told apart, and not in others", () => {
    const gridOf = (rate: Rational, clock: Rational) => filmGrid(steady(300, rate, clock))?.filmRate;
    for (const clock of [millisecond, mpegClock]) {
      expect(gridOf(ntsc, clock)).toEqual(ntscFilm);
      expect(gridOf({ num: 30, den: 1 }, clock)).toEqual({ num: 24, den: 1 });
      expect(gridOf({ num: 25, den: 1 }, clock)).toBeUndefined();
      expect(gridOf({ num: 60, den: 1 }, clock)).toBeUndefined();
      expect(gridOf(ntscFilm, clock)).toBeUndefined();
    }
  });

  test("leaves a gap where the source has one, and keeps its step after it", () => {
    const { frameTicks, endTicks } = steady(300, ntsc, mpegClock);
    const gappy = { frameTicks: frameTicks.filter((_, index) => index < 100 || index >= 111), timeBase: mpegClock, endTicks };
    const whole = outputTimes({ frameTicks, timeBase: mpegClock, endTicks }, { scan: "film", rate: undefined });
    const film = outputTimes(gappy, { scan: "film", rate: undefined });
    expect(film.frameTicks.every((ticks) => whole.frameTicks.includes(ticks))).toBe(true);
    expect(film.frameTicks.length).toBe(80 + 4 + 148 + 0);
  });

  test("drops of each five the frame most like the one before, and none of four", () => {
    const kept = (places: number[], unlike: number[]) => filmCycle(places, unlike).map(({ index, place }) => [index, place]);
    expect(kept([0, 1, 2, 3, 4], [9, 8, 1, 7, 9])).toEqual([
      [0, 0],
      [1, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(kept([0, 1, 2, 3, 4], [1, 8, 5, 7, 9])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(kept([0, 2, 3, 4], [9, 0, 7, 9])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(kept([3, 4], [])).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });
});

test("fields come halfway between frames, also of uneven ones", () => {
  const source = { frameTicks: [0n, 33n, 67n, 200n], timeBase: millisecond, endTicks: 233n };
  const times = outputTimes(source, { scan: "fields", rate: undefined });
  expect(times).toMatchObject({ timeBase: { num: 1, den: 2000 }, frameTicks: [0n, 33n, 66n, 100n, 134n, 267n, 400n, 433n] });
});
