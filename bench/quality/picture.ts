import { AV_PIX_FMT_RGB24, Codec, CodecContext, Packet, Rational } from "node-av";
import { writeFile } from "node:fs/promises";
import { AppError } from "../../src/domain/errors.ts";
import { check } from "../../src/media/ffmpeg.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { MultiFilter } from "../multi-filter.ts";

/** Size of the pictured region at the reference's size. */
const region = { width: 280, height: 210 };
const enlargement = 2;
const gap = 8;

/** Writes the same region of several pictures side by side, enlarged by repeating pixels, as a PNG file. */
export async function writeSideBySide(
  path: string,
  pictures: readonly VideoFrame[],
  focus: { readonly x: number; readonly y: number },
): Promise<void> {
  const [first] = pictures;
  if (first === undefined) throw new RangeError("there is nothing to picture");
  const x = place(focus.x, first.width, region.width);
  const y = place(focus.y, first.height, region.height);
  const crop = `crop=${region.width}:${region.height}:${x}:${y}`;
  const toRgb = "scale=flags=lanczos+accurate_rnd+full_chroma_int,format=rgb24";
  const enlarge = `scale=${region.width * enlargement}:${region.height * enlargement}:flags=neighbor`;
  const columns = pictures.map((_, i) => `[in${i}]${crop},${toRgb},${enlarge},pad=iw+${gap}:ih:0:0:white[c${i}]`);
  const chain = `${columns.join(";")};${pictures.map((_, i) => `[c${i}]`).join("")}hstack=inputs=${pictures.length}[out]`;
  using filter = new MultiFilter(pictures, chain);
  const [picture] = await filter.push(pictures, 0);
  if (picture === undefined) throw new AppError("internal", "The side-by-side picture was not made.");
  using owned = picture;
  await writeFile(path, await encodePng(owned));
}

function place(fraction: number, length: number, regionLength: number): number {
  const start = Math.round(fraction * length - regionLength / 2);
  return Math.max(0, Math.min(length - regionLength, start - (start % 2)));
}

async function encodePng({ width, height, native }: VideoFrame): Promise<Buffer> {
  const codec = Codec.findEncoderByName("png" as never); // in every FFmpeg build
  if (codec === null) throw new AppError("internal", "The FFmpeg build has no PNG encoder.");
  using encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.width = width;
  encoder.height = height;
  encoder.pixelFormat = AV_PIX_FMT_RGB24;
  encoder.timeBase = new Rational(1, 25);
  check(await encoder.open2(codec, null), "internal", "The PNG encoder cannot be opened");
  check(await encoder.sendFrame(native), "internal", "The PNG encoder refused the picture");
  check(await encoder.sendFrame(null), "internal", "The PNG encoder cannot be drained");
  using packet = new Packet();
  packet.alloc();
  check(await encoder.receivePacket(packet), "internal", "The PNG encoder gave nothing");
  if (packet.data === null) throw new AppError("internal", "The PNG encoder gave an empty packet.");
  return Buffer.from(packet.data);
}
