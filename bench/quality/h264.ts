import { Codec, CodecContext, Packet } from "node-av";
import { AppError } from "../../src/domain/errors.ts";
import { VideoEncoder, type EncodedPacket, type EncodeSettings } from "../../src/media/encode.ts";
import { check } from "../../src/media/ffmpeg.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { writeMedia } from "../../src/media/mux.ts";
import { copyFrames, Pictures } from "./material.ts";

/** How x264 is asked to spoil a picture. */
export type Coding = { readonly crf: number; readonly preset: "veryfast" | "medium" };

/** An encoded video in memory. */
export type CodedVideo = { readonly settings: EncodeSettings; readonly packets: readonly EncodedPacket[] };

/** Encodes and decodes the pictures, on one thread, so that the result is the same everywhere. Owns: leaves `source` as it is. */
export async function throughH264(source: Pictures, coding: Coding): Promise<{ pictures: Pictures; video: CodedVideo }> {
  const settings = settingsFor(source, { preset: coding.preset, crf: `${coding.crf}` });
  using encoder = await VideoEncoder.open(settings);
  using parameters = encoder.parameters();
  const codec = Codec.findDecoder(parameters.codecId);
  if (codec === null) throw new AppError("internal", "The FFmpeg build has no H.264 decoder.");
  using decoder = new CodecContext();
  decoder.allocContext3(codec);
  check(decoder.parametersToContext(parameters), "internal", "The decoder refuses the encoder's header");
  check(await decoder.open2(codec, null), "internal", "The decoder cannot be opened");
  const result: VideoFrame[] = [];
  const packets: EncodedPacket[] = [];
  for await (const encoded of encoder.encode(copyFrames(source.frames))) {
    packets.push(encoded);
    using packet = toPacket(encoded);
    check(await decoder.sendPacket(packet), "internal", "The decoder refused a packet");
    result.push(...(await receive(decoder)));
  }
  check(await decoder.sendPacket(null), "internal", "The decoder cannot be drained");
  result.push(...(await receive(decoder)));
  const { length } = source.frames;
  if (result.length !== length) throw new RangeError(`${result.length} of ${length} frames came through x264`);
  return { pictures: new Pictures(result, source.color), video: { settings, packets } };
}

/** Encodes the pictures so that decoding gives the same samples. Owns: leaves `source` as it is. */
export async function losslessH264(source: Pictures): Promise<CodedVideo> {
  const settings = settingsFor(source, { preset: "ultrafast", qp: "0" });
  using encoder = await VideoEncoder.open(settings);
  const packets: EncodedPacket[] = [];
  for await (const packet of encoder.encode(copyFrames(source.frames))) packets.push(packet);
  return { settings, packets };
}

/** Writes an MP4 file. `likePath`: a media file whose container's metadata it gets. */
export async function writeVideo(outputPath: string, { settings, packets }: CodedVideo, likePath: string): Promise<void> {
  using encoder = await VideoEncoder.open(settings); // the same settings give the same description
  using parameters = encoder.parameters();
  await writeMedia({
    outputPath,
    container: "mp4",
    sourcePath: likePath,
    video: {
      sourceIndex: -1, // no stream of the other file is this one
      parameters,
      timeBase: settings.timeBase,
      frameRate: settings.frameRate,
      ptsTicks: packets.map(({ pts }) => pts),
      packets: inTurn(packets),
    },
    decisions: [],
    startSeconds: new Map(),
    shiftSeconds: 0,
  });
}

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function settingsFor({ size, color }: Pictures, options: EncodeSettings["options"]): EncodeSettings {
  return {
    codec: "libx264",
    size,
    pixelFormat: "yuv420p",
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    color,
    threads: 1,
    gopFrames: 250,
    options,
  };
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
