import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";
import type { MotionField } from "./motion.ts";

export type CompensatorOptions = { readonly width: number; readonly height: number; readonly bitDepth: number };

/** Moves planes of one size along motion fields, which may come from pictures of another size (chroma, enlarged pictures):
 *  bicubic between pixels, blended over overlapping blocks so that no edges of blocks show. */
export class Compensator {
  readonly #kernels = new Kernels();
  readonly #options: CompensatorOptions;
  readonly #bytesPerSample: number;
  readonly #state: number;
  readonly #output: number;
  #field = 0;
  #fieldBlocks = 0;

  constructor(options: CompensatorOptions) {
    const { width, height, bitDepth } = options;
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#state = this.#kernels.reserve(this.#kernels.call("compensate_bytes", width, height, this.#bytesPerSample));
    this.#output = this.#kernels.reserve(width * height * this.#bytesPerSample);
    this.#kernels.call("compensate_init", this.#state, width, height, this.#bytesPerSample, bitDepth);
  }

  /** Fills `output`, at each place with what lies in `plane` there plus the field's vector: for a field from picture A to
   *  picture B and a plane of B, that is A's picture made of B's samples. */
  compensate(field: MotionField, plane: Samples, output: Samples): void {
    const { width, height } = this.#options;
    checkSamples(plane, width, height, this.#bytesPerSample);
    checkSamples(output, width, height, this.#bytesPerSample);
    const blocks = field.columns * field.rows;
    if (blocks > this.#fieldBlocks) {
      this.#fieldBlocks = blocks;
      this.#field = this.#kernels.reserve(blocks * 4);
    }
    const samples = this.#kernels.call("compensate_samples", this.#state);
    this.#kernels.write(plane, this.#bytesPerSample, samples, this.#kernels.call("compensate_stride", this.#state));
    const [dx, dy] = [this.#field, this.#field + blocks * 2];
    this.#kernels.shorts(dx, blocks).set(field.dx);
    this.#kernels.shorts(dy, blocks).set(field.dy);
    const strideBytes = width * this.#bytesPerSample;
    this.#kernels.call("compensate", this.#state, field.width, field.height, dx, dy, this.#output, strideBytes);
    this.#kernels.read(this.#output, strideBytes, this.#bytesPerSample, output);
  }
}
