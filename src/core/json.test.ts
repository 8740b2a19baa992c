import { expect, test } from "vitest";
import { stringifyJson } from "./json.ts";

test("bigints are written as plain integers, keys in their order", () => {
  expect(stringifyJson({ b: 12n, a: [1, -3n], c: undefined })).toBe('{"b":12,"a":[1,-3]}');
});

test("a bigint that JSON readers would round is refused", () => {
  expect(() => stringifyJson({ ticks: 2n ** 53n })).toThrow(RangeError);
});
