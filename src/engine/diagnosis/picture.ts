import type { Size } from "../../domain/media-info.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { lumaSamples } from "./cells.ts";

/** The luma of a picture's centre at full resolution. Units: 8-bit code values. */
export type Picture = { readonly width: number; readonly height: number; readonly data: Float32Array };

const widest = 1280;
const highest = 720;
/** Codecs work on squares of 8 pixels or multiples: the centre begins on one of their corners. */
const grid = 16;

/** The middle of a picture, no larger than so much. */
export function centreOf(picture: Picture, most: Size): Picture {
  const [width, height] = [Math.min(most.width, picture.width), Math.min(most.height, picture.height)];
  const [left, top] = [Math.floor((picture.width - width) / 2), Math.floor((picture.height - height) / 2)];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * picture.width + left;
    data.set(picture.data.subarray(from, from + width), y * width);
  }
  return { width, height, data };
}

export function readPicture(frame: VideoFrame, bitDepth: number): Picture {
  const samples = lumaSamples(frame, bitDepth);
  const width = Math.min(frame.width, widest);
  const height = Math.min(frame.height, highest);
  const left = Math.floor((frame.width - width) / 2 / grid) * grid;
  const top = Math.floor((frame.height - height) / 2 / grid) * grid;
  const data = new Float32Array(width * height);
  const scale = 1 / 2 ** (bitDepth - 8);
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * samples.stride + left;
    const to = y * width;
    for (let x = 0; x < width; x += 1) data[to + x] = (samples.data[from + x] ?? 0) * scale;
  }
  return { width, height, data };
}
