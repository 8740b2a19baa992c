import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type TemporalAveragerOptions = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: 8 | 10;
  /** Neighbours at most: 1 to 6. */
  readonly neighbours: number;
};

/** In sample values. */
export type AveragingDistance = { readonly coarse: number; readonly fine: number };

/** Averages planes of one size with neighbours in time that were moved onto them (kernels/average.c). */
export class TemporalAverager {
  readonly #kernels = new Kernels();
  readonly #options: TemporalAveragerOptions;
  readonly #bytesPerSample: number;
  /** In samples. */
  readonly #stride: number;
  readonly #plane: number;
  readonly #neighbours: number;
  readonly #scratch: number;

  constructor(options: TemporalAveragerOptions) {
    const { width, bitDepth, neighbours } = options;
    if (neighbours < 1 || neighbours > 6) throw new RangeError(`1 to 6 neighbours are averaged, not ${neighbours}`);
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#stride = Math.ceil(width / 8) * 8;
    this.#plane = this.#kernels.reserve(this.#planeBytes);
    this.#neighbours = this.#kernels.reserve(this.#planeBytes * neighbours);
    this.#scratch = this.#kernels.reserve(this.#kernels.call("average_scratch_bytes", width));
  }

  get #planeBytes(): number {
    return this.#stride * this.#options.height * this.#bytesPerSample;
  }

  /** Changes `plane`. A neighbour whose coarse or fine part is so many sample values off around a place counts there, in this part,
   *  for 1/e of the plane itself.
   *  Throws: RangeError for planes of another size or more neighbours than were announced. */
  average(plane: Samples, neighbours: readonly Samples[], distance: AveragingDistance): void {
    const { width, height, neighbours: most } = this.#options;
    if (neighbours.length > most) throw new RangeError(`${neighbours.length} neighbours are more than ${most}`);
    if (neighbours.length === 0) return;
    const bytes = this.#bytesPerSample;
    for (const samples of [plane, ...neighbours]) checkSamples(samples, width, height, bytes);
    this.#kernels.write(plane, bytes, this.#plane, this.#stride * bytes);
    neighbours.forEach((neighbour, index) => {
      this.#kernels.write(neighbour, bytes, this.#neighbours + index * this.#planeBytes, this.#stride * bytes);
    });
    const size = [width, height, this.#stride, bytes] as const;
    const around = [this.#neighbours, this.#planeBytes, neighbours.length] as const;
    this.#kernels.call("average_in_time", this.#plane, ...around, ...size, distance.coarse, distance.fine, this.#scratch);
    this.#kernels.read(this.#plane, this.#stride * bytes, bytes, plane);
  }
}
