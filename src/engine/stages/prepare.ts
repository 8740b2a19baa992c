import { FrameFilter } from "../../media/filter.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { orientationFilters } from "../../media/orientation.ts";
import { writeColor } from "../../media/color.ts";
import type { Plan } from "../plan.ts";

/** Turns decoded pictures upright and into the working pixel format; a picture that changes its size mid-stream is
 *  brought back to the size the stream began with.  Owns: takes each frame, yields new or the same ones. */
export async function* prepare(frames: AsyncIterable<VideoFrame>, plan: Plan): AsyncGenerator<VideoFrame> {
  const { source, work, encode } = plan;
  using filter = new FrameFilter((frame) => describeFilters(frame, plan).join(","));
  for await (const frame of frames) {
    if (frame.formatName.startsWith("yuvj")) frame.relabel(frame.formatName.replace("yuvj", "yuv"));
    const { pts, durationTicks } = frame;
    const isReady =
      frame.formatName === work.pixelFormat &&
      frame.width === source.uprightSize.width &&
      frame.height === source.uprightSize.height &&
      orientationFilters(source.orientation).length === 0;
    const prepared = isReady ? frame : await filter.apply(frame);
    prepared.pts = pts;
    prepared.durationTicks = durationTicks;
    writeColor(prepared.native, encode.color);
    yield prepared;
  }
}

function describeFilters(frame: VideoFrame, { source, work }: Plan): string[] {
  const filters: string[] = [];
  const resized = frame.width !== source.codedSize.width || frame.height !== source.codedSize.height;
  if (source.isRgb) filters.push("scale=out_color_matrix=bt709:out_range=tv:flags=lanczos+accurate_rnd+full_chroma_int");
  if (resized) filters.push(`scale=${source.codedSize.width}:${source.codedSize.height}:flags=lanczos`);
  filters.push(`format=${work.pixelFormat}`, ...orientationFilters(source.orientation));
  return filters;
}
