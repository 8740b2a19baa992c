import type { VideoStream } from "../domain/media-info.ts";
import { measureInterlace } from "../media/interlace.ts";

/** What the first seconds of the picture look like. */
export type Diagnosis = {
  readonly scan: "progressive" | "interlaced" | "telecined";
  readonly fieldOrder: "top_first" | "bottom_first" | undefined;
  readonly reason: string;
};

const sampledFrames = 90;
const neverInterlaced = /^(vp8|vp9|av1|gif|h263|png|mjpeg|qtrle)$/;

/** Looks for interlacing and telecine in the first 90 frames. */
export async function diagnose(path: string, video: VideoStream, signal?: AbortSignal): Promise<Diagnosis> {
  if (neverInterlaced.test(video.codec)) {
    return { scan: "progressive", fieldOrder: undefined, reason: `${video.codec} video is progressive` };
  }
  const counts = await measureInterlace(path, video.index, sampledFrames, signal);
  const share = counts.frames === 0 ? 0 : counts.interlaced / counts.frames;
  const repeatedShare = counts.frames === 0 ? 0 : counts.repeatedFields / counts.frames;
  const fieldOrder = counts.topFirst >= counts.bottomFirst ? "top_first" : "bottom_first";
  const facts = `${counts.interlaced} of ${counts.frames} frames combed, ${counts.repeatedFields} with a repeated field`;
  if (share >= 0.2 && repeatedShare >= 0.2) return { scan: "telecined", fieldOrder, reason: `${facts}: film at 24 frames in 30` };
  if (share >= 0.2) return { scan: "interlaced", fieldOrder, reason: facts };
  const isFlagged = video.fieldOrder === "top_first" || video.fieldOrder === "bottom_first";
  const reason = isFlagged ? `${facts}; the stream is flagged as interlaced, its pictures are not` : facts;
  return { scan: "progressive", fieldOrder: undefined, reason };
}
