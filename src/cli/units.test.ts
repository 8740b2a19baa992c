import { describe, expect, it } from "vitest";
import { countOf, formatBytes, formatClock, formatCount, formatDuration } from "./units.ts";

describe("units", () => {
  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1_000, "1.0 kB"],
    [45_269, "45 kB"],
    [999_499, "999 kB"],
    [1_200_000, "1.2 MB"],
    [25e9, "25 GB"],
  ])("writes %i bytes as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, "0:00"],
    [6.2, "0:07"],
    [3_723, "1:02:03"],
  ])("writes %d seconds on the clock as %s", (seconds, text) => expect(formatClock(seconds)).toBe(text));

  it.each([
    [0.5, "0.50 s"],
    [12.34, "12.3 s"],
    [125, "2:05 min"],
    [3_723, "1:02:03 h"],
  ])("writes a duration of %d seconds as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it("counts", () => {
    expect([countOf(1, "frame"), countOf(2, "frame"), formatCount(1234567)]).toEqual(["1 frame", "2 frames", "1,234,567"]);
  });
});
