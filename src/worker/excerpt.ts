import { AppError } from "../domain/errors.ts";
import type { Size } from "../domain/media-info.ts";
import { workingPixelFormat } from "../engine/encoders.ts";
import { lastKeyUntil } from "../engine/segments.ts";
import { writeColor } from "../media/color.ts";
import { decodeVideo } from "../media/decode.ts";
import { type EncodedPacket, type EncodeSettings, VideoEncoder } from "../media/encode.ts";
import { FrameFilter } from "../media/filter.ts";
import type { VideoFrame } from "../media/frame.ts";
import { addHdrMetadata } from "../media/hdr.ts";
import { writeMedia } from "../media/mux.ts";
import { orientationFilters } from "../media/orientation.ts";
import type { Stretch } from "./demanding.ts";
import type { OpenedVideo } from "./opened-video.ts";
import type { CutAnswer, ViewerTask } from "./viewer-messages.ts";

const seekableContainers = /mov|mp4|matroska|webm/;

/** Cuts the most demanding two seconds out of a video, picture only: the same samples upright in the format that the engine
 *  works in, without loss, with the same tags and times from 0 on.  Throws: AppError. */
export async function cutExcerpt(
  { path, outputPath, threads }: Extract<ViewerTask, { type: "cut" }>,
  opened: OpenedVideo,
): Promise<CutAnswer> {
  const { video } = opened;
  const stretch = await opened.demanding();
  const { container, ...settings } = settingsFor(opened, threads);
  using encoder = await VideoEncoder.open(settings);
  const packets: EncodedPacket[] = [];
  for await (const packet of encoder.encode(readStretch(path, opened, { stretch, settings, threads }))) packets.push(packet);
  if (packets.length === 0) throw new AppError("decode_failed", "No frame of this part of the video can be decoded.");
  using parameters = encoder.parameters();
  addHdrMetadata(parameters, video.hdr);
  await writeMedia({
    outputPath,
    container,
    sourcePath: path,
    video: {
      sourceIndex: -1, // what describes the whole, its turn above all, does not describe this
      parameters,
      timeBase: settings.timeBase,
      frameRate: settings.frameRate,
      ...(settings.sampleAspect !== undefined && { sampleAspect: settings.sampleAspect }),
      ptsTicks: packets.map(({ pts }) => pts),
      packets: iterate(packets),
    },
    decisions: [],
    startSeconds: new Map(),
    shiftSeconds: 0,
  });
  return { stretch, container, size: opened.shown, frames: packets.length };
}

function settingsFor(
  { video, timeline, color }: OpenedVideo,
  threads: number,
): EncodeSettings & { readonly container: "mp4" | "webm" } {
  const format = workingPixelFormat(video.pixelFormat);
  const turned = video.orientation.quarterTurnsClockwise % 2 === 1;
  const { width, height } = video.codedSize;
  const { num, den } = video.sampleAspect;
  const rate = video.averageRate.num > 0 ? video.averageRate : { num: 25, den: 1 };
  return {
    ...losslessEncoder({ width, height }, format.bitDepth),
    size: turned ? { width: height, height: width } : { width, height },
    pixelFormat: format.name,
    timeBase: timeline.timeBase,
    frameRate: rate,
    sampleAspect: turned ? { num: den, den: num } : { num, den },
    color,
    threads,
    gopFrames: 24,
  };
}

/** H.264 and HEVC with halved chroma hold even sizes only. */
function losslessEncoder({ width, height }: Size, bitDepth: number) {
  if (width % 2 === 1 || height % 2 === 1) {
    return { container: "webm", codec: "libvpx-vp9", options: { lossless: "1", deadline: "realtime", "cpu-used": "8" } } as const;
  }
  if (bitDepth === 8) return { container: "mp4", codec: "libx264", options: { preset: "ultrafast", qp: "0" } } as const;
  const parameters = "log-level=none:lossless=1:open-gop=0";
  return { container: "mp4", codec: "libx265", options: { preset: "ultrafast", "x265-params": parameters } } as const;
}

type Reading = { readonly stretch: Stretch; readonly settings: EncodeSettings; readonly threads: number };

async function* readStretch(path: string, opened: OpenedVideo, reading: Reading): AsyncGenerator<VideoFrame> {
  const { video, timeline, media } = opened;
  const { stretch, settings, threads } = reading;
  const seekTicks = seekableContainers.test(media.container) ? lastKeyUntil(timeline.keyTicks, stretch.fromTicks) : undefined;
  const { width, height } = video.codedSize;
  using filter = new FrameFilter((frame) =>
    [
      ...(video.pixelFormat.isRgb
        ? ["scale=out_color_matrix=bt709:out_range=tv:flags=lanczos+accurate_rnd+full_chroma_int"]
        : []),
      ...(frame.width === width && frame.height === height ? [] : [`scale=${width}:${height}:flags=lanczos`]),
      `format=${settings.pixelFormat}`,
      ...orientationFilters(video.orientation),
    ].join(","),
  );
  const decoded = decodeVideo({
    path,
    streamIndex: video.index,
    threads,
    fromTicks: stretch.fromTicks,
    ...(seekTicks !== undefined && { seekTicks }),
    ...(stretch.untilTicks !== undefined && { untilTicks: stretch.untilTicks }),
  });
  for await (const frame of decoded) {
    if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
    const { pts, durationTicks } = frame;
    const prepared = await filter.apply(frame);
    prepared.pts = pts - stretch.fromTicks;
    prepared.durationTicks = durationTicks;
    writeColor(prepared.native, settings.color);
    yield prepared;
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
