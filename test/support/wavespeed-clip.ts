import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Size } from "../../src/domain/media-info.ts";
import { VideoEncoder, type EncodedPacket } from "../../src/media/encode.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { writeMedia } from "../../src/media/mux.ts";

const timeBase = { num: 1, den: 100 };
const framesPerClip = 10;

export type Folder = AsyncDisposable & { readonly path: string };

/** A folder for a whole file of tests. */
export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "upres-test-"));
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) };
}

export type StillClip = { readonly durationSeconds: number; readonly size?: Size };

/** Makes an MP4 of a few grey pictures that is exactly so long, to a hundredth of a second. */
export async function writeStillClip(
  path: string,
  { durationSeconds, size = { width: 160, height: 90 } }: StillClip,
): Promise<void> {
  const frameRate = { num: framesPerClip * 100, den: Math.round(durationSeconds * 100) };
  using encoder = await VideoEncoder.open({
    codec: "libx264",
    size,
    pixelFormat: "yuv420p",
    timeBase,
    frameRate,
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    threads: 1,
    gopFrames: framesPerClip,
    options: { preset: "ultrafast", crf: "30" },
  });
  const packets: EncodedPacket[] = [];
  for await (const packet of encoder.encode(greyFrames(size, Math.round(durationSeconds * 100)))) packets.push(packet);
  using parameters = encoder.parameters();
  const silencePath = `${path}.wav`;
  await writeFile(silencePath, silence());
  try {
    await writeMedia({
      outputPath: path,
      container: "mp4",
      sourcePath: silencePath,
      video: {
        sourceIndex: -1, // the pictures have no stream in the other file
        parameters,
        timeBase,
        frameRate,
        ptsTicks: packets.map(({ pts }) => pts),
        packets: iterate(packets),
      },
      decisions: [{ index: 0, kind: "audio", codec: "pcm_s16le", language: undefined, action: "drop", reason: "not wanted" }],
      startSeconds: new Map(),
      shiftSeconds: 0,
    });
  } finally {
    await rm(silencePath, { force: true });
  }
}

async function* greyFrames({ width, height }: Size, totalTicks: number): AsyncGenerator<VideoFrame> {
  for (let index = 0; index < framesPerClip; index += 1) {
    const start = Math.round((index * totalTicks) / framesPerClip);
    const end = Math.round(((index + 1) * totalTicks) / framesPerClip);
    const frame = VideoFrame.allocate(width, height, "yuv420p");
    frame.plane(0).data.fill(60 + index * 10);
    for (const chroma of [1, 2]) frame.plane(chroma).data.fill(128);
    frame.pts = BigInt(start);
    frame.durationTicks = BigInt(end - start);
    yield frame;
  }
}

/** A tenth of a second of 16 bit mono. */
function silence(): Buffer {
  const samples = Buffer.alloc(1600);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(16_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
