import { describe, expect, it } from "vitest";
import { mostDemanding } from "./demanding.ts";

const timeBase = { num: 1, den: 100 };
/** 25 frames a second. */
const sizesOf = (bytes: readonly number[]) => bytes.map((each, index) => ({ ticks: BigInt(50 + index * 4), bytes: each }));
const endOf = (frames: number): bigint => BigInt(50 + frames * 4);

describe("the most demanding stretch", () => {
  it("is the two seconds with the most bytes", () => {
    const bytes = Array.from({ length: 250 }, (_, index) => (index >= 100 && index < 150 ? 900 : 300));
    const found = mostDemanding(sizesOf(bytes), timeBase, endOf(250));
    expect(found).toMatchObject({ fromTicks: 450n, untilTicks: 650n, startSeconds: 4, durationSeconds: 2 });
    expect(found?.reason).toContain("3.0 times");
  });

  it("is the middle where all take the same", () => {
    const found = mostDemanding(sizesOf(Array.from({ length: 250 }, () => 300)), timeBase, endOf(250));
    expect(found?.startSeconds).toBeCloseTo(4, 0);
    expect(found?.reason).toContain("the middle");
  });

  it("goes to the end without a bound where it is last", () => {
    const bytes = Array.from({ length: 250 }, (_, index) => (index >= 200 ? 900 : 300));
    expect(mostDemanding(sizesOf(bytes), timeBase, endOf(250))).toMatchObject({ fromTicks: 850n, untilTicks: undefined });
  });

  it("is all of a short video, and none of an empty one", () => {
    expect(mostDemanding(sizesOf([1, 2, 3]), timeBase, endOf(3))).toMatchObject({ startSeconds: 0, durationSeconds: 0.12 });
    expect(mostDemanding([], timeBase, 0n)).toBeUndefined();
  });
});
