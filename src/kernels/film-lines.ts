import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

/** A narrow, nearly upright line in one picture. */
export type FilmLine = {
  /** Middle of the line at half height, in pixels. */
  readonly x: number;
  /** Pixels to the right from the picture's top to its bottom. */
  readonly tilt: number;
  readonly sign: 1 | -1;
  /** One bit for each sixteenth of the height in which the line shows, from the top. */
  readonly bands: number;
  /** Mean difference from both sides, in 8-bit code values. */
  readonly contrast: number;
};

/** How many parts of the height a line is looked for in. */
export const lineBands = 16;
const mostLines = 12;
const numbersPerLine = 6;

export type LineOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Finds near-vertical lines in luma and takes them out of planes. */
export class LineFinder {
  readonly #kernels = new Kernels();
  readonly #options: LineOptions;
  readonly #bytesPerSample: number;
  readonly #plane: number;
  readonly #narrow: number;
  readonly #work: number;
  readonly #mending: number;

  constructor(options: LineOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#plane = this.#kernels.reserve(width * height * this.#bytesPerSample);
    this.#narrow = bitDepth === 8 ? this.#plane : this.#kernels.reserve(width * height);
    this.#work = this.#kernels.reserve(this.#kernels.call("film_lines_bytes", width));
    this.#mending = this.#kernels.reserve(this.#kernels.call("film_mend_bytes", height));
  }

  /** Lines that show in at least `fewestBands` sixteenths of the height. */
  find(luma: Samples, fewestBands: number): readonly FilmLine[] {
    const { width, height, bitDepth } = this.#options;
    checkSamples(luma, width, height, this.#bytesPerSample);
    this.#kernels.write(luma, this.#bytesPerSample, this.#plane, width * this.#bytesPerSample);
    if (bitDepth > 8) this.#kernels.call("film_narrow", this.#plane, this.#narrow, width * height, bitDepth);
    const count = this.#kernels.call("film_find_lines", this.#narrow, width, height, this.#work, fewestBands);
    const numbers = this.#kernels.shorts(this.#work, mostLines * numbersPerLine * 2);
    return Array.from({ length: count }, (_, index): FilmLine => {
      // Numbers of 32 bits, of which the lower half holds all that is meant.
      const at = (place: number): number => numbers[(index * numbersPerLine + place) * 2] ?? 0;
      const x = (at(0) + ((numbers[index * numbersPerLine * 2 + 1] ?? 0) << 16)) / 16;
      return { x, tilt: at(1), sign: at(2) > 0 ? 1 : -1, bands: at(3) & 0xff_ff, contrast: at(4) / 16 };
    });
  }

  /** Takes a line out of a plane, in place.  Returns the number of changed samples. */
  mend(plane: Samples, line: FilmLine): number {
    const { bitDepth } = this.#options;
    const { width, height } = plane;
    const strideBytes = width * this.#bytesPerSample;
    this.#kernels.write(plane, this.#bytesPerSample, this.#plane, strideBytes);
    const shiftX = width < this.#options.width ? 1 : 0;
    const shape = [Math.round(line.x * 16), line.tilt, line.sign, line.bands, shiftX] as const;
    const changed = this.#kernels.call("film_mend_line", this.#plane, width, height, ...shape, bitDepth, this.#mending);
    if (changed > 0) this.#kernels.read(this.#plane, strideBytes, this.#bytesPerSample, plane);
    return changed;
  }
}
