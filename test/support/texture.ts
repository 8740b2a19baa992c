import type { Samples } from "../../src/kernels/kernels.ts";

/** For tests: a textured picture without repetition, the same at each call, shown through a window that starts at (x, y) of
 *  it, whole or fractional, and enlarged by `zoom` around the window's middle. */
export function texture(options: {
  readonly width: number;
  readonly height: number;
  readonly x?: number;
  readonly y?: number;
  readonly zoom?: number;
  readonly bitDepth?: number;
  readonly seed?: number;
}): Samples {
  const { width, height, x = 0, y = 0, zoom = 1, bitDepth = 8, seed = 1 } = options;
  const bytesPerSample = bitDepth > 8 ? 2 : 1;
  const data = Buffer.alloc(width * height * bytesPerSample);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [u, v] = [(column - width / 2) / zoom + width / 2 + x, (row - height / 2) / zoom + height / 2 + y];
      const value = 30 + 100 * smoothNoise(u / 5, v / 5, seed) + 90 * smoothNoise(u / 13, v / 13, seed + 1);
      const sample = Math.round(value * 2 ** (bitDepth - 8));
      if (bytesPerSample === 1) data[row * width + column] = sample;
      else data.writeUInt16LE(sample, (row * width + column) * 2);
    }
  }
  return { data, strideBytes: width * bytesPerSample, width, height };
}

/** Random values at whole places, smoothly joined. */
function smoothNoise(x: number, y: number, seed: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [ease(x - left), ease(y - top)];
  const above = hash(left, top, seed) * (1 - u) + hash(left + 1, top, seed) * u;
  const below = hash(left, top + 1, seed) * (1 - u) + hash(left + 1, top + 1, seed) * u;
  return above * (1 - v) + below * v;
}

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** 0 to 1. */
function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 374761393) ^ Math.imul(y, 668265263) ^ Math.imul(seed, 1442695041);
  h = Math.imul(h ^ (h >>> 13), 1274126177);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
