import { AV_FRAME_FLAG_CORRUPT } from "node-av";
import { AppError } from "../domain/errors.ts";
import { decodeVideo } from "./decode.ts";
import { FrameFilter } from "./filter.ts";
import type { VideoFrame } from "./frame.ts";

/** A stretch of the video to look at: windows of consecutive frames, the starts of neighbouring ones `strideFrames` apart. */
export type Place = {
  /** Key frame to start reading at; undefined for the file's beginning. */
  readonly seekTicks: bigint | undefined;
  readonly windows: number;
  readonly windowFrames: number;
  readonly strideFrames: number;
};

/** One frame of a window. Windows are numbered through all places; frames of a window are neighbours in time. */
export type SampledFrame = { readonly window: number; readonly index: number; readonly frame: VideoFrame };

export type SampleOptions = {
  readonly path: string;
  readonly streamIndex: number;
  readonly places: readonly Place[];
  readonly signal?: AbortSignal | undefined;
};

/** Frames that may be read in vain where seeking ends too early. */
const mostFramesBefore = 48;
const planar = /^(yuvj?4(20|22|44)p(9|10|12|14|16)?(le)?|gray(8|9|10|12|14|16)?(le)?)$/;

/** Decodes the places one after the other, as planar YUV or grey. A place that cannot be reached is left out.
 *  Owns: the consumer owns each frame.  Throws: as `decodeVideo` where decoding from the beginning fails. */
export async function* sampleFrames({ path, streamIndex, places, signal }: SampleOptions): AsyncGenerator<SampledFrame> {
  using toPlanar = new FrameFilter(({ formatName }) => `format=${planarFor(formatName)}`);
  let firstWindow = 0;
  for (const place of places) {
    const { seekTicks, windows, windowFrames, strideFrames } = place;
    const wanted = (windows - 1) * strideFrames + windowFrames;
    let taken = 0;
    let before = 0;
    const options = { path, streamIndex, threads: 0, ...(seekTicks !== undefined && { seekTicks }), ...(signal && { signal }) };
    try {
      for await (const decoded of decodeVideo(options)) {
        const isBefore = seekTicks !== undefined && decoded.pts < seekTicks && before < mostFramesBefore;
        const index = taken % strideFrames;
        if (isBefore) before += 1;
        else taken += 1;
        if (isBefore || index >= windowFrames || decoded.native.hasFlags(AV_FRAME_FLAG_CORRUPT)) {
          decoded[Symbol.dispose]();
          continue;
        }
        const frame = planar.test(decoded.formatName) ? decoded : await toPlanar.apply(decoded);
        yield { window: firstWindow + Math.floor((taken - 1) / strideFrames), index, frame };
        if (taken >= wanted) break;
      }
    } catch (error) {
      if (seekTicks === undefined || !(error instanceof AppError) || error.code !== "decode_failed") throw error;
    }
    firstWindow += windows;
  }
}

function planarFor(formatName: string): string {
  return /1[0-6](le|be)|48|64/.test(formatName) ? "yuv444p10le" : "yuv444p";
}
