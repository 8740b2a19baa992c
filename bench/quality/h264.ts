import { Codec, CodecContext, Packet } from "node-av";
import { AppError } from "../../src/domain/errors.ts";
import { VideoEncoder, type EncodedPacket, type EncodeSettings } from "../../src/media/encode.ts";
import { check } from "../../src/media/ffmpeg.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { copyFrames, Pictures } from "./material.ts";

/** How x264 is asked to spoil a picture. */
export type Coding = { readonly crf: number; readonly preset: "veryfast" | "medium" };

/** Encodes and decodes the pictures, on one thread, so that the result is the same everywhere. Owns: leaves `source` as it is. */
export async function throughH264(source: Pictures, { crf, preset }: Coding): Promise<Pictures> {
  const { frames, first, color } = source;
  const settings: EncodeSettings = {
    codec: "libx264",
    size: { width: first.width, height: first.height },
    pixelFormat: "yuv420p",
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    color,
    threads: 1,
    gopFrames: 250,
    options: { preset, crf: `${crf}` },
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
  return new Pictures(result, color);
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
