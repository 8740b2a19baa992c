import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import type { Rational } from "../../src/domain/rational.ts";
import { writeFrames } from "./write-frames.ts";

export type MadeClip = {
  /** Clips whose first frames follow each other, with a cut between them. */
  readonly from: readonly { readonly path: string; readonly frames: number }[];
  /** FFmpeg filters that the frames go through; the last says what is encoded. */
  readonly filters: string;
  /** Of the clip made: a frame every tick of 1/rate. */
  readonly rate: Rational;
  readonly gopFrames?: number;
  readonly options?: Readonly<Record<string, string>>;
};

export const clipSize = { width: 192, height: 112 };

/** Makes a small 8-bit 4:2:0 MP4, lossless unless asked otherwise; every source is scaled to the same size. */
export async function makeClip(outputPath: string, clip: MadeClip): Promise<void> {
  const timeBase = { num: clip.rate.den, den: clip.rate.num };
  using filter = new FrameFilter(() => clip.filters);
  await writeFrames(outputPath, numbered(filter.stream(sources(clip))), {
    codec: "libx264",
    size: clipSize,
    pixelFormat: "yuv420p",
    timeBase,
    frameRate: clip.rate,
    color: { range: "limited", matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m", chromaLocation: "left" },
    threads: 2,
    gopFrames: clip.gopFrames ?? 12,
    options: clip.options ?? { preset: "ultrafast", qp: "0" },
    beside: clip.from[0]?.path ?? "",
  });
}

async function* sources({ from }: MadeClip): AsyncGenerator<VideoFrame> {
  // The same tags for all, so that the next filters see one stream.
  const tags = "setparams=range=tv:colorspace=smpte170m:color_primaries=smpte170m:color_trc=smpte170m";
  using scale = new FrameFilter(() => `scale=${clipSize.width}:${clipSize.height}:flags=area,format=yuv420p,${tags}`);
  let index = 0n;
  for (const { path, frames } of from) {
    let left = frames;
    for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 2 })) {
      if (left === 0) {
        frame[Symbol.dispose]();
        break;
      }
      left -= 1;
      const small = await scale.apply(frame);
      small.pts = index;
      index += 1n;
      yield small;
    }
  }
}

async function* numbered(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
  let index = 0n;
  for await (const frame of frames) {
    frame.pts = index;
    frame.durationTicks = 1n;
    index += 1n;
    yield frame;
  }
}
