import fc from "fast-check";
import { expect, test } from "vitest";
import { equalRationals, formatRational, rational, rescaleTicks, secondsToTicks, ticksToSeconds, toNumber } from "./rational.ts";

const timeBases = fc.constantFrom(
  rational(1, 1000),
  rational(1, 90_000),
  rational(1, 25),
  rational(1001, 30_000),
  rational(1, 600),
  rational(1, 1_000_000_000),
);
const ticks = fc.bigInt({ min: -(2n ** 50n), max: 2n ** 50n });

test("film and television rates print as fractions, whole ones as numbers", () => {
  expect(formatRational(rational(24_000, 1001))).toBe("24000/1001");
  expect(formatRational(rational(25, 1))).toBe("25");
  expect(toNumber(rational(30_000, 1001))).toBeCloseTo(29.97, 2);
});

test("equality is of value, also past the precision of numbers", () => {
  expect(equalRationals(rational(30, 1), rational(60, 2))).toBe(true);
  expect(equalRationals(rational(9_007_199_254_740_991, 2), rational(9_007_199_254_740_990, 2))).toBe(false);
});

test("halves round away from zero", () => {
  expect(rescaleTicks(1n, rational(1, 2), rational(1, 1))).toBe(1n);
  expect(rescaleTicks(-1n, rational(1, 2), rational(1, 1))).toBe(-1n);
  expect(rescaleTicks(1n, rational(1, 3), rational(1, 1))).toBe(0n);
  expect(rescaleTicks(2n, rational(1, 3), rational(1, 1))).toBe(1n);
});

test("rescaling is off by at most half a tick", () => {
  fc.assert(
    fc.property(ticks, timeBases, timeBases, (value, from, to) => {
      const result = rescaleTicks(value, from, to);
      const exact = value * BigInt(from.num) * BigInt(to.den); // over from.den × to.num
      const unit = BigInt(from.den) * BigInt(to.num);
      const off = result * unit - exact;
      expect((off < 0n ? -off : off) * 2n <= unit).toBe(true);
    }),
  );
});

test("rescaling to a finer base and back changes nothing", () => {
  fc.assert(
    fc.property(ticks, (value) => {
      const [from, to] = [rational(1, 1000), rational(1, 90_000)];
      expect(rescaleTicks(rescaleTicks(value, from, to), to, from)).toBe(value);
    }),
  );
});

test("seconds and ticks agree", () => {
  expect(ticksToSeconds(129_003n, rational(1, 90_000))).toBeCloseTo(1.433367, 6);
  expect(secondsToTicks(1.433367, rational(1, 90_000))).toBe(129_003n);
});
