import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type BandOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Holds what was changed against bands to where there are bands.  For planes of one size. */
export class BandHolder {
  readonly #kernels = new Kernels();
  readonly #options: BandOptions;
  readonly #bytesPerSample: number;
  readonly #plane: number;
  readonly #changed: number;
  readonly #scratch: number;

  constructor(options: BandOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    const bytes = width * height * this.#bytesPerSample;
    this.#plane = this.#kernels.reserve(bytes);
    this.#changed = this.#kernels.reserve(bytes);
    this.#scratch = this.#kernels.reserve(this.#kernels.call("bands_scratch_bytes", width, height));
  }

  /** Brings `changed` back to `plane` but for places where that is even with visible steps in between.
   *  Returns the share of the change that is kept, 0 to 1.  Throws: RangeError for planes of another size. */
  hold(plane: Samples, changed: Samples): number {
    const { width, height, bitDepth } = this.#options;
    const bytes = this.#bytesPerSample;
    for (const [samples, at] of [[plane, this.#plane] as const, [changed, this.#changed] as const]) {
      checkSamples(samples, width, height, bytes);
      this.#kernels.write(samples, bytes, at, width * bytes);
    }
    const kept = this.#kernels.call("bands_hold", this.#plane, this.#changed, width, height, bytes, bitDepth, this.#scratch);
    this.#kernels.read(this.#changed, width * bytes, bytes, changed);
    return kept;
  }
}
