import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { audioOf, expectAudioOffsetsKept, expectFaithful, tracksOf } from "../support/faithful.ts";
import { readMedia } from "../support/ffprobe-like.ts";
import { shorten } from "../support/shorten.ts";
import { upscale } from "../support/upscale.ts";

// Containers, codecs and kinds of picture beyond the ten; small scales, so that the set stays quick.

const h264 = { codec: "h264", pixelFormat: "yuv420p" } as const;
const request1080p = { ...defaultRequest, target: { kind: "box", box: "1080p" } } as const;
const bt601 = "limited smpte170m smpte170m smpte170m";
const times = (factor: number) => ({ target: { kind: "scale", factor } }) as const;

test("an iPhone clip with edit list, rotation and HLG: every time kept, upright, still HLG", async (context) => {
  const input = clip(context, "6-ugc_androidx_sample_edit_list.mp4");
  const { plan } = await inspect(input, request1080p, 2);
  expect(plan.time.frames, "frames within the edit list, of 86 stored").toBe(77);
  const upscaled = await upscale(input, { target: { kind: "box", box: "1080p" } });
  const options = { gridEvery: 30 };
  const [source, output] = [await readMedia(input, options), await readMedia(upscaled.outputPath, options)];
  await expectFaithful(source, output, upscaled, {
    codec: "hevc",
    pixelFormat: "yuv420p10le",
    size: "1080x1920",
    color: "limited bt2020nc bt2020 arib-std-b67",
    quarterTurnsClockwise: 1,
  });
  expectAudioOffsetsKept(source, output);
  expect(upscaled.report.streams.filter(({ kind }) => kind === "data").map(({ action }) => action)).toEqual(["drop", "drop"]);
});

test("true variable rate upside down: turned twice, times kept", async (context) => {
  const input = join(await temporaryFolder(), "vfr.mp4");
  await shorten(clip(context, "9-odd_derived_juggle_vfr_rot180.mp4"), input, 20);
  const upscaled = await upscale(input, times(1.1));
  const options = { gridEvery: 5 };
  const [source, output] = [await readMedia(input, options), await readMedia(upscaled.outputPath, options)];
  expect(source.video.orientation).toEqual({ mirrored: false, quarterTurnsClockwise: 2 });
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "1408x792",
    color: "limited bt709 bt709 bt709",
    quarterTurnsClockwise: 2,
  });
});

test("a display matrix that mirrors and turns is undone", async (context) => {
  const input = clip(context, "9-odd_androidx_sample_rotate_and_reflect.mp4");
  const upscaled = await upscale(input, times(1.1));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "792x1188",
    color: "limited bt709 bt709 bt709",
    quarterTurnsClockwise: 3,
    mirrored: true,
  });
});

test("BT.601 in QuickTime with the sound first: tags kept as they are, not made BT.709", async (context) => {
  const input = clip(context, "9-odd_androidx_bt601.mov");
  const upscaled = await upscale(input, { ...times(2), container: "mov" });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "1280x856", color: "limited smpte170m smpte170m bt709" });
  expect(tracksOf(output, "audio")).toEqual([{ codec: "aac", channels: 1 }]);
  expectAudioOffsetsKept(source, output);
});

test("ProRes 4:2:2 in 10 bit: depth and chroma kept", async (context) => {
  const input = clip(context, "9-odd_formatcorpus_apple-prores-422-hq.mov");
  const upscaled = await upscale(input, { ...times(2), container: "mov" });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    codec: "hevc",
    pixelFormat: "yuv422p10le",
    size: "640x480",
    color: "limited smpte170m smpte170m smpte170m",
  });
});

test("full-range Motion JPEG in 4:2:2: the range stays full", async (context) => {
  const input = clip(context, "9-odd_formatcorpus_photo-jpeg.mov");
  const upscaled = await upscale(input, times(2));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    codec: "h264",
    pixelFormat: "yuvj422p",
    size: "640x480",
    color: "full bt470bg bt470bg smpte170m",
    fieldTolerance: 4,
  });
});

