import type { Size } from "../../src/domain/media-info.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { writeFrames } from "./write-frames.ts";

export type GreyClip = {
  readonly size: Size;
  readonly frames: number;
  /** 16 to 235, of all of a frame. */
  readonly lumaOf: (index: number) => number;
  /** The left half gets this much more. */
  readonly step?: number;
  /** An existing media file, which the muxer wants to see. */
  readonly beside: string;
};

/** Writes frames of one grey each, without loss, 25 a second, a key frame every ten. */
export async function writeGreyClip(path: string, { size, frames, lumaOf, step = 0, beside }: GreyClip): Promise<void> {
  const rate = { num: 25, den: 1 };
  const timeBase = { num: 1, den: 12_800 };
  const settings = {
    codec: "libx264",
    size,
    pixelFormat: "yuv420p",
    timeBase,
    frameRate: rate,
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    threads: 1,
    gopFrames: 10,
    options: { preset: "ultrafast", qp: "0" },
  } as const;
  async function* draw(): AsyncGenerator<VideoFrame> {
    for (let index = 0; index < frames; index += 1) {
      const frame = VideoFrame.allocate(size.width, size.height, "yuv420p");
      for (const plane of [0, 1, 2]) frame.plane(plane).data.fill(plane === 0 ? lumaOf(index) : 128);
      const { data, strideBytes, height } = frame.plane(0);
      for (let y = 0; y < height; y += 1) {
        data.fill(lumaOf(index) + step, y * strideBytes, y * strideBytes + size.width / 2);
      }
      frame.pts = BigInt(index * 512);
      frame.durationTicks = 512n;
      yield frame;
    }
  }
  await writeFrames(path, draw(), { ...settings, beside });
}
