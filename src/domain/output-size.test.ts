import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "./errors.ts";
import { displaySize, maxOutputPixels, resolveOutputSize } from "./output-size.ts";

const upright = { mirrored: false, quarterTurnsClockwise: 0 } as const;
const square = { num: 1, den: 1 };
const sides = fc.integer({ min: 16, max: 8192 });
const boxes = fc.constantFrom("1080p", "2k", "4k");

describe("display size", () => {
  test("square pixels stay as they are", () => {
    expect(displaySize({ width: 1920, height: 1080 }, square, upright)).toEqual({ width: 1920, height: 1080 });
  });

  test("the sample aspect widens or narrows the picture", () => {
    expect(displaySize({ width: 1440, height: 1080 }, { num: 4, den: 3 }, upright)).toEqual({ width: 1920, height: 1080 });
    expect(displaySize({ width: 720, height: 576 }, { num: 16, den: 15 }, upright)).toEqual({ width: 768, height: 576 });
    expect(displaySize({ width: 800, height: 332 }, { num: 399, den: 400 }, upright)).toEqual({ width: 798, height: 332 });
  });

  test("an aspect of nothing counts as square", () => {
    expect(displaySize({ width: 640, height: 360 }, { num: 0, den: 1 }, upright)).toEqual({ width: 640, height: 360 });
  });

  test.each([
    [0, 1920, 1080],
    [1, 1080, 1920],
    [2, 1920, 1080],
    [3, 1080, 1920],
  ] as const)("after %i quarter turns it is %ix%i", (quarterTurnsClockwise, width, height) => {
    const turned = { mirrored: true, quarterTurnsClockwise };
    expect(displaySize({ width: 1440, height: 1080 }, { num: 4, den: 3 }, turned)).toEqual({ width, height });
  });
});

describe("a named size", () => {
  test.each([
    ["1080p", 1280, 720, 1920, 1080],
    ["1080p", 720, 1280, 1080, 1920],
    ["1080p", 640, 640, 1080, 1080],
    ["1080p", 853, 480, 1920, 1080],
    ["1080p", 640, 480, 1440, 1080],
    ["2k", 1280, 720, 2560, 1440],
    ["4k", 1280, 720, 3840, 2160],
    ["4k", 1080, 1920, 2160, 3840],
    ["4k", 7680, 4320, 3840, 2160],
    ["1080p", 3840, 2160, 1920, 1080],
  ] as const)("%s of %ix%i is %ix%i: the short side is the box", (box, width, height, outWidth, outHeight) => {
    expect(resolveOutputSize({ width, height }, { kind: "box", box })).toMatchObject({ width: outWidth, height: outHeight });
  });

  test.each([
    [640, 360, 1920, 1080],
    [1920, 1080, 2560, 1440],
    [1080, 1920, 1440, 2560],
    [2560, 1440, 3840, 2160],
    [3840, 2160, 3840, 2160],
  ])("when nobody says, %ix%i goes to the next box, %ix%i", (width, height, outWidth, outHeight) => {
    expect(resolveOutputSize({ width, height }, { kind: "next_box" })).toMatchObject({ width: outWidth, height: outHeight });
  });

  test("a very wide picture gets the largest size of its aspect within the limit, and is told so", () => {
    const { width, height, reason } = resolveOutputSize({ width: 1280, height: 400 }, { kind: "box", box: "4k" });
    expect(width * height).toBeLessThanOrEqual(maxOutputPixels);
    expect(width * height).toBeGreaterThan(maxOutputPixels * 0.99);
    expect(width / height).toBeCloseTo(3.2, 2);
    expect(reason).toContain("6912x2160");
    expect(reason).toContain("8294400");
  });

  test("is even, keeps the aspect within rounding and never passes the limit", () => {
    fc.assert(
      fc.property(sides, sides, boxes, (width, height, box) => {
        fc.pre(Math.max(width, height) / Math.min(width, height) < 50);
        const size = resolveOutputSize({ width, height }, { kind: "box", box });
        expect([size.width % 2, size.height % 2]).toEqual([0, 0]);
        expect(size.width * size.height).toBeLessThanOrEqual(maxOutputPixels);
        // Each side is at most 2 away from the exact one (rounded to even, or down to even within the limit).
        const exactWidth = (size.height * width) / height;
        expect(Math.abs(size.width - exactWidth)).toBeLessThanOrEqual(2 + (2 * width) / height);
      }),
    );
  });
});

