import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMicros, parseDollars } from "./dollars.ts";

test.each([
  ["25", 25_000_000n],
  ["0", 0n],
  ["0.5", 500_000n],
  ["0.000001", 1n],
  ["00.10", 100_000n],
  ["999999999.999999", 999_999_999_999_999n],
])("%s dollars are exactly %d micros", (text, micros) => {
  expect(parseDollars(text, "It")).toBe(micros);
});

test.each([
  ["-5", /^It takes no negative amount/],
  ["-0.1", /no negative amount/],
  ["1.0000001", /six decimals at most/],
  ["1000000000", /up to 999999999/],
  ["", /amount in dollars/],
  ["five", /amount in dollars/],
  ["1e3", /amount in dollars/],
  ["1,50", /amount in dollars/],
  ["$5", /amount in dollars/],
  [".5", /amount in dollars/],
  ["5.", /amount in dollars/],
  [" 5", /amount in dollars/],
  ["5\n", /amount in dollars/],
  ["+5", /amount in dollars/],
  ["NaN", /amount in dollars/],
])("%j is refused", (text, message) => {
  expect(() => parseDollars(text, "It")).toThrow(message);
});

test("what is shown can be typed again", () => {
  expect([0n, 2_500_000n, 123_457n, -1n, 1_000_010n].map(formatMicros)).toEqual([
    "0.00",
    "2.50",
    "0.123457",
    "-0.000001",
    "1.00001",
  ]);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 999_999_999_999_999n }), (micros) => {
      expect(parseDollars(formatMicros(micros), "It")).toBe(micros);
    }),
  );
});
