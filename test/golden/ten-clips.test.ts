import { join } from "node:path";
import { expect, test } from "vitest";
import type { MediaInfo } from "../../src/domain/media-info.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { expectAudioOffsetsKept, expectFaithful, tracksOf } from "../support/faithful.ts";
import { readMedia, readSubtitles } from "../support/ffprobe-like.ts";
import { shorten } from "../support/shorten.ts";
import { upscale } from "../support/upscale.ts";

// The ten kinds of video that the main job must bring through, each read back independently of the engine's report.

/** Latitude and longitude of the place of recording, whatever the number of digits. */
function coordinates({ metadata }: MediaInfo): readonly number[] {
  return (metadata["location"]?.match(/[+-][\d.]+/g) ?? []).map(Number);
}

const h264 = { codec: "h264", pixelFormat: "yuv420p" } as const;
const hevc10 = { codec: "hevc", pixelFormat: "yuv420p10le" } as const;

test("landscape with sound: 1080p box, picture, sound and place of recording kept", async (context) => {
  const input = clip(context, "9-odd_androidx_sample.mp4");
  const upscaled = await upscale(input);
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "1620x1080", color: "limited bt709 bt709 bt709" });
  expect(tracksOf(output, "audio")).toEqual(tracksOf(source, "audio"));
  expectAudioOffsetsKept(source, output);
  expect(output.extents.get(1)).toMatchObject({
    packets: source.extents.get(1)?.packets,
    bytes: source.extents.get(1)?.bytes,
  });
  expect(output.info.metadata["creation_time"]).toBe("2016-05-31T17:01:35.000000Z");
  expect(coordinates(output.info)).toEqual(coordinates(source.info));
  expect(coordinates(output.info)).toEqual([40.68, -74.5]);
});

test("portrait by rotation: turned upright, the box's short side is the width", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_rotate90_phone.mp4");
  const upscaled = await upscale(input);
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "1080x1920",
    color: "limited smpte170m smpte170m smpte170m",
    quarterTurnsClockwise: 3,
  });
  expect(output.info.metadata["title"]).toBe("Big Buck Bunny, Sunflower version");
});

