import type { HdrMetadata, Size } from "../../src/domain/media-info.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { VideoEncoder, type EncodedPacket } from "../../src/media/encode.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { addHdrMetadata } from "../../src/media/hdr.ts";
import { writeMedia } from "../../src/media/mux.ts";
import { probe } from "../../src/media/probe.ts";
import { Scaler } from "../../src/media/scale.ts";

const size: Size = { width: 160, height: 90 };

export type SmallClipOptions = { readonly hdr?: HdrMetadata; readonly frames?: number };

/** Makes a 160 × 90 MP4 of a 4:2:0 clip, H.264 or for 10 bit HEVC, with a key frame every second: cheap, and of several
 *  segments when the clip is long. */
export async function writeSmallClip(inputPath: string, outputPath: string, options: SmallClipOptions = {}): Promise<void> {
  const { hdr, frames = Number.POSITIVE_INFINITY } = options;
  const video = (await probe(inputPath)).streams.find((stream) => stream.kind === "video");
  if (video === undefined) throw new Error(`${inputPath} has no video`);
  const gopFrames = Math.round(video.averageRate.num / video.averageRate.den);
  const pixelFormat = video.pixelFormat.bitDepth > 8 ? "yuv420p10le" : "yuv420p";
  using encoder = await VideoEncoder.open({
    codec: video.pixelFormat.bitDepth > 8 ? "libx265" : "libx264",
    size,
    pixelFormat,
    timeBase: video.timeBase,
    frameRate: video.averageRate,
    color: video.color,
    threads: 2,
    gopFrames,
    options: { preset: "ultrafast", crf: "20", ...(pixelFormat === "yuv420p" ? {} : { "x265-params": "log-level=none" }) },
  });
  const packets: EncodedPacket[] = [];
  const decoded = decodeVideo({ path: inputPath, streamIndex: video.index, threads: 2 });
  const shrunk = shrink(decoded, { from: video.codedSize, pixelFormat, frames });
  for await (const packet of encoder.encode(shrunk)) packets.push(packet);
  using parameters = encoder.parameters();
  if (hdr !== undefined) addHdrMetadata(parameters, hdr);
  await writeMedia({
    outputPath,
    container: "mp4",
    sourcePath: inputPath,
    video: {
      sourceIndex: video.index,
      parameters,
      timeBase: video.timeBase,
      frameRate: video.averageRate,
      ptsTicks: packets.map(({ pts }) => pts),
      packets: iterate(packets),
    },
    decisions: [],
    startSeconds: new Map(),
    shiftSeconds: 0,
  });
}

type Shrinking = { readonly from: Size; readonly pixelFormat: string; readonly frames: number };

async function* shrink(source: AsyncIterable<VideoFrame>, { from, pixelFormat, frames }: Shrinking): AsyncGenerator<VideoFrame> {
  using scaler = new Scaler({ from, to: size, format: pixelFormat, chromaLocation: "left", kernel: "area" });
  let taken = 0;
  for await (const frame of source) {
    using input = frame;
    if (taken >= frames) return;
    taken += 1;
    const output = VideoFrame.allocate(size.width, size.height, pixelFormat);
    await scaler.scaleFrame(input, output);
    output.takeProperties(input);
    yield output;
  }
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
