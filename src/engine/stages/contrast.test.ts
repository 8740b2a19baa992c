import { expect, test } from "vitest";
import { chromaTable, contrastAt, isNeutral, lumaTable, withoutScenes } from "./contrast.ts";

const neutral = { black: 16, white: 235, gamma: 1, cb: 0, cr: 0 };
const timeBase = { num: 1, den: 1000 };

test("a faded range becomes the whole one", () => {
  const table = lumaTable({ ...neutral, black: 40, white: 200 }, "limited", 8);
  expect((table[40] ?? 0) / 64).toBeCloseTo(16, 1);
  expect((table[200] ?? 0) / 64).toBeCloseTo(235, 1);
  expect((table[120] ?? 0) / 64).toBeCloseTo(125.5, 1);
});

test("tables never fall, in 8 and in 10 bits, and 10 bits say the same finer", () => {
  const contrast = { ...neutral, black: 50, white: 180, gamma: 0.9 };
  const [eight, ten] = [lumaTable(contrast, "limited", 8), lumaTable(contrast, "limited", 10)];
  for (const table of [eight, ten]) {
    for (let i = 1; i < table.length; i += 1) expect(table[i] ?? 0).toBeGreaterThanOrEqual(table[i - 1] ?? 0);
  }
  for (let i = 50; i <= 180; i += 1) expect(Math.abs((eight[i] ?? 0) * 4 - (ten[i * 4] ?? 0))).toBeLessThan(8);
});

test("the stretch has a limit and keeps the middle of the tones in place", () => {
  const table = lumaTable({ ...neutral, black: 100, white: 150 }, "limited", 8);
  const gain = ((table[140] ?? 0) - (table[110] ?? 0)) / 64 / 30;
  expect(gain).toBeCloseTo(1.8, 1);
  // (value that the full stretch would leave alone) 16 + (v - 100) * 4.38 = v
  expect((table[125] ?? 0) / 64).toBeCloseTo(125, 0);
});

test("tones are never pushed together, and black is never lifted", () => {
  const table = lumaTable({ ...neutral, black: 16, white: 255 }, "limited", 8);
  for (let i = 0; i < 256; i += 1) expect(table[i]).toBe(i * 64);
});

test("grey stays grey and colours grow less than luma", () => {
  const table = chromaTable({ ...neutral, black: 40, white: 200 }, 0, "limited", 8);
  expect(table[128]).toBe(128 * 64);
  const gain = ((table[138] ?? 0) / 64 - 128) / 10;
  expect(gain).toBeGreaterThan(1.1);
  expect(gain).toBeLessThan(219 / 160);
});

test("between points everything changes linearly, outside the nearest holds", () => {
  const curve = [
    { ...neutral, ticks: 1000n, black: 20 },
    { ...neutral, ticks: 3000n, black: 30, cb: 2 },
  ];
  expect(contrastAt(curve, 0, timeBase)?.black).toBe(20);
  expect(contrastAt(curve, 2, timeBase)).toMatchObject({ black: 25, cb: 1 });
  expect(contrastAt(curve, 9, timeBase)?.black).toBe(30);
  expect(contrastAt([], 1, timeBase)).toBeUndefined();
});

test("what needs nothing is recognised for both ranges", () => {
  expect(isNeutral(neutral, "limited")).toBe(true);
  expect(isNeutral(neutral, "full")).toBe(false);
  expect(isNeutral({ ...neutral, gamma: 0.9 }, "limited")).toBe(false);
});

test("a dark scene in a faded film is not brightened, a bright one not darkened more than the film", () => {
  const curve = [
    { ...neutral, ticks: 0n, black: 40, white: 200 },
    { ...neutral, ticks: 1n, black: 38, white: 70 },
    { ...neutral, ticks: 2n, black: 150, white: 200 },
  ];
  const [, dark, bright] = withoutScenes(curve);
  expect(dark?.white).toBe(170);
  expect(bright?.black).toBe(58);
  if (dark === undefined) throw new RangeError("a point is missing");
  // The scene's brightest tone ends where the film's fading explains it, far from white.
  expect((lumaTable(dark, "limited", 8)[70] ?? 0) / 64).toBeLessThan(75);
  expect(withoutScenes([])).toEqual([]);
});
