import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type FilmTouchOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Moves planes of one size by parts of a pixel, and lays fine tone curves on them. */
export class FilmTouch {
  readonly #kernels = new Kernels();
  readonly #options: FilmTouchOptions;
  readonly #bytesPerSample: number;
  readonly #input: number;
  readonly #output: number;
  readonly #work: number;
  readonly #table: number;

  constructor(options: FilmTouchOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#input = this.#kernels.reserve(width * height * this.#bytesPerSample);
    this.#output = this.#kernels.reserve(width * height * this.#bytesPerSample);
    this.#work = this.#kernels.reserve(this.#kernels.call("film_shift_bytes", width));
    this.#table = this.#kernels.reserve(2 ** bitDepth * 2);
  }

  /** Fills `output`, at each place with what lies in `plane` there plus (x, y).  Units: pixels, to 1/64. */
  shift(plane: Samples, output: Samples, { x, y }: { readonly x: number; readonly y: number }): void {
    const { width, height, bitDepth } = this.#options;
    this.#write(plane);
    const [dx, dy] = [Math.round(x * 64), Math.round(y * 64)];
    this.#kernels.call("film_shift", this.#input, this.#output, width, height, dx, dy, bitDepth, this.#work);
    this.#read(this.#output, output);
  }

  /** Replaces every sample by its entry, in place.  Shape: one entry in 64ths for each sample value; fractions become a
   *  fixed fine pattern. */
  tone(plane: Samples, table: Uint16Array): void {
    const { width, height, bitDepth } = this.#options;
    if (table.length !== 2 ** bitDepth) throw new RangeError(`a table of ${table.length} values does not fit`);
    this.#write(plane);
    this.#kernels.shorts(this.#table, table.length).set(table);
    this.#kernels.call("film_tone", this.#input, width, height, bitDepth, this.#table);
    this.#read(this.#input, plane);
  }

  #write(plane: Samples): void {
    const { width, height } = this.#options;
    checkSamples(plane, width, height, this.#bytesPerSample);
    this.#kernels.write(plane, this.#bytesPerSample, this.#input, width * this.#bytesPerSample);
  }

  #read(offset: number, plane: Samples): void {
    this.#kernels.read(offset, this.#options.width * this.#bytesPerSample, this.#bytesPerSample, plane);
  }
}
