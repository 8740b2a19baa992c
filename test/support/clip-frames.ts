import type { Size } from "../../src/domain/media-info.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import type { VideoFrame } from "../../src/media/frame.ts";

/** The first frames of a clip in 8-bit 4:2:0, made small by area and numbered from 0. Owns: the caller disposes them. */
export async function firstFrames(path: string, { width, height }: Size, count: number): Promise<VideoFrame[]> {
  using scale = new FrameFilter(() => `scale=${width}:${height}:flags=area,format=yuv420p`);
  const frames: VideoFrame[] = [];
  for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 2 })) {
    using owned = frame;
    if (frames.length === count) break;
    const small = await scale.apply(owned.share());
    small.pts = BigInt(frames.length);
    small.durationTicks = 1n;
    frames.push(small);
  }
  return frames;
}
