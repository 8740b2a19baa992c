import type { VideoStream } from "../../domain/media-info.ts";
import type { InterlaceCounts } from "../../media/interlace.ts";
import type { Diagnosis } from "./diagnosis.ts";

const combedShare = 0.2;
/** Where little moves most frames show nothing; a few that agree on the order are enough then. */
const fewestCombed = 8;
const agreement = 0.8;
const nearlyAll = 0.6;
/** Pulldown repeats a field as often as it combs a frame; where little moves the detector sees fewer. */
const repeatedShare = 0.15;
const fewestRepeated = 4;

/** Concludes from what FFmpeg's detector said in each window. The stream's own flag is only told. */
export function judgeScan(
  windows: readonly InterlaceCounts[],
  video: VideoStream,
): Pick<Diagnosis, "scan" | "fieldOrder" | "reason"> {
  const total = (read: (counts: InterlaceCounts) => number): number => windows.reduce((sum, counts) => sum + read(counts), 0);
  const frames = total((counts) => counts.frames);
  const topFirst = total((counts) => counts.topFirst);
  const bottomFirst = total((counts) => counts.bottomFirst);
  const progressive = total((counts) => counts.progressive);
  const repeated = total((counts) => counts.repeatedFields);
  const combed = topFirst + bottomFirst;
  const fieldOrder = topFirst >= bottomFirst ? "top_first" : "bottom_first";
  const facts = `${combed} of ${frames} frames combed, ${repeated} with a repeated field`;
  const agrees = Math.max(topFirst, bottomFirst) >= agreement * combed;
  // Shaking up and down looks combed now and then, but progressive more often; of edited material whole stretches are combed.
  const stretches = windows.filter((counts) => counts.topFirst + counts.bottomFirst >= nearlyAll * counts.frames).length;
  const prevails = combed > progressive || (stretches >= 2 && stretches >= combedShare * windows.length);
  const isCombed = combed > 0 && agrees && combed >= combedShare * frames;
  if (isCombed && repeated >= fewestRepeated && repeated >= repeatedShare * combed) {
    return { scan: "telecined", fieldOrder, reason: `${facts}: film at 24 frames in 30` };
  }
  const isRarelyCombed = agrees && combed >= fewestCombed && combed > 2 * progressive;
  if ((isCombed && prevails) || isRarelyCombed) return { scan: "interlaced", fieldOrder, reason: facts };
  const isFlagged = video.fieldOrder === "top_first" || video.fieldOrder === "bottom_first";
  const reason = isFlagged ? `${facts}; the stream is flagged as interlaced, its pictures are not` : facts;
  return { scan: "progressive", fieldOrder: undefined, reason };
}
