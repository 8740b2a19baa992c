import { describe, expect, it } from "vitest";
import { contentDisposition, parseByteRange } from "./byte-range.ts";

describe("parseByteRange", () => {
  it.each([
    [undefined, "whole"],
    ["bytes=0-", { start: 0, end: 99 }],
    ["bytes=10-19", { start: 10, end: 19 }],
    ["Bytes = 10-1000", { start: 10, end: 99 }],
    ["bytes=-5", { start: 95, end: 99 }],
    ["bytes=-500", { start: 0, end: 99 }],
    ["bytes=99-99", { start: 99, end: 99 }],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=20-10", "whole"],
    ["bytes=0-1,5-6", "whole"],
    ["bytes=-", "whole"],
    ["lines=1-2", "whole"],
  ])("reads %s of 100 bytes", (header, expected) => expect(parseByteRange(header, 100)).toEqual(expected));

  it("finds nothing in an empty file", () => {
    expect([parseByteRange("bytes=0-", 0), parseByteRange("bytes=-5", 0)]).toEqual(["unsatisfiable", "unsatisfiable"]);
  });
});

describe("contentDisposition", () => {
  it.each([
    ["film.mp4", `inline; filename="film.mp4"`],
    [`a "b" \\ c.mp4`, `inline; filename="a _b_ _ c.mp4"; filename*=UTF-8''a%20%22b%22%20%5C%20c.mp4`],
    ["größe (1).mp4", `inline; filename="gr__e (1).mp4"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%281%29.mp4`],
    ["100%.mp4", `inline; filename="100_.mp4"; filename*=UTF-8''100%25.mp4`],
  ])("names %s", (name, expected) => expect(contentDisposition("inline", name)).toBe(expected));
});
