import type { VideoStream } from "../../domain/media-info.ts";
import type { Timeline } from "../../media/timeline.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { clamp } from "./statistics.ts";

/** What a codec needs for the same picture, against H.264; 1 where nothing is listed. */
const relativeBits: Readonly<Record<string, number>> = {
  hevc: 0.6,
  vp9: 0.65,
  av1: 0.5,
  mpeg1video: 2,
  mpeg2video: 2,
  mpeg4: 1.5,
  h263: 1.7,
};
/** H.264 bits a pixel at which compression hardly shows, and at which hardly anything is left. */
const ample = 0.3;
const starved = 0.01;

/** How hard the video was squeezed, by the bits that it spends on a pixel: 0 hardly, 1 to the utmost. It knows nothing of how
 *  much there was to tell.  Undefined where the size of the stream is not known. */
export function measureCompression(
  { index, codec, codedSize }: VideoStream,
  { frameTicks, extents }: Pick<Timeline, "frameTicks" | "extents">,
): number | undefined {
  const bytes = extents.get(index)?.bytes ?? 0;
  const pixels = codedSize.width * codedSize.height * frameTicks.length;
  if (bytes === 0 || pixels === 0) return undefined;
  const bitsPerPixel = (bytes * 8) / pixels / (relativeBits[codec] ?? 1);
  return clamp(Math.log(ample / bitsPerPixel) / Math.log(ample / starved), 0, 1);
}

/** How much the codec took from the picture, on the scale of compression: that, or what its blocks tell from three tenths on. Video of single
 *  pictures, such as MJPEG, and fast presets show plain blocks at bits that would be ample for others. */
export function codecDamage({ compression, blockiness }: Pick<Diagnosis, "compression" | "blockiness">): number {
  return Math.max(compression, blockiness / 2 - 0.13);
}
