import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../src/domain/errors.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { readMedia } from "../support/ffprobe-like.ts";
import { shorten } from "../support/shorten.ts";
import { upscale } from "../support/upscale.ts";

// Every broken or foreign input ends in a clear error, or in a result that the report calls partial.

const slightly = { target: { kind: "scale", factor: 1.1 } } as const;

async function refusalOf(inputPath: string): Promise<AppError> {
  try {
    await upscale(inputPath, slightly);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  } finally {
    expect(liveFrameCount(), "live native frames").toBe(0);
  }
  throw new Error(`${inputPath} was taken for a video`);
}

const refused: readonly (readonly [string, ErrorCode, RegExp])[] = [
  ["9-odd_broken_zero_bytes.mp4", "input_unreadable", /empty \(0 bytes\)/],
  ["9-odd_broken_text.mp4", "input_unreadable", /not a video file/],
  ["9-odd_broken_random.mkv", "input_unreadable", /not a video file/],
  ["9-odd_broken_truncated_moov_at_end.mp4", "input_unreadable", /not a video file/],
  ["9-odd_audio_only.mp3", "no_video", /only sound/],
  ["9-odd_androidx_sample_audio_only.mp4", "no_video", /only sound/],
  ["9-odd_still_image.png", "no_video", /still image/],
  ["9-odd_broken_huge_dims.gif", "no_video", /no video track/],
  ["9-odd_androidx_invalid-bitstream.webm", "decode_failed", /damaged/],
];

test.for(refused)("%s is refused as %s", async ([name, code, message], context) => {
  const error = await refusalOf(clip(context, name));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test("a web page saved as a video is refused", async () => {
  const path = join(await temporaryFolder(), "video.mp4");
  await writeFile(path, "<!doctype html><html><head><title>404</title></head><body>Not found</body></html>");
  expect((await refusalOf(path)).code).toBe("input_unreadable");
});

test("a playlist that points to another file is refused", async (context) => {
  const path = join(await temporaryFolder(), "list.mp4");
  await writeFile(path, `ffconcat version 1.0\nfile '${clip(context, "9-odd_derived_bbb_noaudio_1frame.mp4")}'\n`);
  expect((await refusalOf(path)).code).toBe("input_unreadable");
});

test("a missing file and a folder are refused", async () => {
  const folder = await temporaryFolder();
  expect((await refusalOf(join(folder, "nothing.mp4"))).code).toBe("input_not_found");
  expect((await refusalOf(folder)).code).toBe("input_unreadable");
});

test("a header cut off after its first bytes is refused", async (context) => {
  const path = join(await temporaryFolder(), "cut.mp4");
  const whole = await readFile(clip(context, "9-odd_derived_bbb_noaudio_1frame.mp4"));
  await writeFile(path, whole.subarray(0, 500));
  expect((await refusalOf(path)).code).toBe("input_unreadable");
});

test("a file cut in its middle gives its first part, called partial with the reasons", async (context) => {
  const { report, outputPath } = await upscale(clip(context, "9-odd_broken_truncated_faststart.mp4"), slightly);
  expect(report.state).toBe("partial");
  expect(report.partialBecause.join("\n")).toMatch(/announces 120 frames, the file holds 3\d/);
  const output = await readMedia(outputPath, { gridEvery: 30 });
  expect(output.ticks.length).toBe(report.frames.output);
  expect(output.ticks.length).toBeGreaterThan(25);
  expect(liveFrameCount()).toBe(0);
});

test("flipped bits in the picture data give a partial result that counts the damage", async (context) => {
  const path = join(await temporaryFolder(), "flipped.mp4");
  await shorten(clip(context, "9-odd_broken_bitflips.mp4"), path, 24);
  const { report, outputPath } = await upscale(path, slightly);
  expect(report.state).toBe("partial");
  expect(report.frames.damaged + report.frames.rejectedPackets).toBeGreaterThan(0);
  expect(report.partialBecause.length).toBeGreaterThan(0);
  expect((await readMedia(outputPath, { gridEvery: 30 })).ticks.length).toBe(report.frames.output);
});

test("dimensions that only the container claims are not believed", async (context) => {
  const { report } = await upscale(clip(context, "9-odd_broken_huge_dims.mp4"), { target: { kind: "scale", factor: 2 } });
  expect(report.output.size).toEqual({ width: 128, height: 128 });
  expect(report.frames.output).toBe(5);
});

test("frames that all claim the same time are set one tick apart", async (context) => {
  const { report, outputPath } = await upscale(clip(context, "9-odd_androidx_sample_with_fake_auxiliary_tracks.mp4"), {
    target: { kind: "scale", factor: 4 },
  });
  expect(report.frames.repairedTimestamps).toBe(4);
  expect((await readMedia(outputPath)).ticks).toEqual([0n, 1n, 2n, 3n, 4n]);
});

test("a sound track without a codec is left out with the reason; the picture is whole", async (context) => {
  const { report } = await upscale(clip(context, "9-odd_androidx_sample_missing_stsd.mp4"), slightly);
  expect(report.state).toBe("complete");
  expect(report.frames.output).toBe(30);
  expect(report.streams).toEqual([expect.objectContaining({ kind: "audio", action: "drop" })]);
});

test("an empty second video track does not get in the way", async (context) => {
  const { report } = await upscale(clip(context, "9-odd_androidx_sample_empty_track.mp4"), slightly);
  expect(report.frames.output).toBe(30);
  expect(report.streams.map(({ kind, action }) => [kind, action])).toEqual([
    ["video", "drop"],
    ["audio", "keep"],
  ]);
});
