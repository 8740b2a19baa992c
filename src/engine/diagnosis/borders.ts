import type { VideoFrame } from "../../media/frame.ts";
import { lumaSamples, spread } from "./cells.ts";
import type { Letterbox } from "./diagnosis.ts";
import { quantile } from "./statistics.ts";

/** Dark lines at the four sides of one frame; undefined when the whole frame is dark. `isSharp`: the picture begins at once. */
export type Borders = Record<Side, { readonly lines: number; readonly isSharp: boolean }>;
type Side = keyof Letterbox;
const sides = ["top", "bottom", "left", "right"] as const satisfies readonly Side[];

/** Video black is 16; codecs and old machines leave some more. */
const darkest = 30;
const mostSpread = 8;
const samplesAlong = 240;
const codecBlock = 8;
const leastJump = 14;

export function readBorders(frame: VideoFrame, bitDepth: number): Borders | undefined {
  const { data, stride } = lumaSamples(frame, bitDepth);
  const scale = 1 / 2 ** (bitDepth - 8);
  const xs = spread(Math.min(samplesAlong, frame.width), frame.width);
  const ys = spread(Math.min(samplesAlong, frame.height), frame.height);
  const row = (y: number): Float32Array => Float32Array.from(xs, (x) => (data[y * stride + x] ?? 0) * scale);
  const column = (x: number): Float32Array => Float32Array.from(ys, (y) => (data[y * stride + x] ?? 0) * scale);
  const top = countDark(frame.height, row);
  if (top.lines >= frame.height) return undefined;
  return {
    top,
    bottom: countDark(frame.height, (y) => row(frame.height - 1 - y)),
    left: countDark(frame.width, column),
    right: countDark(frame.width, (x) => column(frame.width - 1 - x)),
  };
}

function countDark(length: number, read: (line: number) => Float32Array): Borders[Side] {
  let level = 0;
  for (let line = 0; line < length; line += 1) {
    const values = read(line);
    const high = quantile(values, 0.985);
    const low = values[Math.floor(values.length * 0.05)] ?? 0; // sorted by quantile
    if (high > darkest || high - low > mostSpread) return findEdge({ line, level, length, read });
    level = mean(values);
  }
  return { lines: length, isSharp: false };
}

type Search = {
  readonly line: number;
  readonly level: number;
  readonly length: number;
  readonly read: (line: number) => Float32Array;
};

/** Codecs blur an edge over the rest of their block: it is where half of the brightness beyond is reached. */
function findEdge({ line, level, length, read }: Search): Borders[Side] {
  if (line === 0) return { lines: 0, isSharp: false };
  const beyond = mean(read(Math.min(length - 1, line + codecBlock)));
  const half = (level + beyond) / 2;
  let edge = line;
  if (beyond > level) while (edge < line + codecBlock && edge < length - 1 && mean(read(edge)) < half) edge += 1;
  return { lines: edge, isSharp: beyond - level > leastJump };
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

const fewestLines = 2;

/** The borders that all frames share, of those that end in the same line often enough to be no darkness of the scene. */
export function agreeOnBorders(frames: readonly (Borders | undefined)[], width: number, height: number): Letterbox {
  const bright = frames.filter((borders) => borders !== undefined);
  const result = { top: 0, bottom: 0, left: 0, right: 0 };
  for (const side of sides) {
    const lines = Math.min(...bright.map((borders) => borders[side].lines));
    const sharp = bright.filter((borders) => borders[side].isSharp && borders[side].lines <= lines + 1);
    if (Number.isFinite(lines) && lines >= fewestLines && sharp.length >= Math.max(1, bright.length * 0.25)) result[side] = lines;
  }
  const isPlausible = result.top + result.bottom < height * 0.75 && result.left + result.right < width * 0.75;
  return isPlausible ? result : { top: 0, bottom: 0, left: 0, right: 0 };
}
