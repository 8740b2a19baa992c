import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

/** Samples of a cell's side. */
export const cellSide = 4;
/** Planes of `FusionFeatures.look`: 25 of costs and 4 of means. */
export const fusionPlanes = { costs: 25, means: 4 } as const;
/** Steps of a told mean in an 8-bit code value, and of the byte that is made of it in the logarithm. */
const meanParts = 16;
const logParts = 46;

const logOfMean = Uint8Array.from({ length: 65536 }, (_, mean) =>
  Math.min(255, Math.round(Math.log1p(mean / meanParts) * logParts)),
);

export type FusionFeaturesOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Tells how well neighbours in time, moved onto a picture, match it in each cell of 4x4 (kernels/fusion.c). */
export class FusionFeatures {
  readonly cells: { readonly width: number; readonly height: number };
  readonly #kernels = new Kernels();
  readonly #options: FusionFeaturesOptions;
  readonly #bytesPerSample: number;
  readonly #state: number;
  readonly #costs: number;
  readonly #means: number;

  constructor(options: FusionFeaturesOptions) {
    const { width, height, bitDepth } = options;
    this.cells = { width: Math.ceil(width / cellSide), height: Math.ceil(height / cellSide) };
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#state = this.#kernels.reserve(this.#kernels.call("fusion_bytes", width, height, this.#bytesPerSample));
    this.#costs = this.#kernels.reserve(this.#count * fusionPlanes.costs);
    this.#means = this.#kernels.reserve(this.#count * fusionPlanes.means * 2);
    this.#kernels.call("fusion_init", this.#state, width, height, this.#bytesPerSample, bitDepth);
  }

  get #count(): number {
    return this.cells.width * this.cells.height;
  }

  /** The picture that neighbours are compared with from now on. */
  load(picture: Samples): void {
    this.#write(picture, "fusion_own");
  }

  /** Fills the first 29 planes of `output`, a byte for each cell: 25 of costs (128 + 127/8 times the code values that a shift by
   *  −2 to 2 samples down and right costs more), then 46 · ln(1 + mean) of the difference, of the picture's own change down and across,
   *  and of the difference in brightness, all in 8-bit code values. */
  look(moved: Samples, output: Uint8Array): void {
    this.#write(moved, "fusion_moved");
    this.#kernels.call("fusion_look", this.#state, this.#costs, this.#means);
    const costs = this.#count * fusionPlanes.costs;
    output.set(this.#kernels.bytes(this.#costs, costs));
    const means = this.#kernels.shorts(this.#means, this.#count * fusionPlanes.means);
    means.forEach((mean, index) => (output[costs + index] = logOfMean[mean & 0xffff] ?? 255));
  }

  #write(samples: Samples, place: "fusion_own" | "fusion_moved"): void {
    const { width, height } = this.#options;
    checkSamples(samples, width, height, this.#bytesPerSample);
    const to = this.#kernels.call(place, this.#state);
    this.#kernels.write(samples, this.#bytesPerSample, to, this.#kernels.call("fusion_stride", this.#state));
  }
}
