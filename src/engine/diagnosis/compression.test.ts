import { expect, test } from "vitest";
import { timelineOf, videoStream } from "../../../test/support/media.ts";
import { codecDamage, measureCompression } from "./compression.ts";

const codedSize = { width: 100, height: 100 };

function compressionOf(codec: string, bitsPerPixel: number): number | undefined {
  const bytes = (bitsPerPixel * 100 * 100 * 50) / 8;
  const extents = new Map([[0, { packets: 50, bytes, startSeconds: 0, endSeconds: 2 }]]);
  return measureCompression(videoStream({ index: 0, codec, codedSize }), { ...timelineOf(50), extents });
}

test("fewer bits for a pixel are stronger compression, from nothing to all", () => {
  const found = [1, 0.3, 0.1, 0.03, 0.01, 0.001].map((bits) => compressionOf("h264", bits) ?? Number.NaN);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
  expect(found.map((value) => Number(value.toFixed(2)))).toEqual([0, 0, 0.32, 0.68, 1, 1]);
});

test("a codec that needs fewer bits is squeezed less by as many", () => {
  expect(compressionOf("hevc", 0.06)).toBeCloseTo(compressionOf("h264", 0.1) ?? Number.NaN);
  expect(compressionOf("mpeg2video", 0.2)).toBeCloseTo(compressionOf("h264", 0.1) ?? Number.NaN);
});

test("a stream of unknown size says nothing", () => {
  const nothing = { ...timelineOf(50), extents: new Map() };
  expect(measureCompression(videoStream({ index: 0 }), nothing)).toBeUndefined();
});

test("plain blocks tell of a codec whose bits would have been ample", () => {
  expect(codecDamage({ compression: 0, blockiness: 0.25 })).toBe(0);
  expect(codecDamage({ compression: 0, blockiness: 0.3 })).toBeCloseTo(0.02);
  expect(codecDamage({ compression: 0, blockiness: 0.5 })).toBeCloseTo(0.12);
  expect(codecDamage({ compression: 0.6, blockiness: 0.4 })).toBe(0.6);
});
