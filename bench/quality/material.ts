import { Codec, CodecContext, Packet } from "node-av";
import { resolveColor } from "../../src/engine/color.ts";
import { selectVideo } from "../../src/engine/streams.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { ColorInfo } from "../../src/domain/media-info.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { VideoEncoder, type EncodedPacket, type EncodeSettings } from "../../src/media/encode.ts";
import { check } from "../../src/media/ffmpeg.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { orientationFilters } from "../../src/media/orientation.ts";
import { probe } from "../../src/media/probe.ts";
import { Scaler } from "../../src/media/scale.ts";
import { readTimeline } from "../../src/media/timeline.ts";
import { writeColor } from "../../src/media/color.ts";

/** How the small picture is spoiled before it is upscaled: not at all, or by x264 at a constant rate factor. */
export type Condition = { readonly name: string; readonly crf: number | undefined };

export const conditions: readonly Condition[] = [
  { name: "clean", crf: undefined },
  { name: "CRF 23", crf: 23 },
  { name: "CRF 28", crf: 28 },
];

/** Consecutive pictures of one size, 8-bit 4:2:0. Owns: the pictures. */
export class Pictures implements Disposable {
  readonly frames: readonly VideoFrame[];
  readonly color: ColorInfo;

  constructor(frames: readonly VideoFrame[], color: ColorInfo) {
    this.frames = frames;
    this.color = color;
  }

  get first(): VideoFrame {
    const [frame] = this.frames;
    if (frame === undefined) throw new RangeError("there are no pictures");
    return frame;
  }

  [Symbol.dispose](): void {
    for (const frame of this.frames) frame[Symbol.dispose]();
  }
}

/** Decodes `count` frames from the middle of the clip's main moving track, upright and cropped to multiples of 4. */
export async function readTruth(path: string, count: number): Promise<Pictures> {
  const media = await probe(path);
  const extents = (await readTimeline(path, 0)).extents;
  const video = selectVideo(media, (index) => extents.get(index)?.packets ?? 0);
  const { frameTicks } = await readTimeline(path, video.index);
  const from = Math.max(0, Math.floor((frameTicks.length - count) / 2));
  const fromTicks = frameTicks[from];
  if (fromTicks === undefined) throw new AppError("no_video", `${path} has no frames.`);
  const { color } = resolveColor(video.color, video.codedSize, video.pixelFormat);
  const upright = orientationFilters(video.orientation);
  using filter = new FrameFilter(() => [...upright, "crop=trunc(iw/4)*4:trunc(ih/4)*4:0:0", "format=yuv420p"].join(","));
  const frames: VideoFrame[] = [];
  for await (const frame of decodeVideo({ path, streamIndex: video.index, threads: 0, fromTicks })) {
    if (frame.formatName === "yuvj420p") frame.relabel("yuv420p");
    writeColor(frame.native, color);
    const cropped = await filter.apply(frame);
    writeColor(cropped.native, color);
    cropped.pts = BigInt(frames.length);
    frames.push(cropped);
    if (frames.length === count) break;
  }
  return new Pictures(frames, color);
}

/** Halves every picture by area, then spoils it. */
export async function makeSource(truth: Pictures, { crf }: Condition): Promise<Pictures> {
  const { width, height } = truth.first;
  const halved = await scale(truth, { width: width / 2, height: height / 2 }, "area");
  if (crf === undefined) return halved;
  using clean = halved;
  return new Pictures(await throughH264(clean, crf), truth.color);
}

/** Resamples every picture with one of FFmpeg's kernels. */
export async function scale(
  { frames, first, color }: Pictures,
  to: { width: number; height: number },
  kernel: "area" | "lanczos",
): Promise<Pictures> {
  const from = { width: first.width, height: first.height };
  using scaler = new Scaler({ from, to, format: "yuv420p", chromaLocation: color.chromaLocation, kernel });
  const result: VideoFrame[] = [];
  for (const frame of frames) {
    const scaled = VideoFrame.allocate(to.width, to.height, "yuv420p");
    await scaler.scaleFrame(frame, scaled);
    scaled.takeProperties(frame);
    result.push(scaled);
  }
  return new Pictures(result, color);
}

async function throughH264({ frames, first, color }: Pictures, crf: number): Promise<readonly VideoFrame[]> {
  const settings: EncodeSettings = {
    codec: "libx264",
    size: { width: first.width, height: first.height },
    pixelFormat: "yuv420p",
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    color,
    threads: 1,
    gopFrames: 250,
    options: { preset: "medium", crf: `${crf}` },
  };
  using encoder = await VideoEncoder.open(settings);
  using parameters = encoder.parameters();
  const codec = Codec.findDecoder(parameters.codecId);
  if (codec === null) throw new AppError("internal", "The FFmpeg build has no H.264 decoder.");
  using decoder = new CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(parameters), "internal", "The decoder refuses the encoder's header");
  check(await decoder.open2(codec, null), "internal", "The decoder cannot be opened");
  const result: VideoFrame[] = [];
  for await (const encoded of encoder.encode(copyFrames(frames))) {
    using packet = toPacket(encoded);
    check(await decoder.sendPacket(packet), "internal", "The decoder refused a packet");
    result.push(...(await receive(decoder)));
  }
  check(await decoder.sendPacket(null), "internal", "The decoder cannot be drained");
  result.push(...(await receive(decoder)));
  if (result.length !== frames.length) throw new RangeError(`${result.length} of ${frames.length} frames came through x264`);
  return result;
}

/** Second references to the same pictures, for a consumer that takes what it is given. */
export async function* copyFrames(frames: readonly VideoFrame[]): AsyncGenerator<VideoFrame> {
  for (const frame of frames) {
    const copy = frame.native.clone();
    if (copy === null) throw new AppError("out_of_memory", "There is no memory for a frame.");
    yield new VideoFrame(copy);
  }
}

function toPacket({ data, pts, dts }: EncodedPacket): Packet {
  const packet = new Packet();
  packet.alloc();
  packet.data = data;
  packet.pts = pts;
  packet.dts = dts;
  return packet;
}

async function receive(decoder: CodecContext): Promise<readonly VideoFrame[]> {
  const result: VideoFrame[] = [];
  for (;;) {
    const frame = VideoFrame.empty();
    if ((await decoder.receiveFrame(frame.native)) >= 0) result.push(frame);
    else {
      frame[Symbol.dispose]();
      return result;
    }
  }
}
