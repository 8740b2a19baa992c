import { expect, test } from "vitest";
import { isSpread } from "./shared.ts";

test("of many pictures five are judged, from the first part to the last, and of few all", () => {
  const chosen = (count: number): number[] =>
    Array.from({ length: count }, (_, index) => index).filter((index) => isSpread(index, count));
  expect(chosen(3)).toEqual([0, 1, 2]);
  expect(chosen(5)).toEqual([0, 1, 2, 3, 4]);
  expect(chosen(10)).toEqual([1, 3, 5, 7, 9]);
  expect(chosen(11)).toHaveLength(5);
});
