import type { Picture } from "./picture.ts";

const length = 256;
const bands = length / 2;

/** Power at each frequency along rows and columns, summed over the pictures added. */
export class Spectrum {
  readonly across = new Float64Array(bands);
  readonly down = new Float64Array(bands);
  lines = 0;

  add({ data, width, height }: Picture): void {
    if (width < length || height < length) return;
    const line = new Float64Array(length);
    for (let y = 0; y < height; y += 16) {
      for (let x = 0; x + length <= width; x += length) {
        for (let i = 0; i < length; i += 1) line[i] = data[y * width + x + i] ?? 0;
        addPower(line, this.across);
        this.lines += 1;
      }
    }
    for (let x = 0; x < width; x += 16) {
      for (let y = 0; y + length <= height; y += length) {
        for (let i = 0; i < length; i += 1) line[i] = data[(y + i) * width + x] ?? 0;
        addPower(line, this.down);
      }
    }
  }
}

const window = Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / length));

const cosines = Float64Array.from({ length: bands }, (_, k) => Math.cos((2 * Math.PI * k) / length));
const sines = Float64Array.from({ length: bands }, (_, k) => -Math.sin((2 * Math.PI * k) / length));

function addPower(line: Float64Array, power: Float64Array): void {
  const imaginary = new Float64Array(length);
  let sum = 0;
  for (let i = 0; i < length; i += 1) sum += line[i] ?? 0;
  for (let i = 0; i < length; i += 1) line[i] = ((line[i] ?? 0) - sum / length) * (window[i] ?? 0);
  transform(line, imaginary);
  for (let k = 0; k < bands; k += 1) power[k] = (power[k] ?? 0) + (line[k] ?? 0) ** 2 + (imaginary[k] ?? 0) ** 2;
}

/** Fourier transform of 256 values in place. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  for (let i = 1, j = 0; i < length; i += 1) {
    let bit = length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j] ?? 0, real[i] ?? 0]; // the input has no imaginary part
  }
  for (let size = 2; size <= length; size *= 2) {
    const half = size / 2;
    const turn = length / size;
    for (let start = 0; start < length; start += size) {
      for (let k = 0; k < half; k += 1) {
        const here = start + k;
        const there = here + half;
        const cosine = cosines[k * turn] ?? 0;
        const sine = sines[k * turn] ?? 0;
        const re = (real[there] ?? 0) * cosine - (imaginary[there] ?? 0) * sine;
        const im = (real[there] ?? 0) * sine + (imaginary[there] ?? 0) * cosine;
        real[there] = (real[here] ?? 0) - re;
        imaginary[there] = (imaginary[here] ?? 0) - im;
        real[here] = (real[here] ?? 0) + re;
        imaginary[here] = (imaginary[here] ?? 0) + im;
      }
    }
  }
}

export type Knee = {
  /** As a share of the highest frequency that the picture could hold. */
  readonly at: number;
  /** Decibels lost across it, and how much more that is than just below it. */
  readonly drop: number;
  readonly steepness: number;
};

const lowestKnee = 36;
const highestKnee = 100;

/** Where the power falls most abruptly. */
export function findKnee(power: Float64Array): Knee {
  const level = (from: number, until: number): number => {
    const part = power.slice(Math.round(from), Math.min(bands - 1, Math.round(until)));
    return part.reduce((sum, value) => sum + 10 * Math.log10(value + 1e-9), 0) / Math.max(1, part.length);
  };
  let best: Knee = { at: 1, drop: 0, steepness: -Infinity };
  for (let band = lowestKnee; band <= highestKnee; band += 2) {
    const below = level(band * 0.72, band * 0.92);
    const drop = below - level(band * 1.12, band * 1.4);
    const steepness = drop - (level(band * 0.45, band * 0.58) - below);
    if (steepness > best.steepness) best = { at: band / bands, drop, steepness };
  }
  return best;
}

/** The share of the size that would hold all there is; undefined unless both directions show that a resampler cut off the
 *  rest. Soft optics and codecs lose detail gradually: that is no sign. */
export function findTrueShare(spectrum: Spectrum): { readonly share: number; readonly drop: number } | undefined {
  if (spectrum.lines === 0) return undefined;
  const knees = [findKnee(spectrum.across), findKnee(spectrum.down)];
  const places = knees.map(({ at }) => at);
  const steepness = knees.map((knee) => knee.steepness);
  const drop = Math.min(...knees.map((knee) => knee.drop));
  const isSure = Math.min(...steepness) >= 4.3 && Math.max(...steepness) >= 4.8 && drop >= 9.4;
  const agree = Math.min(...places) >= 0.4 && Math.max(...places) <= 0.62 && Math.max(...places) - Math.min(...places) <= 0.12;
  const middle = places.reduce((sum, at) => sum + at, 0) / places.length;
  return isSure && agree ? { share: Math.min(1, middle * 1.1), drop } : undefined;
}
