import { describe, expect, test } from "vitest";
import type { ColorInfo, PixelFormatInfo } from "../domain/media-info.ts";
import { resolveColor } from "./color.ts";

const yuv420: PixelFormatInfo = { name: "yuv420p", bitDepth: 8, chroma: "420", isRgb: false, hasAlpha: false };
const unsaid: ColorInfo = {
  range: "unknown",
  matrix: "unknown",
  primaries: "unknown",
  transfer: "unknown",
  chromaLocation: "unknown",
};
const tags = ({ range, matrix, primaries, transfer, chromaLocation }: ColorInfo): string =>
  `${range} ${matrix} ${primaries} ${transfer} ${chromaLocation}`;

describe("without tags", () => {
  test.each([
    [720, 480, "limited smpte170m smpte170m smpte170m left"],
    [640, 360, "limited smpte170m smpte170m smpte170m left"],
    [1024, 574, "limited smpte170m smpte170m smpte170m left"],
    [720, 576, "limited bt470bg bt470bg smpte170m left"],
    [1280, 576, "limited bt709 bt709 bt709 left"],
    [960, 720, "limited bt709 bt709 bt709 left"],
    [1920, 1080, "limited bt709 bt709 bt709 left"],
  ])("%ix%i is tagged as players assume", (width, height, expected) => {
    const { color, reason } = resolveColor(unsaid, { width, height }, yuv420);
    expect(tags(color)).toBe(expected);
    expect(reason).toContain("not tagged in the source");
  });
});

describe("what the source says never changes", () => {
  const said: ColorInfo = {
    range: "full",
    matrix: "smpte170m",
    primaries: "bt709",
    transfer: "iec61966-2-1",
    chromaLocation: "topleft",
  };

  test("at any size", () => {
    for (const size of [
      { width: 320, height: 240 },
      { width: 3840, height: 2160 },
    ]) {
      expect(resolveColor(said, size, yuv420)).toEqual({ color: said, reason: "as tagged in the source" });
    }
  });

  test("each tag on its own", () => {
    for (const key of ["range", "matrix", "primaries", "transfer", "chromaLocation"] as const) {
      const { color } = resolveColor({ ...unsaid, [key]: said[key] }, { width: 1920, height: 1080 }, yuv420);
      expect(color[key]).toBe(said[key]);
    }
  });
});

test("wide-gamut primaries bring the wide-gamut matrix, and the other way round", () => {
  const size = { width: 1920, height: 1080 };
  expect(resolveColor({ ...unsaid, primaries: "bt2020", transfer: "smpte2084" }, size, yuv420).color.matrix).toBe("bt2020nc");
  expect(resolveColor({ ...unsaid, matrix: "bt2020nc" }, size, yuv420).color.primaries).toBe("bt2020");
});

test("a standard-definition matrix in a large picture keeps its own primaries", () => {
  const { color } = resolveColor({ ...unsaid, matrix: "smpte170m" }, { width: 1920, height: 1080 }, yuv420);
  expect(tags(color)).toBe("limited smpte170m smpte170m smpte170m left");
});

test("the old full-range formats are full range unless the tag says otherwise", () => {
  const size = { width: 640, height: 480 };
  const yuvj = { ...yuv420, name: "yuvj420p" };
  expect(resolveColor(unsaid, size, yuvj).color.range).toBe("full");
  expect(resolveColor({ ...unsaid, range: "limited" }, size, yuvj).color.range).toBe("limited");
});

test("RGB becomes BT.709 in limited range", () => {
  const rgb: PixelFormatInfo = { name: "bgra", bitDepth: 8, chroma: "444", isRgb: true, hasAlpha: true };
  const { color, reason } = resolveColor({ ...unsaid, matrix: "gbr", range: "full" }, { width: 480, height: 270 }, rgb);
  expect(tags(color)).toBe("limited bt709 bt709 bt709 left");
  expect(reason).toContain("RGB");
});
