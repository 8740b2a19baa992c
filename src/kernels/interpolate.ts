import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";

export type InterpolatorOptions = {
  /** Pictures that motion is found on. */
  readonly width: number;
  readonly height: number;
  /** The largest plane to be mixed. */
  readonly planeWidth: number;
  readonly planeHeight: number;
  readonly bitDepth: number;
};

/** How well two pictures fit together. */
export type PairFacts = {
  /** Share of the picture that differs where it is. */
  readonly changedShare: number;
  /** Share of that which motion does not explain: followed there and back it ends up elsewhere. */
  readonly lostShare: number;
  /** Mean difference as a share of what it is between pictures of this contrast that have nothing to do with each other. */
  readonly distance: number;
};

const smoothness = 64;
const changedLimit = 2 * 256; // sum of absolute differences of 16x16 pixels
const lostDistance = 8; // quarter pixels

/** Makes pictures between two: motion is found once for a pair, then planes of any size are mixed for any time between.
 *  Memory: reserved at once: 11 bytes for each pixel compared, and 3 planes of the largest size. */
export class PictureInterpolator {
  readonly #kernels = new Kernels();
  readonly #options: InterpolatorOptions;
  readonly #bytesPerSample: number;
  readonly #motion: number;
  readonly #between: number;
  readonly #buffer: number;

  constructor(options: InterpolatorOptions) {
    const { width, height, planeWidth, planeHeight, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    const sizes = [width, height, planeWidth, planeHeight, this.#bytesPerSample] as const;
    this.#motion = this.#kernels.reserve(this.#kernels.call("motion_bytes", width, height, 2));
    this.#between = this.#kernels.reserve(this.#kernels.call("between_bytes", ...sizes));
    const bufferSamples = Math.max(planeWidth * planeHeight, width * height);
    this.#buffer = this.#kernels.reserve(bufferSamples * this.#bytesPerSample + 16);
    this.#kernels.call("motion_init", this.#motion, width, height, 2);
    this.#kernels.call("between_init", this.#between, ...sizes);
  }

  get reservedBytes(): number {
    return this.#kernels.reservedBytes;
  }

  /** Finds the motion between the luma of two pictures, both ways. */
  setPair(first: Samples, second: Samples): PairFacts {
    [first, second].forEach((luma, slot) => this.#load(slot, luma));
    this.#kernels.call("between_estimate", this.#between, this.#motion, 0, 1, smoothness);
    return this.#facts();
  }

  /** Finds the blocks of the picture between, at `share` of the way from the first (0) to the second (1). */
  setTime(share: number): void {
    const time = Math.min(65535, Math.max(1, Math.round(share * 65536)));
    this.#kernels.call("between_field", this.#between, this.#motion, 0, 1, time);
  }

  /** Fills `output` from the same plane (luma or chroma, of any size) of both pictures. */
  mix(first: Samples, second: Samples, output: Samples): void {
    const { width, height } = output;
    const bytes = this.#bytesPerSample;
    if (width > this.#options.planeWidth || height > this.#options.planeHeight) throw new RangeError("the plane is too large");
    [first, second].forEach((plane, which) => {
      checkSamples(plane, width, height, bytes);
      const at = this.#kernels.call("between_samples", this.#between, which, width, height, bytes, this.#options.bitDepth);
      this.#kernels.write(plane, bytes, at, this.#kernels.call("between_stride", this.#between));
    });
    this.#kernels.call("between_plane", this.#between, this.#buffer, width * bytes);
    this.#kernels.read(this.#buffer, width * bytes, bytes, output);
  }

  #load(slot: number, luma: Samples): void {
    const { width, height, bitDepth } = this.#options;
    const bytes = this.#bytesPerSample;
    checkSamples(luma, width, height, bytes);
    this.#kernels.write(luma, bytes, this.#buffer, width * bytes);
    this.#kernels.call("motion_load", this.#motion, slot, this.#buffer, width * bytes, bytes, bitDepth);
  }

  #facts(): PairFacts {
    const { width, height } = this.#options;
    const at = this.#buffer; // planes come later
    this.#kernels.call("between_count", this.#between, this.#motion, 0, 1, changedLimit, lostDistance, at);
    const [changed = 0, lost = 0, apart = 0, spread = 0] = new Int32Array(this.#kernels.bytes(at, 16).slice().buffer);
    const count = 2 * Math.ceil(width / 8) * Math.ceil(height / 8);
    const lostShare = changed > 0 ? lost / changed : 0;
    return { changedShare: changed / count, lostShare, distance: apart / Math.max(1, spread) };
  }
}

const stripRows = 64;

/** Compares each picture with the one before. */
export class RepeatDetector {
  readonly #kernels = new Kernels();
  readonly #width: number;
  readonly #height: number;
  readonly #bitDepth: number;
  readonly #strideBytes: number;
  readonly #strip: number;
  readonly #pictures: readonly [number, number];
  #count = 0;

  constructor(options: { readonly width: number; readonly height: number; readonly bitDepth: number }) {
    this.#width = options.width;
    this.#height = options.height;
    this.#bitDepth = options.bitDepth;
    this.#strideBytes = Math.ceil(options.width / 16) * 16;
    const bytes = this.#strideBytes * options.height;
    this.#strip = this.#kernels.reserve(bytesPerSampleOf(options.bitDepth) > 1 ? options.width * 2 * stripRows : 0);
    this.#pictures = [this.#kernels.reserve(bytes), this.#kernels.reserve(bytes)];
  }

  get reservedBytes(): number {
    return this.#kernels.reservedBytes;
  }

  /** The largest mean absolute luma difference of any 16x16 pixels from the picture before, in 8-bit code values; infinite
   *  for the first. */
  difference(luma: Samples): number {
    const [width, height, bytes] = [this.#width, this.#height, bytesPerSampleOf(this.#bitDepth)];
    checkSamples(luma, width, height, bytes);
    const [even, odd] = this.#pictures;
    const own = this.#count % 2 === 0 ? even : odd;
    if (bytes === 1) this.#kernels.write(luma, bytes, own, this.#strideBytes);
    else this.#writeInStrips(luma, own);
    this.#count += 1;
    if (this.#count === 1) return Infinity;
    return this.#kernels.call("difference_largest", even, odd, this.#strideBytes, width, height) / 256;
  }

  /** Brings more than 8 bits to 8, a few rows at a time. */
  #writeInStrips(luma: Samples, own: number): void {
    for (let row = 0; row < this.#height; row += stripRows) {
      const height = Math.min(stripRows, this.#height - row);
      const data = luma.data.subarray(row * luma.strideBytes);
      this.#kernels.write({ ...luma, data, height }, 2, this.#strip, this.#width * 2);
      const to = own + row * this.#strideBytes;
      this.#kernels.call(
        "difference_load",
        to,
        this.#strideBytes,
        this.#strip,
        this.#width * 2,
        this.#width,
        height,
        this.#bitDepth,
      );
    }
  }
}
