import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";
import type { MotionField } from "./motion.ts";

export type DirtOptions = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** Sizes of the chroma planes against luma: 1 where they are half as wide, as high. */
  readonly chromaShiftX: 0 | 1;
  readonly chromaShiftY: 0 | 1;
  /** Pictures held at a time. */
  readonly slots: number;
};

export type DirtQuestion = {
  readonly previous: number;
  readonly current: number;
  readonly next: number;
  /** From the current picture to its neighbours. */
  readonly toPrevious: MotionField;
  readonly toNext: MotionField;
  /** How far a spot stands out at least where nothing disturbs, in 8-bit code values. */
  readonly threshold: number;
};

export type DirtFound = { readonly spots: number; readonly pixels: number };

/** Finds what lives one picture only, by comparing it with both neighbours along the motion, and fills its place with
 *  what they show.  Memory: about 11 bytes for each pixel and 3 for each of a slot's samples. */
export class DirtRemover {
  readonly #kernels = new Kernels();
  readonly #options: DirtOptions;
  readonly #bytesPerSample: number;
  readonly #film: number;
  /** For each slot: 8-bit luma, then the planes as they are. */
  readonly #slots: readonly { readonly luma: number; readonly planes: readonly number[] }[];
  readonly #output: number;

  constructor(options: DirtOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#film = this.#kernels.reserve(this.#kernels.call("film_bytes", width, height));
    this.#slots = Array.from({ length: options.slots }, () => {
      const planes = [0, 1, 2].map((index) => this.#kernels.reserve(this.#planeBytes(index)));
      const luma = bitDepth === 8 ? (planes[0] ?? 0) : this.#kernels.reserve(width * height);
      return { luma, planes };
    });
    this.#output = this.#kernels.reserve(this.#planeBytes(0));
    this.#kernels.call("film_init", this.#film, width, height);
  }

  /** Takes a copy of a picture's three planes. */
  load(slot: number, planes: readonly Samples[]): void {
    const { luma, planes: offsets } = this.#slot(slot);
    const { width, height, bitDepth } = this.#options;
    planes.forEach((plane, index) => {
      const size = this.#size(index);
      checkSamples(plane, size.width, size.height, this.#bytesPerSample);
      this.#kernels.write(plane, this.#bytesPerSample, offsets[index] ?? 0, size.width * this.#bytesPerSample);
    });
    if (bitDepth > 8) this.#kernels.call("film_narrow", offsets[0] ?? 0, luma, width * height, bitDepth);
  }

  /** Looks for dirt in the picture of slot `current`; `write` then gives the picture without it. */
  find({ previous, current, next, toPrevious, toNext, threshold }: DirtQuestion): DirtFound {
    [toPrevious.dx, toPrevious.dy, toNext.dx, toNext.dy].forEach((vectors, index) => {
      const offset = this.#kernels.call("film_vectors", this.#film, index);
      this.#kernels.shorts(offset, vectors.length).set(vectors);
    });
    const [a, b, c] = [this.#slot(current).luma, this.#slot(previous).luma, this.#slot(next).luma];
    const spots = this.#kernels.call("film_find_dirt", this.#film, a, b, c, threshold);
    return { spots, pixels: this.#kernels.call("film_covered", this.#film) };
  }

  /** Writes the three planes of the picture that `find` looked at, filled. */
  write({ previous, current, next }: DirtQuestion, output: readonly Samples[]): void {
    const { bitDepth, chromaShiftX, chromaShiftY } = this.#options;
    const [a, b, c] = [this.#slot(current).planes, this.#slot(previous).planes, this.#slot(next).planes];
    output.forEach((plane, index) => {
      const { width, height } = this.#size(index);
      const [right, down] = index === 0 ? [0, 0] : [chromaShiftX, chromaShiftY];
      const places = [a[index] ?? 0, b[index] ?? 0, c[index] ?? 0, this.#output] as const;
      this.#kernels.call("film_fill", this.#film, ...places, width, height, right, down, index === 0 ? 1 : 0, bitDepth);
      this.#kernels.read(this.#output, width * this.#bytesPerSample, this.#bytesPerSample, plane);
    });
  }

  #slot(slot: number): { readonly luma: number; readonly planes: readonly number[] } {
    const found = this.#slots[slot];
    if (found === undefined) throw new RangeError(`there is no slot ${slot}`);
    return found;
  }

  #size(index: number): { readonly width: number; readonly height: number } {
    const { width, height, chromaShiftX, chromaShiftY } = this.#options;
    if (index === 0) return { width, height };
    return { width: (width + chromaShiftX) >> chromaShiftX, height: (height + chromaShiftY) >> chromaShiftY };
  }

  #planeBytes(index: number): number {
    const { width, height } = this.#size(index);
    return width * height * this.#bytesPerSample;
  }
}
