import { PictureJudge } from "../../inference/picture-judge.ts";
import { judgeModel } from "../../models/judge.ts";
import { locateModel } from "../../models/locate.ts";
import type { Picture } from "./picture.ts";
import { clamp, median } from "./statistics.ts";

/** Of a picture's centre so much is judged. */
export const judgedSize = { width: 640, height: 360 } as const;
/** Smaller pictures say nothing. */
const leastSide = 64;
const mostPictures = 5;

/** How many dB, up to 1, `ugc`'s weights are expected to be nearer to the truth than `general`'s, by a network that was trained on how
 *  both did: sharpening, noise and several encodes as in video that was shared. Of many centres (`judgedSize`) in the order of time some
 *  are judged, from first to last. Undefined where none is large enough. */
export async function judgeShared(pictures: readonly Picture[]): Promise<number | undefined> {
  const large = pictures.filter(({ width, height }) => Math.min(width, height) >= leastSide);
  const chosen = large.filter((_, index) => isSpread(index, large.length));
  if (chosen.length === 0) return undefined;
  await using judge = await PictureJudge.open(await locateModel(judgeModel, 8));
  const found: number[] = [];
  for (const picture of chosen) found.push(await judge.judge(picture));
  return clamp(median(found), 0, 1);
}

/** Whether it is one of `mostPictures` that lie evenly among so many. */
export function isSpread(index: number, count: number): boolean {
  return Math.floor(((index + 1) * mostPictures) / count) > Math.floor((index * mostPictures) / count);
}