test("variable frame rate in 4:4:4: every one of 300 timestamps kept", async (context) => {
  const input = clip(context, "9-odd_torchcodec_var_fps_video.mp4");
  const upscaled = await upscale(input, { target: { kind: "scale", factor: 2 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  const steps = new Set(source.ticks.slice(1).map((ticks, index) => ticks - (source.ticks[index] ?? 0n)));
  expect(steps.size, "different frame durations in the source").toBeGreaterThan(1);
  await expectFaithful(source, output, upscaled, {
    codec: "h264",
    pixelFormat: "yuv444p",
    size: "256x256",
    color: "limited smpte170m smpte170m smpte170m",
  });
});

test("HDR10 in AV1: stays PQ, BT.2020 and 10 bit", async (context) => {
  const input = join(await temporaryFolder(), "hdr10.mp4");
  await shorten(clip(context, "9-odd_androidx_hdr10-av1.mp4"), input, 24);
  const upscaled = await upscale(input, { target: { kind: "scale", factor: 1.1 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  expect(source.ticks.length).toBeGreaterThan(20);
  await expectFaithful(source, output, upscaled, { ...hevc10, size: "792x1408", color: "limited bt2020nc bt2020 smpte2084" });
  expectAudioOffsetsKept(source, output);
});

test("HLG: stays HLG, BT.2020 and 10 bit", async (context) => {
  const input = clip(context, "9-odd_androidx_hlg10-color-test.mp4");
  const upscaled = await upscale(input, { target: { kind: "box", box: "2k" } });
  const [source, output] = [await readMedia(input, { gridEvery: 4 }), await readMedia(upscaled.outputPath, { gridEvery: 4 })];
  await expectFaithful(source, output, upscaled, { ...hevc10, size: "2560x1440", color: "limited bt2020nc bt2020 arib-std-b67" });
  expectAudioOffsetsKept(source, output);
});

test("anamorphic: pixels of 64:45 become square", async (context) => {
  const input = clip(context, "9-odd_androidx_bbb_800x640_768kbps_30fps_vp9.mp4");
  const upscaled = await upscale(input, { target: { kind: "scale", factor: 1.2 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  expect(source.video.sampleAspect).toEqual({ num: 64, den: 45 });
  await expectFaithful(source, output, upscaled, { ...h264, size: "1366x768", color: "limited bt709 bt709 bt709" });
});

test("odd size: 161x121 becomes an even size of the same aspect", async (context) => {
  const input = clip(context, "9-odd_androidx_bear-vp9-odd-dimensions.webm");
  const upscaled = await upscale(input, { target: { kind: "scale", factor: 2.5 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "402x302",
    color: "limited smpte170m smpte170m smpte170m",
    fieldTolerance: 5,
  });
});

test("many tracks: both languages, both subtitles, all chapters with their titles", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_multi.mkv");
  const upscaled = await upscale(input, { target: { kind: "scale", factor: 1.1 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "1408x792", color: "limited bt709 bt709 bt709" });
  expect(tracksOf(output, "audio")).toEqual([
    { codec: "aac", language: "eng", channels: 6 },
    { codec: "opus", language: "fra", channels: 2 },
  ]);
  expectAudioOffsetsKept(source, output);
  expect(tracksOf(output, "subtitle")).toEqual([
    { codec: "mov_text", language: "eng" },
    { codec: "mov_text", language: "fra" },
  ]);
  const cues = [...(await readSubtitles(upscaled.outputPath)).values()];
  const wanted = [...(await readSubtitles(input)).values()];
  expect(wanted.flat().map(({ text }) => text)).toEqual(["Hello, world & bunny", "Second line", "Bonjour le monde"]);
  expect(cues.map((track) => track.map(({ text }) => text))).toEqual(wanted.map((track) => track.map(({ text }) => text)));
  cues.flat().forEach((cue, index) => {
    expect(cue.startSeconds).toBeCloseTo(wanted.flat()[index]?.startSeconds ?? Number.NaN, 3);
    expect(cue.durationSeconds).toBeCloseTo(wanted.flat()[index]?.durationSeconds ?? Number.NaN, 3);
  });
  expect(output.info.chapters.map(({ title }) => title)).toEqual(["One", "Zwei – ünïcode", "Three"]);
  expect(output.info.chapters.map(({ startSeconds }) => startSeconds)).toEqual([0, 0.7, 1.4]);
  expect(output.info.metadata["title"]).toBe("Multi track test");
  expect(upscaled.report.chapters).toMatchObject({ source: 3, output: 3 });
  const attachment = upscaled.report.streams.find(({ kind }) => kind === "attachment");
  expect(attachment).toMatchObject({ action: "drop", reason: expect.stringContaining("attachment") });
});

test("WebM to WebM: VP9 with the Opus track copied, times to the millisecond", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_853x479_vp9.webm");
  const upscaled = await upscale(input, { container: "webm", target: { kind: "scale", factor: 1.5 } });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    codec: "vp9",
    pixelFormat: "yuv420p",
    size: "1278x718",
    color: "limited smpte170m smpte170m smpte170m",
  });
  expect(tracksOf(output, "audio")).toEqual(tracksOf(source, "audio"));
  expectAudioOffsetsKept(source, output);
  expect(output.info.metadata["title"]).toBe("Big Buck Bunny, Sunflower version");
});

test("1080i in a transport stream: made whole pictures, the clock's start taken off, all frames kept", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_1080i2997_tff.ts");
  const upscaled = await upscale(input);
  const options = { gridEvery: 15 }; // the fields of frame 10 lie on both sides of a cut
  const [source, output] = [await readMedia(input, options), await readMedia(upscaled.outputPath, options)];
  expect(source.info.startSeconds).toBeGreaterThan(1);
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "1920x1080",
    color: "limited bt709 bt709 bt709",
    fieldTolerance: 6,
  });
  expect(output.ticks[0]).toBe(0n);
  expect(upscaled.report.stages[0]).toMatchObject({ name: "deinterlace", reason: expect.stringContaining("combed") });
});
