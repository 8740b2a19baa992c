import { expect, test } from "vitest";
import { clip } from "../support/clips.ts";
import { expectAudioOffsetsKept, expectFaithful, tracksOf } from "../support/faithful.ts";
import { readMedia, readSubtitles } from "../support/ffprobe-like.ts";
import { upscale } from "../support/upscale.ts";

// Sound, subtitles and chapters of real files through the whole engine.

const slightly = { target: { kind: "scale", factor: 1.1 } } as const;
const sample = { codec: "h264", pixelFormat: "yuv420p", size: "1188x792", color: "limited bt709 bt709 bt709" } as const;

test("two sound and two subtitle tracks go along, the second video does not", async (context) => {
  const input = clip(context, "9-odd_torchcodec_nasa_13013.mp4");
  const upscaled = await upscale(input, slightly);
  const main = upscaled.report.decisions.find(({ topic }) => topic === "video");
  expect(main?.choice).toContain("480x270"); // the default one of the two
  const options = { gridEvery: 60 };
  const [source, output] = [await readMedia(input, { ...options, videoIndex: 3 }), await readMedia(upscaled.outputPath, options)];
  await expectFaithful(source, output, upscaled, {
    codec: "h264",
    pixelFormat: "yuv420p",
    size: "528x298",
    color: "limited bt709 bt709 bt709",
  });
  expect(tracksOf(output, "audio")).toEqual(tracksOf(source, "audio"));
  expectAudioOffsetsKept(source, output);
  const texts = async (path: string): Promise<readonly (readonly string[])[]> =>
    [...(await readSubtitles(path)).values()].map((cues) => cues.map(({ text }) => text));
  const wanted = await texts(input);
  expect(wanted.flat().length).toBeGreaterThan(0);
  expect(await texts(upscaled.outputPath)).toEqual(wanted);
});

test("chapters of an MP4 keep their starts and titles in MOV", async (context) => {
  const input = clip(context, "9-odd_androidx_sample_with_chapters.mp4");
  const upscaled = await upscale(input, { ...slightly, container: "mov" });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, sample);
  const list = ({ info }: typeof source): readonly (readonly [string, string])[] =>
    info.chapters.map(({ title, startSeconds }) => [title, startSeconds.toFixed(3)]);
  expect(list(source).map(([title]) => title)).toEqual(["Chapter 1", "Chapter 2", "Chapter 3"]);
  expect(list(output)).toEqual(list(source));
  expectAudioOffsetsKept(source, output);
});

test("VobSub pictures are copied into MP4, PGS pictures are left out with the reason", async (context) => {
  const vobsub = clip(context, "9-odd_androidx_sample_with_vobsub.mp4");
  const kept = await upscale(vobsub, slightly);
  const [source, output] = [await readMedia(vobsub), await readMedia(kept.outputPath)];
  await expectFaithful(source, output, kept, sample);
  expect(tracksOf(output, "subtitle")).toEqual([{ codec: "dvd_subtitle", language: "eng" }]);
  expect(output.extents.get(2)).toMatchObject({ packets: source.extents.get(2)?.packets, bytes: source.extents.get(2)?.bytes });

  const dropped = await upscale(clip(context, "9-odd_androidx_sample_with_pgs_subtitles.mkv"), slightly);
  expect(dropped.report.streams.find(({ kind }) => kind === "subtitle")).toMatchObject({
    action: "drop",
    reason: expect.stringContaining("hdmv_pgs_subtitle"),
  });
});

test("AAC becomes Opus in WebM, in step with the picture", async (context) => {
  const input = clip(context, "9-odd_androidx_bt601.mov");
  const upscaled = await upscale(input, { ...slightly, container: "webm" });
  const [source, output] = [await readMedia(input), await readMedia(upscaled.outputPath)];
  await expectFaithful(source, output, upscaled, {
    codec: "vp9",
    pixelFormat: "yuv420p",
    size: "704x470",
    color: "limited smpte170m smpte170m bt709",
  });
  expect(tracksOf(output, "audio")).toEqual([{ codec: "opus", channels: 1 }]);
  expect(Math.abs(upscaled.report.timing.audioOffsetSeconds ?? Number.NaN)).toBeLessThanOrEqual(0.001);
  const lengthOf = ({ extents }: typeof source, index: number): number => {
    const extent = extents.get(index);
    return (extent?.endSeconds ?? Number.NaN) - (extent?.startSeconds ?? Number.NaN);
  };
  expect(Math.abs(lengthOf(output, 1) - lengthOf(source, 0)), "length of the sound").toBeLessThan(0.05);
});
