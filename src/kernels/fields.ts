import { checkSamples, Kernels, type Samples } from "./kernels.ts";

export type FieldOptions = { readonly width: number; readonly height: number };

/** What a field's two neighbours in time say about it, in squared sums that only compare with each other. */
export type FieldFit = {
  /** Where its rows stand out more between the later field's rows than between the earlier one's. */
  readonly laterWorse: number;
  readonly earlierWorse: number;
  /** How much the two neighbours, which are of the same parity, differ. */
  readonly apart: number;
};

/** 0: the rows 0, 2, 4 …; 1: the others. */
export type Parity = 0 | 1;

/** Tells which fields of 8-bit luma were once one picture.  Holds three pictures at a time, by their number modulo 3. */
export class FieldComparer {
  readonly #kernels = new Kernels();
  readonly #options: FieldOptions;
  readonly #strideBytes: number;
  readonly #pictures: readonly number[];
  readonly #found: number;

  constructor(options: FieldOptions) {
    this.#options = options;
    this.#strideBytes = strideOf(options);
    const bytes = this.#strideBytes * options.height;
    this.#pictures = Array.from({ length: 3 }, () => this.#kernels.reserve(bytes));
    this.#found = this.#kernels.reserve(3 * 8);
  }

  /** Throws: RangeError for a plane of another size. */
  load(number: number, luma: Samples): void {
    checkSamples(luma, this.#options.width, this.#options.height, 1);
    this.#kernels.write(luma, 1, this.#at(number), this.#strideBytes);
  }

  /** The field of `parity` of one loaded picture between fields of the other parity of two others; numbers may repeat. */
  compare(centre: number, parity: Parity, earlier: number, later: number): FieldFit {
    const pictures = [this.#at(centre), this.#at(earlier), this.#at(later)] as const;
    this.#kernels.call("fields_compare", ...pictures, this.#strideBytes, this.#options.height, parity, this.#found);
    const [laterWorse = 0, earlierWorse = 0, apart = 0] = new Float64Array(this.#kernels.bytes(this.#found, 24).slice().buffer);
    return { laterWorse, earlierWorse, apart };
  }

  #at(number: number): number {
    return this.#pictures[number % 3] ?? 0;
  }
}

/** Tells pictures whose two fields are of different times.  8-bit luma. */
export class CombFinder {
  readonly options: FieldOptions;
  readonly #kernels = new Kernels();
  readonly #strideBytes: number;
  readonly #picture: number;
  readonly #counts: number;

  constructor(options: FieldOptions) {
    this.options = options;
    this.#strideBytes = strideOf(options);
    this.#picture = this.#kernels.reserve(this.#strideBytes * options.height);
    this.#counts = this.#kernels.reserve(this.#strideBytes);
  }

  /** The most samples of any 16×16 that stand out from the rows above and below.  Throws: RangeError for another size. */
  combedSamples(luma: Samples): number {
    checkSamples(luma, this.options.width, this.options.height, 1);
    this.#kernels.write(luma, 1, this.#picture, this.#strideBytes);
    return this.#kernels.call("fields_combed", this.#picture, this.#strideBytes, this.options.height, this.#counts);
  }
}

function strideOf({ width }: FieldOptions): number {
  return Math.ceil(width / 16) * 16;
}
