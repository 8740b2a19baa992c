import { expect } from "vitest";
import type { AudioStream, MediaStream } from "../../src/domain/media-info.ts";
import { secondsToTicks } from "../../src/domain/rational.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { type Grid, mean, type Reading, topLevelBoxes, turnFields } from "./ffprobe-like.ts";
import type { Upscaled } from "./upscale.ts";

export type Expected = {
  readonly size: string;
  readonly codec: string;
  readonly pixelFormat: string;
  /** range matrix primaries transfer */
  readonly color: string;
  readonly quarterTurnsClockwise?: number;
  readonly mirrored?: boolean;
  /** How far a field of 1/8 × 1/8 of the picture may be off; interlaced and very small pictures need more room. */
  readonly fieldTolerance?: number;
};

/** Everything that must hold for any complete result, whatever the clip. */
export async function expectFaithful(source: Reading, output: Reading, upscaled: Upscaled, expected: Expected): Promise<void> {
  expect(upscaled.report.state).toBe("complete");
  expectTime(source, output);
  expectPicture(output, expected);
  expectSamePixels(source, output, expected);
  if (!output.info.container.includes("webm")) expectWebReady(await topLevelBoxes(upscaled.outputPath));
  expect(liveFrameCount(), "live native frames").toBe(0);
}

/** Every frame at its source's time: exactly, or to the millisecond in WebM. */
export function expectTime(source: Reading, output: Reading): void {
  expect(output.ticks).toHaveLength(source.ticks.length);
  const shift = source.info.hasArbitraryClock ? secondsToTicks(source.info.startSeconds, source.timeBase) : 0n;
  const isWebm = output.info.container.includes("webm");
  // Cross-multiplied, so that no rounding hides a difference.
  const errors = source.ticks.map((ticks, index) => {
    const left = (output.ticks[index] ?? -1n) * BigInt(output.timeBase.num) * BigInt(source.timeBase.den);
    const right = (ticks - shift) * BigInt(source.timeBase.num) * BigInt(output.timeBase.den);
    const unit = BigInt(output.timeBase.den) * BigInt(source.timeBase.den);
    return { index, off: left - right, unit };
  });
  const wrong = errors.filter(({ off, unit }) => (isWebm ? (off < 0n ? -off : off) * 2000n > unit : off !== 0n));
  expect(wrong.slice(0, 3), `frames at another time, ${wrong.length} in all`).toEqual([]);
}

function expectPicture({ video }: Reading, expected: Expected): void {
  const { color } = video;
  expect({
    size: `${video.codedSize.width}x${video.codedSize.height}`,
    codec: video.codec,
    pixelFormat: video.pixelFormat.name,
    color: `${color.range} ${color.matrix} ${color.primaries} ${color.transfer}`,
    sampleAspect: video.sampleAspect,
    orientation: video.orientation,
  }).toEqual({
    size: expected.size,
    codec: expected.codec,
    pixelFormat: expected.pixelFormat,
    color: expected.color,
    sampleAspect: { num: 1, den: 1 },
    orientation: { mirrored: false, quarterTurnsClockwise: 0 },
  });
}

/** The same picture, upright: each channel's mean within half a step, each field of a coarse grid near its source. */
function expectSamePixels(source: Reading, output: Reading, expected: Expected): void {
  expect(output.grids).toHaveLength(source.grids.length);
  expect(source.grids.length).toBeGreaterThan(0);
  const { quarterTurnsClockwise = 0, mirrored = false, fieldTolerance = 3 } = expected;
  for (const channel of ["y", "cb", "cr"] as const) {
    const all = (reading: Reading): number => mean(reading.grids.map((grid: Grid) => mean(grid[channel])));
    expect(Math.abs(all(output) - all(source)), `drift of ${channel}`).toBeLessThan(0.5);
    source.grids.forEach((grid, index) => {
      const wanted = turnFields(grid[channel], quarterTurnsClockwise, mirrored);
      const found = output.grids[index]?.[channel] ?? [];
      const off = Math.max(...wanted.map((value, field) => Math.abs(value - (found[field] ?? Number.NaN))));
      expect(off, `largest difference of a field, ${channel}, sample ${index}`).toBeLessThan(fieldTolerance);
    });
  }
}

function expectWebReady(boxes: readonly string[]): void {
  expect(boxes).toContain("moov");
  expect(boxes.indexOf("moov"), "moov before mdat").toBeLessThan(boxes.indexOf("mdat"));
}

export function audioOf({ info }: Reading): readonly AudioStream[] {
  return info.streams.filter((stream) => stream.kind === "audio");
}

export type ExpectedTrack = { readonly codec: string; readonly language?: string; readonly channels?: number };

/** Tracks of one kind in their order: codec, language where it is known, channels. */
export function tracksOf({ info }: Reading, kind: MediaStream["kind"]): readonly ExpectedTrack[] {
  return info.streams
    .filter((stream) => stream.kind === kind)
    .map((stream) => {
      const { language } = stream.metadata;
      return {
        codec: stream.codec,
        ...(language === undefined || language === "und" ? {} : { language }),
        ...(stream.kind === "audio" ? { channels: stream.channels } : {}),
      };
    });
}

/** Sound against picture moved by at most 1 ms, for each audio track in order. */
export function expectAudioOffsetsKept(source: Reading, output: Reading): void {
  const offsets = (reading: Reading): readonly number[] =>
    audioOf(reading).map(({ index }) => {
      const [first = 0n] = reading.ticks;
      const videoStart = (Number(first) * reading.timeBase.num) / reading.timeBase.den;
      return (reading.extents.get(index)?.startSeconds ?? Number.NaN) - videoStart;
    });
  const [before, after] = [offsets(source), offsets(output)];
  expect(before.length).toBeGreaterThan(0);
  expect(after).toHaveLength(before.length);
  before.forEach((offset, track) => {
    expect(Math.abs((after[track] ?? Number.NaN) - offset), `audio ${track} moved`).toBeLessThanOrEqual(0.001);
  });
}
