import { expect, test } from "vitest";
import { describePixelFormat } from "./pixel-format.ts";

test.each([
  ["yuv420p", 8, "420", false, false],
  ["yuvj422p", 8, "422", false, false],
  ["yuv444p", 8, "444", false, false],
  ["yuv420p10le", 10, "420", false, false],
  ["yuv422p10le", 10, "422", false, false],
  ["yuv444p12le", 12, "444", false, false],
  ["yuva420p", 8, "420", false, true],
  ["yuva444p16le", 16, "444", false, true],
  ["yuv411p", 8, "other", false, false],
  ["yuv410p", 8, "other", false, false],
  ["nv12", 8, "420", false, false],
  ["p010le", 10, "420", false, false],
  ["uyvy422", 8, "422", false, false],
  ["gray", 8, "gray", false, false],
  ["gray10le", 10, "gray", false, false],
  ["gray16le", 16, "gray", false, false],
  ["ya8", 8, "gray", false, true],
  ["monob", 8, "gray", false, false],
  ["rgb24", 8, "444", true, false],
  ["bgra", 8, "444", true, true],
  ["argb", 8, "444", true, true],
  ["gbrp", 8, "444", true, false],
  ["gbrp10le", 10, "444", true, false],
  ["gbrap12le", 12, "444", true, true],
  ["rgb48le", 16, "444", true, false],
  ["rgba64le", 16, "444", true, true],
  ["pal8", 8, "444", true, true],
  ["bgr0", 8, "444", true, false],
  ["rgb565le", 8, "444", true, false],
] as const)("%s: %i bit, chroma %s", (name, bitDepth, chroma, isRgb, hasAlpha) => {
  expect(describePixelFormat(name)).toEqual({ name, bitDepth, chroma, isRgb, hasAlpha });
});