test("8K in, 4K out: shrinks without a network", async (context) => {
  const input = clip(context, "9-odd_androidx_8k24fps_300ms.mp4");
  const upscaled = await upscale(input, { target: { kind: "box", box: "4k" } });
  const options = { gridEvery: 4 };
  const [source, output] = [await readMedia(input, options), await readMedia(upscaled.outputPath, options)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "3840x2160", color: "limited bt709 bt709 bt709" });
  expect(upscaled.report.network).toBeUndefined();
  expectAudioOffsetsKept(source, output);
});

test("a GIF becomes BT.709 video with its own pauses", async (context) => {
  const input = clip(context, "1-face_intel_head-pose-female-and-male.gif");
  const upscaled = await upscale(input, times(1.5));
  const convertTo = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv444p";
  const [source, output] = [await readMedia(input, { convertTo }), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    ...h264,
    size: "720x406",
    color: "limited bt709 bt709 bt709",
    fieldTolerance: 4,
  });
});

test("MPEG-4 in AVI: MP3 copied", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_pc_mpeg4.avi");
  const upscaled = await upscale(input, times(1.5));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "960x540", color: bt601 });
  expect(tracksOf(output, "audio").map(({ codec }) => codec)).toEqual(["mp3"]);
  expectAudioOffsetsKept(source, output);
  expect(output.info.metadata["title"]).toBe("Big Buck Bunny, Sunflower version");
});

test("Windows Media: the sound becomes AAC, and the report says why", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_wmv2.wmv");
  const upscaled = await upscale(input, times(1.5));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "960x540", color: bt601 });
  expect(tracksOf(output, "audio").map(({ codec, channels }) => [codec, channels])).toEqual([["aac", 2]]);
  const [decision] = upscaled.report.streams;
  expect(decision).toMatchObject({ kind: "audio", action: "convert", to: "aac", reason: expect.stringContaining("wmav2") });
});

test("Flash video whose header claims 1000 frames a second: its real times kept", async (context) => {
  const input = clip(context, "9-odd_androidx_sample.flv");
  const upscaled = await upscale(input, times(1.1));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "1188x792", color: "limited bt709 bt709 bt709" });
  expectAudioOffsetsKept(source, output);
});

test("H.263 of 176 pixels in 3GP", async (context) => {
  const input = clip(context, "9-odd_androidx_bbb_176x144_128kbps_15fps_h263.3gp");
  const upscaled = await upscale(input, times(4));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "704x576", color: bt601, fieldTolerance: 5 });
});

test("an MPEG-2 program stream of three frames", async (context) => {
  const input = clip(context, "9-odd_androidx_sample_h262_mpeg_audio.ps");
  const upscaled = await upscale(input, times(1.5));
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, { ...h264, size: "960x640", color: bt601 });
  expect(audioOf(source).map(({ codec }) => codec)).toEqual(["mp2"]);
  expect(audioOf(output).map(({ codec }) => codec)).toEqual([expect.stringMatching(/^mp[23]$/)]); // MP4 has one label for both
  expectAudioOffsetsKept(source, output);
});

test("a single frame without sound", async (context) => {
  const input = clip(context, "9-odd_derived_bbb_noaudio_1frame.mp4");
  const upscaled = await upscale(input);
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  expect(source.ticks).toHaveLength(1);
  await expectFaithful(source, output, upscaled, { ...h264, size: "1920x1080", color: bt601 });
});

test("telecined film is recognised and said in the plan", async (context) => {
  const input = clip(context, "7-old_derived_tears-of-steel_ntsc_telecine.mpg");
  const { plan } = await inspect(input, request1080p, 2);
  expect(plan.diagnosis.scan).toBe("telecined");
  expect(plan.outputSize).toEqual({ width: 1920, height: 1080 });
  expect(plan.decisions.find(({ topic }) => topic === "scan")).toMatchObject({
    choice: "telecined",
    reason: expect.stringContaining("repeated field"),
  });
});
