import type { Size } from "../../domain/media-info.ts";
import type { ChromaModelDescriptor } from "../../domain/model-descriptor.ts";
import type { SharedPicture, TilePool } from "../../inference/tile-pool.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import { Scaler } from "../../media/scale.ts";
import type { Plan } from "../plan.ts";
import { planTiles } from "../tiles.ts";

export type ChromaNetwork = { readonly pool: TilePool; readonly descriptor: ChromaModelDescriptor };

/** Largest tile in chroma samples: the same picture area as a tile of luma. */
const tileSide: Size = { width: 240, height: 68 };

/** Doubles 4:2:0 chroma with the detail of the source's luma, which has exactly the size that the doubled chroma needs,
 *  and resamples the result where the output is not twice the source.  Owns: its resampler. */
export class ChromaEnhancer implements Disposable {
  readonly #network: ChromaNetwork;
  readonly #bytesPerSample: number;
  readonly #format: string;
  readonly #doubled: Size;
  readonly #rest: Scaler | undefined;

  constructor(plan: Plan, network: ChromaNetwork) {
    const { source, outputSize, work, encode } = plan;
    this.#network = network;
    this.#bytesPerSample = work.bitDepth > 8 ? 2 : 1;
    this.#format = work.pixelFormat;
    this.#doubled = { width: source.uprightSize.width * 2, height: source.uprightSize.height * 2 };
    if (this.#doubled.width === outputSize.width && this.#doubled.height === outputSize.height) return;
    this.#rest = new Scaler({
      from: this.#doubled,
      to: outputSize,
      format: work.pixelFormat,
      chromaLocation: encode.color.chromaLocation,
      kernel: "lanczos",
    });
  }

  /** Fills the chroma of `output`; its luma is left with undefined content.  Owns: neither frame. */
  async fill(input: VideoFrame, output: VideoFrame): Promise<void> {
    const { pool, descriptor } = this.#network;
    const { width, height } = input.plane(1);
    const source = pool.allocate(width, height);
    this.#readSource(input, source);
    const result = await pool.upscale(source, planTiles(source, tileSide, descriptor.sizeMultiple));
    try {
      if (this.#rest === undefined) return this.#writeChroma(result, output);
      using doubled = VideoFrame.allocate(this.#doubled.width, this.#doubled.height, this.#format);
      this.#writeChroma(result, doubled);
      await this.#rest.scaleFrame(doubled, output);
    } finally {
      pool.release(result);
    }
  }

  /** Luma of an odd size is completed to whole chroma samples by repeating its last column and row. */
  #readSource(input: VideoFrame, { data, width, height }: SharedPicture): void {
    const memory = Buffer.from(data);
    const size = width * height * this.#bytesPerSample;
    const luma = { width: 2 * width, height: 2 * height };
    this.#copyRows(input.plane(0), {
      data: memory.subarray(0, 4 * size),
      strideBytes: luma.width * this.#bytesPerSample,
      ...luma,
    });
    for (const index of [1, 2]) {
      const part = memory.subarray((3 + index) * size, (4 + index) * size);
      this.#copyRows(input.plane(index), { data: part, strideBytes: width * this.#bytesPerSample, width, height });
    }
  }

  #writeChroma({ data, width, height }: SharedPicture, frame: VideoFrame): void {
    const strideBytes = width * this.#bytesPerSample;
    for (const index of [1, 2]) {
      const plane = Buffer.from(data, (index - 1) * strideBytes * height, strideBytes * height);
      this.#copyRows({ data: plane, strideBytes, width, height }, frame.plane(index));
    }
  }

  /** Copies what fits; where `to` is larger by a column or row, the last one is repeated. */
  #copyRows(from: Plane, to: Plane): void {
    const size = this.#bytesPerSample;
    const rowBytes = Math.min(from.width, to.width) * size;
    for (let row = 0; row < to.height; row += 1) {
      const source = Math.min(row, from.height - 1) * from.strideBytes;
      const at = row * to.strideBytes;
      from.data.copy(to.data, at, source, source + rowBytes);
      if (to.width > from.width) from.data.copy(to.data, at + rowBytes, source + rowBytes - size, source + rowBytes);
    }
  }

  [Symbol.dispose](): void {
    this.#rest?.[Symbol.dispose]();
  }
}
