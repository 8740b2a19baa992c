import { describe, expect, test } from "vitest";
import { audioStream, mediaInfo, otherStream, videoStream } from "../../test/support/media.ts";
import type { MediaStream } from "../domain/media-info.ts";
import type { Container } from "../domain/upscale-request.ts";
import { decideStreams, selectVideo } from "./streams.ts";

const audio = (codec: string): MediaStream => audioStream({ codec });
const cover = (codec: string): MediaStream => videoStream({ index: 1, codec, isCoverArt: true, isDefault: false });

const table: readonly (readonly [string, MediaStream, Container, string])[] = [
  ["AAC", audio("aac"), "mp4", "keep"],
  ["AAC", audio("aac"), "mov", "keep"],
  ["AAC", audio("aac"), "webm", "opus"],
  ["Opus", audio("opus"), "mp4", "keep"],
  ["Opus", audio("opus"), "mov", "aac"],
  ["Opus", audio("opus"), "webm", "keep"],
  ["Vorbis", audio("vorbis"), "mp4", "aac"],
  ["Vorbis", audio("vorbis"), "webm", "keep"],
  ["AC-3", audio("ac3"), "mp4", "keep"],
  ["AC-3", audio("ac3"), "webm", "opus"],
  ["PCM", audio("pcm_s16le"), "mp4", "aac"],
  ["PCM", audio("pcm_s16le"), "mov", "keep"],
  ["Windows Media Audio", audio("wmav2"), "mp4", "aac"],
  ["a track without a codec", audio("none"), "mp4", "drop"],
  ["a track without channels", audioStream({ channels: 0 }), "mp4", "drop"],
  ["SubRip", otherStream("subtitle", "subrip"), "mp4", "mov_text"],
  ["SubRip", otherStream("subtitle", "subrip"), "mov", "mov_text"],
  ["SubRip", otherStream("subtitle", "subrip"), "webm", "webvtt"],
  ["timed text", otherStream("subtitle", "mov_text"), "mp4", "keep"],
  ["timed text", otherStream("subtitle", "mov_text"), "webm", "webvtt"],
  ["WebVTT", otherStream("subtitle", "webvtt"), "webm", "keep"],
  ["WebVTT", otherStream("subtitle", "webvtt"), "mp4", "mov_text"],
  ["ASS", otherStream("subtitle", "ass"), "mp4", "mov_text"],
  ["PGS pictures", otherStream("subtitle", "hdmv_pgs_subtitle"), "mp4", "drop"],
  ["VobSub pictures", otherStream("subtitle", "dvd_subtitle"), "mp4", "keep"],
  ["VobSub pictures", otherStream("subtitle", "dvd_subtitle"), "webm", "drop"],
  ["an attachment", otherStream("attachment", "ttf"), "mp4", "drop"],
  ["camera telemetry", otherStream("data", "gpmd"), "mp4", "keep"],
  ["camera telemetry", otherStream("data", "gpmd"), "webm", "drop"],
  ["a timecode track", otherStream("data", "tmcd"), "mp4", "drop"],
  ["a cover picture", cover("mjpeg"), "mp4", "keep"],
  ["a cover picture", cover("png"), "webm", "drop"],
  ["a second video", videoStream({ index: 1 }), "mp4", "drop"],
];

test.each(table)("%s %#", (_name, stream, container, expected) => {
  const [decision, ...others] = decideStreams(mediaInfo([videoStream(), stream]), 0, container);
  expect(others).toEqual([]);
  expect(decision?.action === "convert" ? decision.to : decision?.action).toBe(expected);
  expect(decision).toMatchObject({ index: stream.index, kind: stream.kind, codec: stream.codec });
  expect(decision?.reason.length, "every decision has its reason").toBeGreaterThan(10);
});

test("converting ASS says what is lost", () => {
  const [decision] = decideStreams(mediaInfo([videoStream(), otherStream("subtitle", "ass")]), 0, "mp4");
  expect(decision?.reason).toContain("styling is lost");
});

test("the language goes along", () => {
  const french = audioStream({ metadata: { language: "fra" } });
  expect(decideStreams(mediaInfo([videoStream(), french]), 0, "mp4")[0]?.language).toBe("fra");
});

describe("the main video", () => {
  const noPackets = (): number => 0;

  test("is not a cover picture, even when that comes first", () => {
    const media = mediaInfo([videoStream({ isCoverArt: true, codec: "mjpeg" }), videoStream({ index: 1, isDefault: false })]);
    expect(selectVideo(media, noPackets).index).toBe(1);
  });

  test("is the default one before the longer one, and the longer one before the first", () => {
    const [first, second] = [videoStream({ isDefault: false }), videoStream({ index: 1, isDefault: false })];
    expect(selectVideo(mediaInfo([first, second]), (index) => (index === 1 ? 500 : 3)).index).toBe(1);
    expect(selectVideo(mediaInfo([{ ...first, isDefault: true }, second]), (index) => (index === 1 ? 500 : 3)).index).toBe(0);
    expect(selectVideo(mediaInfo([first, second]), noPackets).index).toBe(0);
  });

  test.each([
    ["only sound", mediaInfo([audioStream()]), /no video track, only sound/],
    ["nothing at all", mediaInfo([]), /no video track; give/],
    ["a still image", mediaInfo([videoStream()], { container: "png_pipe" }), /still image/],
    ["a video without a size", mediaInfo([videoStream({ codedSize: { width: 0, height: 0 } })]), /no video track/],
  ])("is missing in %s", (_name, media, message) => {
    expect(() => selectVideo(media, noPackets)).toThrow(
      expect.objectContaining({ code: "no_video", message: expect.stringMatching(message) }),
    );
  });
});
