import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type ShrinkerOptions = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** Most pictures looked at together: 1, 3 or 5. */
  readonly pictures: number;
};

export type ShrinkSettings = {
  /** What counts as noise in what the pictures share, in sample values; about 2.7 deviations of the noise. */
  readonly spatialThreshold: number;
  /** The same in what differs between them. */
  readonly temporalThreshold: number;
  /** Distance of the overlapping blocks in pixels, 1 to 8: fewer is better and slower. */
  readonly step: number;
};

/** Places of a block's corner in the codec's. */
const places = 64;

/** Takes noise and codec errors out of planes of one size: overlapping blocks of 8x8 pixels, and their aligned neighbours
 *  in time, keep only the coefficients above a threshold.  Memory: about 5 bytes for each pixel and picture. */
export class Shrinker {
  readonly #kernels = new Kernels();
  readonly #options: ShrinkerOptions;
  readonly #bytesPerSample: number;
  readonly #pictures: number;
  readonly #output: number;
  readonly #scratch: number;
  readonly #dropped: number;

  constructor(options: ShrinkerOptions) {
    const { width, height, bitDepth, pictures } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#pictures = this.#kernels.reserve(this.#planeBytes * pictures);
    this.#output = this.#kernels.reserve(this.#planeBytes);
    this.#scratch = this.#kernels.reserve(this.#kernels.call("clean_scratch_bytes", width, height, pictures));
    this.#dropped = this.#kernels.reserve(places * 8);
  }

  get #planeBytes(): number {
    return this.#options.width * this.#options.height * this.#bytesPerSample;
  }

  /** Fills `output` with the middle one of `pictures`, cleaned.  Shape: 1, 3 or 5 planes of the given size, aligned.
   *  Returns, of a single picture, what was dropped in the blocks whose corner lies at each place in 8×8, row by row: the
   *  mean square for a sample, 0 where there were no blocks.  Throws: RangeError for another number or size. */
  shrink(pictures: readonly Samples[], settings: ShrinkSettings, output: Samples): Float64Array {
    const { width, height, bitDepth } = this.#options;
    const { length } = pictures;
    if (length % 2 === 0 || length > this.#options.pictures) throw new RangeError(`${length} pictures cannot be cleaned at once`);
    const { spatialThreshold, temporalThreshold, step } = settings;
    if (!Number.isInteger(step) || step < 1 || step > 8) throw new RangeError(`a step of ${step} does not cover the picture`);
    const strideBytes = width * this.#bytesPerSample;
    pictures.forEach((picture, index) => {
      checkSamples(picture, width, height, this.#bytesPerSample);
      this.#kernels.write(picture, this.#bytesPerSample, this.#pictures + index * this.#planeBytes, strideBytes);
    });
    checkSamples(output, width, height, this.#bytesPerSample);
    this.#kernels.call(
      "clean_shrink",
      this.#pictures,
      length,
      width,
      height,
      this.#bytesPerSample,
      2 ** bitDepth - 1,
      spatialThreshold,
      temporalThreshold,
      step,
      this.#output,
      this.#scratch,
      this.#dropped,
    );
    this.#kernels.read(this.#output, strideBytes, this.#bytesPerSample, output);
    return new Float64Array(this.#kernels.bytes(this.#dropped, places * 8).slice().buffer);
  }

  /** Fills `output` with the last cleaned single picture, brought back to how it was but for `share` of what changed. */
  fade(share: number, output: Samples): void {
    const { width, height } = this.#options;
    checkSamples(output, width, height, this.#bytesPerSample);
    const factor = Math.round(share * 256);
    this.#kernels.call("clean_fade", this.#pictures, this.#output, width * height, this.#bytesPerSample, factor);
    this.#kernels.read(this.#output, width * this.#bytesPerSample, this.#bytesPerSample, output);
  }
}
