import type { VideoFrame } from "../../media/frame.ts";

/** A coarse picture of the luma, each cell the mean of 16 samples. Units: 8-bit code values. */
export type Cells = { readonly columns: number; readonly rows: number; readonly data: Float32Array };

const mostColumns = 96;
const mostRows = 54;
const perSide = 4;

/** Reads the cells of a planar frame. */
export function readCells(frame: VideoFrame, bitDepth: number): Cells {
  const samples = lumaSamples(frame, bitDepth);
  const columns = Math.min(mostColumns, frame.width);
  const rows = Math.min(mostRows, frame.height);
  const data = new Float32Array(columns * rows);
  const xs = spread(columns * perSide, frame.width);
  const ys = spread(rows * perSide, frame.height);
  const unit = 2 ** (bitDepth - 8) * perSide * perSide;
  for (let subRow = 0; subRow < ys.length; subRow += 1) {
    const line = (ys[subRow] ?? 0) * samples.stride;
    const to = Math.floor(subRow / perSide) * columns;
    for (let subColumn = 0; subColumn < xs.length; subColumn += 1) {
      const at = to + Math.floor(subColumn / perSide);
      data[at] = (data[at] ?? 0) + (samples.data[line + (xs[subColumn] ?? 0)] ?? 0) / unit;
    }
  }
  return { columns, rows, data };
}

/** A plane's samples as numbers, `stride` of them from line to line. */
export function lumaSamples(
  frame: VideoFrame,
  bitDepth: number,
): { readonly data: Uint8Array | Uint16Array; readonly stride: number } {
  return planeSamples(frame, 0, bitDepth);
}

export function planeSamples(
  frame: VideoFrame,
  index: number,
  bitDepth: number,
): { readonly data: Uint8Array | Uint16Array; readonly stride: number; readonly width: number; readonly height: number } {
  const { data, strideBytes, width, height } = frame.plane(index);
  if (bitDepth <= 8) return { data, stride: strideBytes, width, height };
  const count = Math.floor(data.byteLength / 2);
  return { data: new Uint16Array(data.buffer, data.byteOffset, count), stride: strideBytes / 2, width, height };
}

/** `count` positions evenly over `length`, none outside. */
export function spread(count: number, length: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => Math.min(length - 1, Math.floor(((index + 0.5) * length) / count)));
}
