import type { Plane, VideoFrame } from "../media/frame.ts";

/** A coarse picture of the luma: enough to tell black from not black and moving from frozen. */
export type Thumbnail = Uint16Array;

const thumbnailColumns = 64;
const thumbnailRows = 36;

/** Samples the luma on a fixed grid. Shape: 64 × 36, in the frame's own sample values. */
export function thumbnail(frame: VideoFrame, bitDepth: number): Thumbnail {
  const plane = frame.plane(0);
  const result = new Uint16Array(thumbnailColumns * thumbnailRows);
  for (let row = 0; row < thumbnailRows; row += 1) {
    const y = Math.floor(((row + 0.5) * plane.height) / thumbnailRows);
    for (let column = 0; column < thumbnailColumns; column += 1) {
      const x = Math.floor(((column + 0.5) * plane.width) / thumbnailColumns);
      const at = y * plane.strideBytes;
      result[row * thumbnailColumns + column] = bitDepth > 8 ? plane.data.readUInt16LE(at + x * 2) : (plane.data[at + x] ?? 0);
    }
  }
  return result;
}

/** Whether hardly any point is brighter than a little above black (video or full range). */
export function isBlack(points: Thumbnail, bitDepth: number): boolean {
  const limit = 24 << (bitDepth - 8);
  let bright = 0;
  for (const value of points) if (value > limit) bright += 1;
  return bright <= points.length * 0.005;
}

/** Share of points that differ between two pictures by more than rounding. */
export function changedShare(a: Thumbnail, b: Thumbnail, bitDepth: number): number {
  const limit = 1 << (bitDepth - 8);
  let changed = 0;
  for (let i = 0; i < a.length; i += 1) if (Math.abs((a[i] ?? 0) - (b[i] ?? 0)) > limit) changed += 1;
  return changed / a.length;
}

export type PlaneDifference = { readonly squaredError: number; readonly meanDifference: number };

/** Mean squared error and mean signed difference (b − a) of two planes of one size, on the 8-bit scale. */
export function comparePlanes(a: Plane, b: Plane, bitDepth: number): PlaneDifference {
  const unit = 2 ** (bitDepth - 8);
  let squares = 0;
  let sum = 0;
  for (let row = 0; row < a.height; row += 1) {
    const left = samples(a, row, bitDepth);
    const right = samples(b, row, bitDepth);
    for (let column = 0; column < a.width; column += 1) {
      const difference = (right[column] ?? 0) - (left[column] ?? 0);
      squares += difference * difference;
      sum += difference;
    }
  }
  const count = a.width * a.height;
  return { squaredError: squares / count / unit ** 2, meanDifference: sum / count / unit };
}

function samples(plane: Plane, row: number, bitDepth: number): Uint8Array | Uint16Array {
  const at = plane.data.byteOffset + row * plane.strideBytes;
  return bitDepth > 8 ? new Uint16Array(plane.data.buffer, at, plane.width) : new Uint8Array(plane.data.buffer, at, plane.width);
}

/** Peak signal-to-noise ratio in dB on the 8-bit scale; 100 for identical pictures. */
export function psnr(squaredError: number): number {
  return squaredError === 0 ? 100 : Math.min(100, 10 * Math.log10(255 ** 2 / squaredError));
}
