import type { VideoFrame } from "../../media/frame.ts";
import { planeSamples, spread } from "./cells.ts";
import type { Letterbox, Tones } from "./diagnosis.ts";
import { clamp, mean, quantile } from "./statistics.ts";

/** Luma and colour differences of single points, without borders. Units: 8-bit code values. */
export type Points = {
  readonly ticks: bigint;
  readonly y: Float32Array;
  readonly cb: Float32Array;
  readonly cr: Float32Array;
  readonly columns: number;
  readonly rows: number;
};

const mostColumns = 160;
const mostRows = 90;

export function readPoints(frame: VideoFrame, bitDepth: number): Points {
  const columns = Math.min(mostColumns, frame.width);
  const rows = Math.min(mostRows, frame.height);
  const isGray = frame.formatName.startsWith("gray");
  // Where colour has fewer samples, brightness is averaged over the same spot.
  const places = isGray ? { width: frame.width, height: frame.height } : frame.plane(1);
  const xs = spread(columns, places.width);
  const ys = spread(rows, places.height);
  const read = (index: number): Float32Array => {
    const values = new Float32Array(columns * rows);
    if (index > 0 && isGray) return values.fill(128);
    const plane = planeSamples(frame, index, bitDepth);
    const wide = Math.max(1, Math.round(plane.width / places.width));
    const high = Math.max(1, Math.round(plane.height / places.height));
    const scale = 1 / (2 ** (bitDepth - 8) * wide * high);
    for (let at = 0; at < values.length; at += 1) {
      const left = (xs[at % columns] ?? 0) * wide;
      const top = (ys[Math.floor(at / columns)] ?? 0) * high;
      let sum = 0;
      for (let y = top; y < top + high; y += 1) {
        const line = Math.min(plane.height - 1, y) * plane.stride;
        for (let x = left; x < left + wide; x += 1) sum += plane.data[line + Math.min(plane.width - 1, x)] ?? 0;
      }
      values[at] = sum * scale;
    }
    return values;
  };
  return { ticks: frame.pts, y: read(0), cb: read(1), cr: read(2), columns, rows };
}

/** The points inside the borders, given for a picture of `width` by `height`. */
export function withoutBorders(points: Points, borders: Letterbox, width: number, height: number): Points {
  const fromColumn = Math.ceil((borders.left / width) * points.columns);
  const untilColumn = Math.floor((1 - borders.right / width) * points.columns);
  const fromRow = Math.ceil((borders.top / height) * points.rows);
  const untilRow = Math.floor((1 - borders.bottom / height) * points.rows);
  const inside = (values: Float32Array): Float32Array =>
    values.filter((_, index) => {
      const column = index % points.columns;
      const row = Math.floor(index / points.columns);
      return column >= fromColumn && column < untilColumn && row >= fromRow && row < untilRow;
    });
  const columns = Math.max(0, untilColumn - fromColumn);
  const rows = Math.max(0, untilRow - fromRow);
  return { ticks: points.ticks, y: inside(points.y), cb: inside(points.cb), cr: inside(points.cr), columns, rows };
}

export function tonesOf({ ticks, y, cb, cr }: Points): Tones {
  const average = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const sorted = Float32Array.from(y);
  const black = quantile(sorted, 0.005);
  return {
    ticks,
    black,
    median: quantile(sorted, 0.5),
    white: quantile(sorted, 0.995),
    cb: average(cb),
    cr: average(cr),
  };
}

export type ColorMeasure = {
  /** How far one point in 100 is from the one tint that fits all best; both colour differences. */
  readonly stray: number;
  /** Mean distance of the tint from grey. */
  readonly tint: number;
};

/** How well one colour for each brightness describes a picture: black and white, sepia. */
export function measureColor({ y, cb, cr }: Points): ColorMeasure {
  const strays = [cb, cr].map((values) => {
    const rest = residues(y, values);
    return quantile(rest, 0.99);
  });
  const away = [cb, cr].map((values) => Math.abs(mean([...values]) - 128));
  return { stray: Math.max(...strays), tint: Math.hypot(...away) };
}

/** Distances of `values` from their mean at each brightness, in 32 parts of the range. */
function residues(y: Float32Array, values: Float32Array): Float32Array {
  const bins = 32;
  const sums = new Float64Array(bins);
  const counts = new Float64Array(bins);
  const binOf = (luma: number): number => clamp(Math.floor(luma / 8), 0, bins - 1);
  for (const [index, value] of values.entries()) {
    const bin = binOf(y[index] ?? 0);
    sums[bin] = (sums[bin] ?? 0) + value;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return values.map((value, index) => {
    const bin = binOf(y[index] ?? 0);
    return Math.abs(value - (sums[bin] ?? 0) / Math.max(1, counts[bin] ?? 0));
  });
}
