import { PictureJudge } from "../../inference/picture-judge.ts";
import { judgeModel } from "../../models/judge.ts";
import { locateModel } from "../../models/locate.ts";
import type { Picture } from "./picture.ts";
import { clamp, median } from "./statistics.ts";

/** Of a picture's centre so much is judged; smaller pictures say nothing. */
const judged = { width: 640, height: 360, least: 64 } as const;
const mostPictures = 5;

/** How many dB, up to 1, `ugc`'s weights are expected to be nearer to the truth than `general`'s, by a network that was trained on how
 *  both did: sharpening, noise and several encodes as in video that was shared. Undefined where no picture is large enough. */
export async function judgeShared(pictures: readonly Picture[]): Promise<number | undefined> {
  const chosen = pictures.filter(({ width, height }) => Math.min(width, height) >= judged.least).slice(0, mostPictures);
  if (chosen.length === 0) return undefined;
  await using judge = await PictureJudge.open(await locateModel(judgeModel, 8));
  const found: number[] = [];
  for (const picture of chosen) found.push(await judge.judge(centreOf(picture)));
  return clamp(median(found), 0, 1);
}

function centreOf(picture: Picture): Picture {
  const [width, height] = [Math.min(judged.width, picture.width), Math.min(judged.height, picture.height)];
  const [left, top] = [Math.floor((picture.width - width) / 2), Math.floor((picture.height - height) / 2)];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * picture.width + left;
    data.set(picture.data.subarray(from, from + width), y * width);
  }
  return { width, height, data };
}
