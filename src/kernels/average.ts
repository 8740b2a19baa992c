import { cellSide } from "./fusion.ts";
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

/** What is known better of the neighbours, for each cell of 4x4: a plane for each neighbour's coarse and for its fine part, one
 *  neighbour after the other. Both in 32nds of a power of e: `strictness` from −3 on what multiplies the squared difference, `gain`
 *  from −2 on what multiplies the weight. */
export type AveragingVerdicts = { readonly strictness: Uint8Array; readonly gain: Uint8Array };

const verdictParts = 32;
const leastVerdicts = { strictness: -3, gain: -2 } as const;
const tableEntries = 256;

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
  #verdicts = 0;

  constructor(options: TemporalAveragerOptions) {
    const { width, height, bitDepth, neighbours } = options;
    if (neighbours < 1 || neighbours > 6) throw new RangeError(`1 to 6 neighbours are averaged, not ${neighbours}`);
    this.#options = options;
    this.#bytesPerSample = bytesPerSampleOf(bitDepth);
    this.#stride = Math.ceil(width / 8) * 8;
    this.#plane = this.#kernels.reserve(this.#planeBytes);
    this.#neighbours = this.#kernels.reserve(this.#planeBytes * neighbours);
    this.#scratch = this.#kernels.reserve(this.#kernels.call("average_scratch_bytes", width, height));
  }

  get #planeBytes(): number {
    return this.#stride * this.#options.height * this.#bytesPerSample;
  }

  /** Changes `plane`. A neighbour whose coarse or fine part is so many sample values off around a place counts there, in this part,
   *  for 1/e of the plane itself.
   *  Throws: RangeError for planes of another size or more neighbours than were announced. */
  average(plane: Samples, neighbours: readonly Samples[], distance: AveragingDistance, verdicts?: AveragingVerdicts): void {
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
    const judged = verdicts === undefined ? 0 : this.#writeVerdicts(verdicts);
    const { coarse, fine } = distance;
    this.#kernels.call("average_in_time", this.#plane, ...around, ...size, coarse, fine, this.#scratch, judged);
    this.#kernels.read(this.#plane, this.#stride * bytes, bytes, plane);
  }

  /** Where the kernel's `Verdicts` lie: two pointers, two tables, then both planes. */
  #writeVerdicts({ strictness, gain }: AveragingVerdicts): number {
    const { width, height, neighbours } = this.#options;
    const most = Math.ceil(width / cellSide) * Math.ceil(height / cellSide) * 2 * neighbours;
    const tables = 8 + 2 * tableEntries * 4;
    if (this.#verdicts === 0) {
      this.#verdicts = this.#kernels.reserve(tables + 2 * most);
      const view = this.#kernels.bytes(this.#verdicts, tables);
      const words = new DataView(view.buffer, view.byteOffset);
      [this.#verdicts + tables, this.#verdicts + tables + most].forEach((place, index) =>
        words.setUint32(index * 4, place, true),
      );
      [leastVerdicts.strictness, leastVerdicts.gain].forEach((least, table) => {
        for (let value = 0; value < tableEntries; value += 1) {
          words.setFloat32(8 + (table * tableEntries + value) * 4, Math.exp(least + value / verdictParts), true);
        }
      });
    }
    this.#kernels.bytes(this.#verdicts + tables, strictness.length).set(strictness);
    this.#kernels.bytes(this.#verdicts + tables + most, gain.length).set(gain);
    return this.#verdicts;
  }
}
