import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

/** Noise to be repeated over a picture.  Shape: `side` × `side`, a power of two; 32 is one standard deviation. */
export type NoiseTile = { readonly side: number; readonly samples: Int8Array };

export type GrainSettings = {
  readonly tile: NoiseTile;
  readonly offsetX: number;
  readonly offsetY: number;
  /** Standard deviation in sample values for 256 tones from black to white. */
  readonly deviations: Float32Array;
};

/** In sample values: `low` and `high` are the local contrasts from which sharpening sets in and is complete. */
export type SharpenSettings = { readonly gain: number; readonly low: number; readonly high: number };

export type TouchOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Small operations on planes of one size: tone tables, grain, sharpening, and differences taken and added. */
export class PlaneTouch {
  readonly #kernels = new Kernels();
  readonly #options: TouchOptions;
  readonly #bytesPerSample: number;
  readonly #a: number;
  readonly #b: number;
  readonly #wide: number;
  readonly #table: number;
  readonly #scratch: number;
  #tile: { readonly noise: NoiseTile; readonly offset: number } | undefined;

  constructor(options: TouchOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#a = this.#kernels.reserve(this.#planeBytes);
    this.#b = this.#kernels.reserve(this.#planeBytes);
    this.#wide = this.#kernels.reserve(width * height * 2);
    this.#table = this.#kernels.reserve(2 ** Math.max(8, bitDepth) * 2);
    this.#scratch = this.#kernels.reserve(this.#kernels.call("clean_sharpen_bytes", width));
  }

  get #samples(): number {
    return this.#options.width * this.#options.height;
  }
  get #planeBytes(): number {
    return this.#samples * this.#bytesPerSample;
  }
  get #largest(): number {
    return 2 ** this.#options.bitDepth - 1;
  }

  /** Replaces every sample by its entry.  Shape: one entry for each sample value. */
  map(plane: Samples, table: Uint16Array): void {
    if (table.length !== this.#largest + 1) throw new RangeError(`a table of ${table.length} values does not fit`);
    this.#kernels.shorts(this.#table, table.length).set(table);
    this.#change(plane, (at) =>
      this.#kernels.call("clean_map", at, this.#samples, this.#bytesPerSample, this.#largest, this.#table),
    );
  }

  addGrain(plane: Samples, { tile, offsetX, offsetY, deviations }: GrainSettings): void {
    const { width, height, bitDepth } = this.#options;
    if (this.#tile?.noise !== tile) {
      const offset = this.#kernels.reserve(tile.samples.length);
      this.#kernels.bytes(offset, tile.samples.length).set(new Uint8Array(tile.samples.buffer, tile.samples.byteOffset));
      this.#tile = { noise: tile, offset };
    }
    const amplitudes = Uint16Array.from(deviations, (deviation) => Math.min(65_535, Math.round(deviation * 512)));
    this.#kernels.shorts(this.#table, 256).set(amplitudes);
    const { offset } = this.#tile;
    const bytes = this.#bytesPerSample;
    this.#change(plane, (at) =>
      this.#kernels.call("clean_grain", at, width, height, bytes, bitDepth, offset, tile.side, offsetX, offsetY, this.#table),
    );
  }

  /** Adds `gain` of the finest detail where there is contrast, held to what lies around. */
  sharpen(plane: Samples, { gain, low, high }: SharpenSettings): void {
    const { width, height } = this.#options;
    const bytes = this.#bytesPerSample;
    this.#write(plane, this.#a);
    const factor = Math.round(gain * 256);
    const [from, to] = [this.#a, this.#b];
    this.#kernels.call("clean_sharpen", from, width, height, bytes, this.#largest, factor, low, high, to, this.#scratch);
    this.#kernels.read(to, width * bytes, bytes, plane);
  }

  /** Fills `differences` with a − b around 32768 in sixteenths of a sample value.
   *  Returns the mean squared difference.  Shape: 16-bit samples of the same size. */
  difference(a: Samples, b: Samples, differences: Samples): number {
    const { width, height } = this.#options;
    checkSamples(differences, width, height, 2);
    this.#write(a, this.#a);
    this.#write(b, this.#b);
    const total = this.#kernels.call("clean_difference", this.#a, this.#b, this.#samples, this.#bytesPerSample, this.#wide);
    this.#kernels.read(this.#wide, width * 2, 2, differences);
    return total / this.#samples;
  }

  /** Adds what `difference` gives, times `gain`. */
  add(plane: Samples, differences: Samples, gain: number): void {
    const { width, height } = this.#options;
    checkSamples(differences, width, height, 2);
    this.#kernels.write(differences, 2, this.#wide, width * 2);
    const factor = Math.round(gain * 256);
    this.#change(plane, (at) =>
      this.#kernels.call("clean_add", at, this.#wide, this.#samples, this.#bytesPerSample, this.#largest, factor),
    );
  }

  #change(plane: Samples, kernel: (at: number) => void): void {
    this.#write(plane, this.#a);
    kernel(this.#a);
    this.#kernels.read(this.#a, this.#options.width * this.#bytesPerSample, this.#bytesPerSample, plane);
  }

  #write(plane: Samples, offset: number): void {
    const { width, height } = this.#options;
    checkSamples(plane, width, height, this.#bytesPerSample);
    this.#kernels.write(plane, this.#bytesPerSample, offset, width * this.#bytesPerSample);
  }
}
