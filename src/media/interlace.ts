import { decodeVideo } from "./decode.ts";
import { FrameFilter } from "./filter.ts";

export type InterlaceCounts = {
  readonly frames: number;
  /** Frames whose fields come from different moments. */
  readonly interlaced: number;
  readonly topFirst: number;
  readonly bottomFirst: number;
  /** Frames in which one field repeats the neighbouring frame's, as pulldown does. */
  readonly repeatedFields: number;
};

/** Runs FFmpeg's interlace detector over the first `maxFrames` frames. */
export async function measureInterlace(
  path: string,
  streamIndex: number,
  maxFrames: number,
  signal?: AbortSignal,
): Promise<InterlaceCounts> {
  using filter = new FrameFilter(() => "idet=analyze_interlaced_flag=0");
  const counts = { frames: 0, interlaced: 0, topFirst: 0, bottomFirst: 0, repeatedFields: 0 };
  const options = { path, streamIndex, threads: 0, ...(signal === undefined ? {} : { signal }) };
  for await (const frame of decodeVideo(options)) {
    using analysed = await filter.push(frame);
    if (analysed === undefined) continue;
    using metadata = analysed.native.getMetadata();
    const kind = metadata.get("lavfi.idet.single.current_frame");
    const repeated = metadata.get("lavfi.idet.repeated.current_frame");
    counts.frames += 1;
    if (kind === "tff") counts.topFirst += 1;
    if (kind === "bff") counts.bottomFirst += 1;
    if (kind === "tff" || kind === "bff") counts.interlaced += 1;
    if (repeated === "top" || repeated === "bottom") counts.repeatedFields += 1;
    if (counts.frames >= maxFrames) break;
  }
  return counts;
}
