import { expect, test } from "vitest";
import { chooseShowing, isRepeatedFrame, knowsEnough, type TimedFrame } from "./interpolate-pairing.ts";

/** Frames every 10 ticks; "r" repeats the frame before. */
function frames(pattern: string): readonly TimedFrame[] {
  return [...pattern].map((letter, index) => ({ pts: BigInt(index * 10), isRepeat: letter === "r" }));
}

test("at a frame's own time the frame is shown as it is", () => {
  expect(chooseShowing(frames("...."), 20n)).toEqual({ kind: "frame", index: 2 });
});

test("between two frames their picture in between is shown, at its exact share", () => {
  expect(chooseShowing(frames("...."), 14n)).toEqual({ kind: "between", first: 1, second: 2, share: 0.4 });
});

test("before the first frame the first is shown, after the last one the last", () => {
  expect(chooseShowing(frames("..."), -5n)).toEqual({ kind: "frame", index: 0 });
  expect(chooseShowing(frames("..."), 20n)).toEqual({ kind: "frame", index: 2 });
  expect(chooseShowing(frames("..."), 99n)).toEqual({ kind: "frame", index: 2 });
});

test("animation on twos moves on through the repeated frames", () => {
  const onTwos = frames(".r.r.r");
  expect(chooseShowing(onTwos, 20n)).toEqual({ kind: "frame", index: 2 });
  expect(chooseShowing(onTwos, 25n)).toEqual({ kind: "between", first: 2, second: 4, share: 0.25 });
  expect(chooseShowing(onTwos, 30n)).toEqual({ kind: "between", first: 2, second: 4, share: 0.5 });
  expect(chooseShowing(onTwos, 35n)).toEqual({ kind: "between", first: 2, second: 4, share: 0.75 });
});

test("a picture shown four times is one picture, one shown five times stands still", () => {
  expect(chooseShowing(frames(".rrr."), 20n)).toEqual({ kind: "between", first: 0, second: 4, share: 0.5 });
  const still = frames("..rrrr..");
  expect(chooseShowing(still, 33n)).toEqual({ kind: "frame", index: 3 });
  expect(chooseShowing(still, 55n)).toEqual({ kind: "between", first: 5, second: 6, share: 0.5 });
});

test("repeats at the end of the video stand still", () => {
  expect(chooseShowing(frames("..rr"), 25n)).toEqual({ kind: "frame", index: 2 });
});

test("what is shown depends on the frames around alone", () => {
  const long = frames("...r.rr.rrrrrr..r.r.r...rrr....rrrrr.r..");
  for (let ticks = 100n; ticks < 300n; ticks += 7n) {
    const index = Number(ticks / 10n);
    const [from, until] = [index - 8, index + 5];
    const whole = chooseShowing(long, ticks);
    const part = chooseShowing(long.slice(from, until), ticks);
    if (whole.kind === "frame") expect(part).toEqual({ kind: "frame", index: whole.index - from });
    else expect(part).toEqual({ ...whole, first: whole.first - from, second: whole.second - from });
  }
});

test("as many frames are waited for as repeats make necessary", () => {
  expect(knowsEnough(frames("."), 0)).toBe(false);
  expect(knowsEnough(frames(".."), 0)).toBe(true);
  expect(knowsEnough(frames(".rr"), 0)).toBe(false);
  expect(knowsEnough(frames(".rr."), 0)).toBe(true);
  expect(knowsEnough(frames(".rrrr"), 0)).toBe(true);
});

test("a frame is a repeat when it hardly differs where others moved", () => {
  expect(isRepeatedFrame(0, [])).toBe(true);
  expect(isRepeatedFrame(0.4, [20, 0.3, 18])).toBe(true);
  expect(isRepeatedFrame(0.4, [0.5, 0.3, 0.4])).toBe(false);
  expect(isRepeatedFrame(3, [60, 3, 50])).toBe(false);
});
