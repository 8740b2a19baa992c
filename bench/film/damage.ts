import { mapSamples, type Pictures } from "../quality/material.ts";
import type { Overlay } from "../quality/film.ts";
import type { Random } from "../quality/random.ts";

/** Pictures with dirt on them, and how opaque the dirt is at each pixel of each. Owns: the pictures. */
export type Dirtied = { readonly dirty: Pictures; readonly opacity: readonly Float32Array[] };

const share = 0.85;

/** Lays two pieces of dirt on each picture, at half the size of their pictures. */
export function layDirt(truth: Pictures, overlays: readonly Overlay[], random: Random): Dirtied {
  const opacity: Float32Array[] = [];
  const dirty = mapSamples(truth, ({ plane, index, width, height, sample }) => {
    if (plane > 0) return sample;
    const cover = new Float32Array(width * height);
    const tones = new Float32Array(width * height);
    for (let piece = 0; piece < 2; piece += 1) {
      const overlay = overlays[Math.floor(random.even() * overlays.length)];
      if (overlay === undefined) continue;
      const side = overlay.side / 2;
      const left = Math.round((random.even() * 1.2 - 0.1) * width - side / 2);
      const top = Math.round((random.even() * 1.2 - 0.1) * height - side / 2);
      const tone = random.even() < 0.6 ? 225 : 25;
      for (let row = Math.max(0, -top); row < Math.min(side, height - top); row += 1) {
        for (let column = Math.max(0, -left); column < Math.min(side, width - left); column += 1) {
          const at = (top + row) * width + left + column;
          const found = halved(overlay, column, row);
          if (found <= (cover[at] ?? 0)) continue;
          cover[at] = found;
          tones[at] = tone;
        }
      }
    }
    opacity[index] = cover;
    return (x, y) => {
      const covered = share * (cover[y * width + x] ?? 0);
      return sample(x, y) * (1 - covered) + (tones[y * width + x] ?? 0) * covered;
    };
  });
  return { dirty, opacity };
}

function halved({ opacity, side }: Overlay, column: number, row: number): number {
  const at = 2 * row * side + 2 * column;
  return ((opacity[at] ?? 0) + (opacity[at + 1] ?? 0) + (opacity[at + side] ?? 0) + (opacity[at + side + 1] ?? 0)) / 4;
}

/** Film grain alone, of the given deviation: what a clean print would show. */
export function addGrain(truth: Pictures, sigma: number, random: Random): Pictures {
  return mapSamples(truth, ({ plane, sample }) => (plane > 0 ? sample : (x, y) => sample(x, y) + random.normal() * sigma));
}