describe("a scale", () => {
  test.each([
    [1.1, 640, 360, 704, 396],
    [1.5, 853, 479, 1280, 718],
    [2, 161, 121, 322, 242],
    [2.5, 161, 121, 402, 302],
    [10, 96, 96, 960, 960],
  ])("of %f makes %ix%i into %ix%i", (factor, width, height, outWidth, outHeight) => {
    expect(resolveOutputSize({ width, height }, { kind: "scale", factor })).toMatchObject({ width: outWidth, height: outHeight });
  });

  test("past the limit is an error that names the numbers and a factor that works", () => {
    const attempt = (): unknown => resolveOutputSize({ width: 1920, height: 1080 }, { kind: "scale", factor: 3 });
    expect(attempt).toThrow(AppError);
    expect(attempt).toThrow(/1920x1080 scaled by 3 is 5760x3240 = 18662400 pixels.*8294400 \(3840x2160\).*--scale 2 or less/);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: "size_limit", details: { width: 5760, height: 3240, pixels: 18_662_400 } });
    }
  });

  test("of a source at the limit already is answered with the box", () => {
    expect(() => resolveOutputSize({ width: 3840, height: 2160 }, { kind: "scale", factor: 1.1 })).toThrow(/use --to 4k/);
  });

  test("the factor that the error proposes works", () => {
    fc.assert(
      fc.property(sides, sides, fc.double({ min: 1.1, max: 10, noNaN: true }), (width, height, factor) => {
        try {
          const size = resolveOutputSize({ width, height }, { kind: "scale", factor });
          expect([size.width % 2, size.height % 2]).toEqual([0, 0]);
          expect(size.width * size.height).toBeLessThanOrEqual(maxOutputPixels);
          expect(Math.abs(size.width - width * factor)).toBeLessThanOrEqual(1);
          expect(Math.abs(size.height - height * factor)).toBeLessThanOrEqual(1);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          expect(error.code).toBe("size_limit");
          const proposed = /--scale ([\d.]+) or less/.exec(error.message)?.[1];
          if (proposed === undefined) return;
          const again = { kind: "scale", factor: Number(proposed) } as const;
          expect(resolveOutputSize({ width, height }, again).width).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("a factor within a longest side", () => {
  test.each([
    [1280, 720, 4096, 2304],
    [1080, 1920, 2304, 4096],
    [1920, 1080, 4096, 2304],
    [1280, 768, 4096, 2458],
    [640, 360, 2560, 1440],
    [320, 180, 1280, 720],
    [960, 540, 3840, 2160],
    [854, 480, 3416, 1920],
    [1024, 1024, 4096, 4096],
    [8192, 4320, 4096, 2160],
  ])("%ix%i becomes %ix%i", (width, height, outWidth, outHeight) => {
    const target = { kind: "scale_within", factor: 4, maxSide: 4096 } as const;
    expect(resolveOutputSize({ width, height }, target)).toMatchObject({ width: outWidth, height: outHeight });
  });
});

describe("doubling until a long side is reached", () => {
  test.each([
    [1280, 720, 4096, 2304],
    [1080, 1920, 2160, 3840],
    [1920, 1080, 3840, 2160],
    [720, 1280, 2304, 4096],
    [1280, 768, 4096, 2458],
    [960, 540, 3840, 2160],
    [640, 360, 4096, 2304],
    [3840, 2160, 3840, 2160],
    [1024, 1024, 4096, 4096],
    [5000, 2500, 4096, 2048],
  ])("%ix%i becomes %ix%i", (width, height, outWidth, outHeight) => {
    const target = { kind: "doubled", atLeast: 3840, atMost: 4096 } as const;
    expect(resolveOutputSize({ width, height }, target)).toMatchObject({ width: outWidth, height: outHeight });
  });
});

test("a named size leaves a larger source as it is, where that is asked for", () => {
  const target = { kind: "box", box: "1080p", keepsLarger: true } as const;
  expect(resolveOutputSize({ width: 2560, height: 1440 }, target)).toMatchObject({ width: 2560, height: 1440 });
  expect(resolveOutputSize({ width: 640, height: 360 }, target)).toMatchObject({ width: 1920, height: 1080 });
});
