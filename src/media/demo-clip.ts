import { open, rm } from "node:fs/promises";
import { FilterGraph } from "node-av";
import { commitFile } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import type { Size } from "../domain/media-info.ts";
import { type EncodedPacket, type EncodeSettings, VideoEncoder } from "./encode.ts";
import { check, isEndOfFile } from "./ffmpeg.ts";
import { VideoFrame } from "./frame.ts";
import { writeMedia } from "./mux.ts";

const rate = 25;
const timeBase = { num: 1, den: rate };
const soundRate = 48_000;

export type DemoClip = { readonly size: Size; readonly durationSeconds: number; readonly gopFrames: number };

export const demoClip: DemoClip = { size: { width: 320, height: 180 }, durationSeconds: 3, gopFrames: 75 };

function encodeSettings({ size, gopFrames }: DemoClip): EncodeSettings {
  return {
    codec: "libx264",
    size,
    pixelFormat: "yuv420p",
    timeBase,
    frameRate: { num: rate, den: 1 },
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    threads: 0,
    gopFrames,
    options: { preset: "medium", crf: "20" },
  };
}

/** A zoom into the Mandelbrot set, which has detail at every scale; drawn twice as large and averaged, as a camera would. */
function describePictures({ size, durationSeconds }: DemoClip): string {
  return (
    `mandelbrot=size=${size.width * 2}x${size.height * 2}:rate=${rate}:maxiter=600:inner=black` +
    `:start_x=-0.743643887037158:start_y=0.131825904205311:start_scale=0.8:end_scale=0.02:end_pts=${durationSeconds * rate},` +
    `scale=${size.width}:${size.height}:flags=area+accurate_rnd:out_color_matrix=bt709:out_range=tv,` +
    `format=yuv420p,trim=duration=${durationSeconds},buffersink@out`
  );
}

/** Makes a clip with sound, H.264 and AAC in MP4, for those who have no video at hand. */
export async function writeDemoClip(path: string, clip: DemoClip = demoClip, signal?: AbortSignal): Promise<void> {
  const soundPath = `${path}.wav`;
  const temporaryPath = `${path}.part`;
  try {
    await writeSound(soundPath, clip.durationSeconds);
    const settings = encodeSettings(clip);
    using encoder = await VideoEncoder.open(settings);
    const packets: EncodedPacket[] = [];
    for await (const packet of encoder.encode(drawFrames(clip), signal)) packets.push(packet);
    using parameters = encoder.parameters();
    await writeMedia({
      outputPath: temporaryPath,
      container: "mp4",
      sourcePath: soundPath,
      video: {
        sourceIndex: -1, // the picture has no stream in the sound's file
        parameters,
        timeBase,
        frameRate: settings.frameRate,
        ptsTicks: packets.map((packet) => packet.pts),
        packets: iterate(packets),
      },
      decisions: [
        { index: 0, kind: "audio", codec: "pcm_s16le", language: undefined, action: "convert", to: "aac", reason: "made so" },
      ],
      startSeconds: new Map(),
      shiftSeconds: 0,
      ...(signal !== undefined && { signal }),
    });
    await commitFile(temporaryPath, path);
  } finally {
    await rm(temporaryPath, { force: true });
    await rm(soundPath, { force: true });
  }
}

/** Owns: the consumer owns each frame. */
async function* drawFrames(clip: DemoClip): AsyncGenerator<VideoFrame> {
  using graph = new FilterGraph();
  graph.alloc();
  check(graph.parsePtr(describePictures(clip)), "internal", "The demo's filter chain is not valid");
  check(graph.configSync(), "internal", "The demo's filter chain cannot be set up");
  const sink = graph.getFilter("buffersink@out");
  if (sink === null) throw new AppError("internal", "The demo's filter chain has no end.");
  for (let index = 0n; ; index += 1n) {
    const frame = VideoFrame.empty();
    const code = await sink.buffersinkGetFrame(frame.native);
    if (code < 0) {
      frame[Symbol.dispose]();
      if (isEndOfFile(code)) return;
      check(code, "internal", "The demo's pictures cannot be drawn");
    }
    frame.pts = index;
    frame.durationTicks = 1n;
    yield frame;
  }
}

/** A soft tone that falls and rises, as a WAV file of 16-bit samples. */
async function writeSound(path: string, durationSeconds: number): Promise<void> {
  const count = soundRate * durationSeconds;
  const samples = Buffer.alloc(count * 2);
  for (let i = 0; i < count; i += 1) {
    const seconds = i / soundRate;
    const fade = Math.min(1, seconds * 4, (durationSeconds - seconds) * 4);
    const phase = 2 * Math.PI * (330 * seconds + 20 * Math.sin(2 * Math.PI * 0.5 * seconds));
    samples.writeInt16LE(Math.round(6000 * fade * Math.sin(phase)), i * 2);
  }
  const handle = await open(path, "w");
  try {
    await handle.writev([wavHeader(samples.length), samples]);
  } finally {
    await handle.close();
  }
}

// Source: http://soundfile.sapp.org/doc/WaveFormat/
function wavHeader(dataBytes: number): Buffer {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "ascii");
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write("WAVEfmt ", 8, "ascii");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // one channel
  header.writeUInt32LE(soundRate, 24);
  header.writeUInt32LE(soundRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "ascii");
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
