import { open } from "node:fs/promises";
import type { Size } from "../../src/domain/media-info.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { writeFrames } from "./write-frames.ts";

/** Three planes of 4:2:0 with 8 bits, the colour differences of half the size. */
export type DrawnFrame = { readonly y: Uint8Array; readonly cb: Uint8Array; readonly cr: Uint8Array };

export type DrawnClip = { readonly size: Size; readonly frames: number; readonly draw: (index: number) => DrawnFrame };

const rate = 25;

/** Writes pictures as they are into an AVI file: what is found in it is known exactly. Shape: even width and height. */
export async function writeDrawnClip(path: string, { size, frames, draw }: DrawnClip): Promise<void> {
  const frameBytes = (size.width * size.height * 3) / 2;
  const header = aviHeader(size, frames, frameBytes);
  const handle = await open(path, "w");
  try {
    await handle.write(header);
    const index = Buffer.alloc(frames * 16);
    for (let frame = 0; frame < frames; frame += 1) {
      const { y, cb, cr } = draw(frame);
      await handle.writev([chunkHead("00db", frameBytes), y, cb, cr]);
      index.write("00db", frame * 16, "ascii");
      index.writeUInt32LE(0x10, frame * 16 + 4); // a key frame
      index.writeUInt32LE(4 + frame * (frameBytes + 8), frame * 16 + 8);
      index.writeUInt32LE(frameBytes, frame * 16 + 12);
    }
    await handle.writev([chunkHead("idx1", index.length), index]);
  } finally {
    await handle.close();
  }
}

function chunkHead(name: string, bytes: number): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0, "ascii");
  head.writeUInt32LE(bytes, 4);
  return head;
}

// Source: https://learn.microsoft.com/windows/win32/directshow/avi-riff-file-reference
function aviHeader({ width, height }: Size, frames: number, frameBytes: number): Buffer {
  const main = Buffer.alloc(56);
  for (const [at, value] of [1e6 / rate, frameBytes * rate, 0, 0x10, frames, 0, 1, frameBytes, width, height].entries()) {
    main.writeUInt32LE(value, at * 4);
  }
  const stream = Buffer.alloc(56);
  stream.write("vidsI420", 0, "ascii");
  for (const [at, value] of [
    [20, 1],
    [24, rate],
    [32, frames],
    [36, frameBytes],
  ] as const)
    stream.writeUInt32LE(value, at);
  const format = Buffer.alloc(40);
  for (const [at, value] of [
    [0, 40],
    [4, width],
    [8, height],
    [20, frameBytes],
  ] as const)
    format.writeUInt32LE(value, at);
  format.writeUInt16LE(1, 12);
  format.writeUInt16LE(12, 14);
  format.write("I420", 16, "ascii");
  const streamList = list("strl", [chunkHead("strh", 56), stream, chunkHead("strf", 40), format]);
  const headers = list("hdrl", [chunkHead("avih", 56), main, streamList]);
  const movieBytes = 4 + frames * (frameBytes + 8);
  const movie = Buffer.concat([chunkHead("LIST", movieBytes), Buffer.from("movi")]);
  const riff = chunkHead("RIFF", 4 + headers.length + 8 + movieBytes + 8 + frames * 16);
  return Buffer.concat([riff, Buffer.from("AVI "), headers, movie]);
}

function list(name: string, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from(name), ...parts]);
  return Buffer.concat([chunkHead("LIST", body.length), body]);
}

export type Compression = {
  readonly size: Size;
  readonly codec: string;
  readonly frames: number;
  readonly options: Readonly<Record<string, string>>;
};

/** Encodes the first pictures of an 8-bit 4:2:0 file again, into MP4. */
export async function compressClip(inputPath: string, outputPath: string, compression: Compression): Promise<void> {
  const { frames, ...encoding } = compression;
  await writeFrames(outputPath, takeFrames(inputPath, frames), {
    ...encoding,
    pixelFormat: "yuv420p",
    timeBase: { num: 1, den: rate },
    frameRate: { num: rate, den: 1 },
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    threads: 2,
    gopFrames: 250,
    beside: inputPath,
  });
}

async function* takeFrames(path: string, frames: number) {
  let taken = 0n;
  for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 2 })) {
    if (taken >= frames) {
      frame[Symbol.dispose]();
      return;
    }
    if (frame.formatName === "yuvj420p") frame.relabel("yuv420p");
    frame.pts = taken;
    frame.durationTicks = 1n;
    taken += 1n;
    yield frame;
  }
}
