import type { Size } from "../../src/domain/media-info.ts";
import type { DrawnFrame } from "./drawn-clip.ts";

/** Luma at a point, in code values; fractions are rounded last. */
export type Scene = (x: number, y: number) => number;

/** The same numbers in every run, evenly from 0 to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normally distributed numbers. */
export function gaussianNumbers(seed: number): () => number {
  const random = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A wall with soft shading and things in front of it, with hard edges, `things` of them. Range: about 40 to 210. */
export function room({ width, height }: Size, seed: number, things = 40): Scene {
  const random = randomNumbers(seed);
  const canvas = Float32Array.from({ length: width * height }, (_, at) => {
    return 110 + (30 * (at % width)) / width + 12 * Math.sin(at / width / 90);
  });
  for (let thing = 0; thing < things; thing += 1) {
    const middle = { x: random() * width, y: random() * height * 0.7 };
    const half = { x: 4 + random() * 30, y: 4 + random() * 30 };
    const luma = 40 + random() * 170;
    const tilt = random() - 0.5;
    for (let y = Math.max(0, Math.ceil(middle.y - half.y)); y < Math.min(height, middle.y + half.y); y += 1) {
      const left = Math.round(middle.x - half.x - tilt * (y - middle.y));
      const right = Math.round(middle.x + half.x - tilt * (y - middle.y));
      canvas.fill(luma, y * width + Math.max(0, Math.min(width, left)), y * width + Math.max(0, Math.min(width, right)));
    }
  }
  return (x, y) => canvas[Math.min(height - 1, y) * width + Math.min(width - 1, x)] ?? 0;
}

/** Draws a scene without colour, or in one. */
export function paint({ width, height }: Size, scene: Scene, color: readonly [number, number] = [128, 128]): DrawnFrame {
  const y = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      y[row * width + column] = Math.max(0, Math.min(255, Math.round(scene(column, row))));
    }
  }
  const quarter = (width * height) / 4;
  return { y, cb: new Uint8Array(quarter).fill(color[0]), cr: new Uint8Array(quarter).fill(color[1]) };
}
