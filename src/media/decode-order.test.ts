import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTimes } from "./decode-order.ts";

test("without reordering each packet is decoded when it is shown", () => {
  expect(decodeTimes([0n, 40n, 80n, 120n])).toEqual([0n, 40n, 80n, 120n]);
});

test("nothing gives nothing, one packet its own time", () => {
  expect(decodeTimes([])).toEqual([]);
  expect(decodeTimes([7n])).toEqual([7n]);
});

test("I P B B: decoding runs one frame ahead of the showing", () => {
  expect(decodeTimes([0n, 120n, 40n, 80n])).toEqual([-40n, 0n, 40n, 80n]);
});

test("a pyramid of B frames runs two frames ahead", () => {
  expect(decodeTimes([0n, 160n, 80n, 40n, 120n])).toEqual([-80n, -40n, 0n, 40n, 80n]);
});

test("decoding times rise strictly and never pass the presentation, whatever the times and the reordering", () => {
  const times = fc.uniqueArray(fc.bigInt({ min: -1000n, max: 1_000_000n }), { minLength: 1, maxLength: 200 });
  const swaps = fc.array(fc.nat(4), { maxLength: 200 });
  fc.assert(
    fc.property(times, swaps, (values, moves) => {
      // Reorder as an encoder does: a later picture is coded before up to four earlier ones.
      const pts = values.toSorted((a, b) => (a < b ? -1 : 1));
      moves.forEach((distance, index) => {
        const moved = pts.splice(Math.min(index + distance, pts.length - 1), 1);
        pts.splice(Math.min(index, pts.length), 0, ...moved);
      });
      const dts = decodeTimes(pts);
      expect(dts).toHaveLength(pts.length);
      dts.forEach((time, index) => {
        const shown = pts[index];
        const before = dts[index - 1];
        if (shown === undefined || time > shown) throw new Error(`packet ${index} is decoded at ${time}, shown at ${shown}`);
        if (before !== undefined && time <= before) throw new Error(`packet ${index} is decoded at ${time}, after ${before}`);
      });
    }),
  );
});
