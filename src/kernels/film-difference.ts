import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type DifferenceOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Draws what one plane has and another has not, around a middle grey of 8 bits. */
export class DifferencePictures {
  readonly #kernels = new Kernels();
  readonly #options: DifferenceOptions;
  readonly #bytesPerSample: number;
  readonly #before: number;
  readonly #after: number;

  constructor(options: DifferenceOptions) {
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(options.bitDepth);
    const bytes = options.width * options.height * this.#bytesPerSample;
    this.#before = this.#kernels.reserve(bytes);
    this.#after = this.#kernels.reserve(bytes);
  }

  /** Fills `output`, 8-bit samples of the same size: 128 and the difference of `before` from `after`. */
  draw(before: Samples, after: Samples, output: Samples): void {
    const { width, height, bitDepth } = this.#options;
    const places = [this.#before, this.#after] as const;
    for (const [index, plane] of [before, after].entries()) {
      checkSamples(plane, width, height, this.#bytesPerSample);
      this.#kernels.write(plane, this.#bytesPerSample, places[index] ?? 0, width * this.#bytesPerSample);
    }
    this.#kernels.call("film_difference", this.#before, this.#after, width * height, bitDepth);
    this.#kernels.read(this.#before, width, 1, output);
  }
}
