import { AppError } from "../domain/errors.ts";
import type { ColorInfo, Orientation, Size } from "../domain/media-info.ts";
import { writeColor } from "./color.ts";
import { VideoEncoder } from "./encode.ts";
import { FrameFilter } from "./filter.ts";
import type { VideoFrame } from "./frame.ts";
import { orientationFilters } from "./orientation.ts";

export type Region = { readonly x: number; readonly y: number } & Size;

export type PictureOptions = {
  /** What the samples mean, where the frame does not say. */
  readonly color: ColorInfo;
  readonly orientation: Orientation;
  /** As a player shows it: upright, with square pixels. */
  readonly shown: Size;
  /** Of the picture as shown; left out: all of it. */
  readonly region?: Region;
  /** Wider ones are scaled down to it. */
  readonly maxWidth?: number;
  readonly format: "png" | "jpeg";
};

export type Picture = { readonly data: Buffer; readonly size: Size };

/** Around a region, so that chroma at its border is made from its neighbours: even. */
const marginPixels = 8;

/** A decoded frame as an image file, converted by the video's own matrix and range.  Owns: the frame stays the caller's. */
export async function encodePicture(original: VideoFrame, options: PictureOptions): Promise<Picture> {
  const frame = original.share();
  if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
  if (!/rgb|bgr|pal8/.test(frame.formatName)) writeColor(frame.native, options.color);
  const { filters, size } = describeFilters(options);
  using filter = new FrameFilter(() => filters.join(","));
  using picture = await filter.apply(frame);
  picture.pts = 0n;
  const isPng = options.format === "png";
  using encoder = await openEncoder(picture, size, isPng);
  for await (const { data } of encoder.encode(only(picture))) return { data, size };
  throw new AppError("encode_failed", "The picture could not be written.");
}

function openEncoder(picture: VideoFrame, size: Size, isPng: boolean): Promise<VideoEncoder> {
  const matrix = isPng ? "gbr" : "bt470bg";
  return VideoEncoder.open({
    codec: isPng ? "png" : "mjpeg",
    size,
    pixelFormat: picture.formatName,
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    color: { range: "full", matrix, primaries: "unknown", transfer: "unknown", chromaLocation: "unknown" },
    threads: 1,
    gopFrames: 1,
    options: isPng ? { compression_level: "1", pred: "sub" } : { qmin: "2", qmax: "2", q: "2" },
  });
}

function describeFilters({ orientation, shown, region, maxWidth, format }: PictureOptions): {
  readonly filters: readonly string[];
  readonly size: Size;
} {
  const quality = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp";
  const wanted = region ?? { x: 0, y: 0, ...shown };
  const around = withMargin(wanted, shown);
  const factor = Math.min(1, (maxWidth ?? Infinity) / wanted.width);
  const size = { width: Math.max(1, Math.round(wanted.width * factor)), height: Math.max(1, Math.round(wanted.height * factor)) };
  const filters = [
    ...orientationFilters(orientation),
    // Where the pixels are square already this leaves them as they are.
    `scale=${shown.width}:${shown.height}:${quality}`,
    ...(region === undefined ? [] : [`crop=${around.width}:${around.height}:${around.x}:${around.y}:exact=1`]),
    `scale=iw:ih:${quality}`,
    "format=gbrp",
    ...(region === undefined ? [] : [`crop=${wanted.width}:${wanted.height}:${wanted.x - around.x}:${wanted.y - around.y}`]),
    ...(factor < 1 ? [`scale=${size.width}:${size.height}:flags=area`] : []),
    ...(format === "png" ? ["format=rgb24"] : [`scale=out_color_matrix=bt601:out_range=full:${quality}`, "format=yuvj444p"]),
  ];
  return { filters, size };
}

function withMargin({ x, y, width, height }: Region, shown: Size): Region {
  const left = Math.max(0, (x - marginPixels) & ~1);
  const top = Math.max(0, (y - marginPixels) & ~1);
  const right = Math.min(shown.width, x + width + marginPixels + 1);
  const bottom = Math.min(shown.height, y + height + marginPixels + 1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

async function* only(frame: VideoFrame): AsyncGenerator<VideoFrame> {
  yield frame;
}
