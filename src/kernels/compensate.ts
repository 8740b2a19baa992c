import { cellSide } from "./fusion.ts";
import { bytesPerSampleOf, checkSamples, Kernels, type Samples } from "./kernels.ts";
import type { MotionField } from "./motion.ts";

/** Vectors for cells of 4x4 samples, row by row, in sixteenths of a sample. */
export type CellVectors = { readonly dx: Int16Array; readonly dy: Int16Array };

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
    this.#load(plane, output);
    const [dx, dy] = this.#writeField(field);
    this.#kernels.call("compensate", this.#state, field.width, field.height, dx, dy, this.#output, this.#outputStride);
    this.#kernels.read(this.#output, this.#outputStride, this.#bytesPerSample, output);
  }

  /** What a field says for each cell. */
  toCells(field: MotionField): CellVectors {
    const [dx, dy] = this.#writeField(field);
    this.#kernels.call("compensate_spread", this.#state, field.width, field.height, dx, dy);
    const found = this.#vectors();
    return { dx: found.dx.slice(), dy: found.dy.slice() };
  }

  /** As `compensate`, along vectors of cells. */
  compensateCells(vectors: CellVectors, plane: Samples, output: Samples): void {
    this.#load(plane, output);
    const { dx, dy } = this.#vectors();
    dx.set(vectors.dx);
    dy.set(vectors.dy);
    this.#kernels.call("compensate_cells", this.#state, this.#output, this.#outputStride);
    this.#kernels.read(this.#output, this.#outputStride, this.#bytesPerSample, output);
  }

  get #outputStride(): number {
    return this.#options.width * this.#bytesPerSample;
  }

  /** Where a field's vectors lie in the memory. */
  #writeField({ columns, rows, dx, dy }: MotionField): readonly [number, number] {
    const blocks = columns * rows;
    if (blocks > this.#fieldBlocks) {
      this.#fieldBlocks = blocks;
      this.#field = this.#kernels.reserve(blocks * 4);
    }
    const places = [this.#field, this.#field + blocks * 2] as const;
    this.#kernels.shorts(places[0], blocks).set(dx);
    this.#kernels.shorts(places[1], blocks).set(dy);
    return places;
  }

  /** Views of the state. */
  #vectors(): CellVectors {
    const { width, height } = this.#options;
    const cells = Math.ceil(width / cellSide) * Math.ceil(height / cellSide);
    const view = (name: string): Int16Array => this.#kernels.shorts(this.#kernels.call(name, this.#state), cells);
    return { dx: view("compensate_dx"), dy: view("compensate_dy") };
  }

  #load(plane: Samples, output: Samples): void {
    const { width, height } = this.#options;
    for (const samples of [plane, output]) checkSamples(samples, width, height, this.#bytesPerSample);
    const to = this.#kernels.call("compensate_samples", this.#state);
    this.#kernels.write(plane, this.#bytesPerSample, to, this.#kernels.call("compensate_stride", this.#state));
  }
}
