import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

/** Where the content of each block of 8x8 pixels of one picture lies in another. */
export type MotionField = {
  /** Pixels of the pictures that were compared. */
  readonly width: number;
  readonly height: number;
  readonly blockSize: 8;
  readonly columns: number;
  readonly rows: number;
  /** Quarter pixels to the right and down, row by row. */
  readonly dx: Int16Array;
  readonly dy: Int16Array;
  /** Sum of absolute luma differences over 16x16 pixels around each block, in 8-bit code values. */
  readonly cost: Uint16Array;
};

export type MotionOptions = {
  readonly width: number;
  readonly height: number;
  /** Pictures held at a time. */
  readonly slots?: number;
  /** Price of differing from a neighbour, per pixel; more makes smoother fields. */
  readonly smoothness?: number;
};

const defaultSmoothness = 24;

/** Finds motion between pictures of one size. Each loaded picture stays in its slot until another takes it.
 *  Memory: about 5.5 bytes for each pixel and slot, reserved at once. */
export class MotionEstimator {
  readonly #kernels = new Kernels();
  readonly #width: number;
  readonly #height: number;
  readonly #slots: number;
  readonly #smoothness: number;
  readonly #state: number;
  readonly #input: number;
  readonly #output: number;

  constructor({ width, height, slots = 2, smoothness = defaultSmoothness }: MotionOptions) {
    this.#width = width;
    this.#height = height;
    this.#slots = slots;
    this.#smoothness = smoothness;
    this.#state = this.#kernels.reserve(this.#kernels.call("motion_bytes", width, height, slots));
    this.#input = this.#kernels.reserve(width * height * 2);
    this.#output = this.#kernels.reserve(3 * this.#fieldBytes);
    this.#kernels.call("motion_init", this.#state, width, height, slots);
  }

  get #columns(): number {
    return Math.ceil(this.#width / 8);
  }
  get #rows(): number {
    return Math.ceil(this.#height / 8);
  }
  get #fieldBytes(): number {
    return this.#columns * this.#rows * 2;
  }

  /** Takes a copy of a picture's luma.  Throws: RangeError for a plane of another size or more than 12 bits. */
  load(slot: number, luma: Samples, bitDepth: number): void {
    this.#checkSlot(slot);
    const bytesPerSample = bytesPerSampleOf(bitDepth);
    checkSamples(luma, this.#width, this.#height, bytesPerSample);
    const strideBytes = this.#width * bytesPerSample;
    this.#kernels.write(luma, bytesPerSample, this.#input, strideBytes);
    this.#kernels.call("motion_load", this.#state, slot, this.#input, strideBytes, bytesPerSample, bitDepth);
  }

  /** For each block of the picture in slot `from`: where its content lies in the picture in slot `to`. */
  estimate(from: number, to: number): MotionField {
    this.#checkSlot(from);
    this.#checkSlot(to);
    const bytes = this.#fieldBytes;
    const [dx, dy, cost] = [this.#output, this.#output + bytes, this.#output + 2 * bytes];
    this.#kernels.call("motion_estimate", this.#state, from, to, this.#smoothness, dx, dy, cost);
    const count = bytes / 2;
    return {
      width: this.#width,
      height: this.#height,
      blockSize: 8,
      columns: this.#columns,
      rows: this.#rows,
      dx: this.#kernels.shorts(dx, count).slice(),
      dy: this.#kernels.shorts(dy, count).slice(),
      cost: new Uint16Array(this.#kernels.shorts(cost, count)),
    };
  }

  #checkSlot(slot: number): void {
    if (!Number.isInteger(slot) || slot < 0 || slot >= this.#slots) throw new RangeError(`there is no slot ${slot}`);
  }
}
