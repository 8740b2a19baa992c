import type { Size } from "../../domain/media-info.ts";
import type { ChromaModelDescriptor } from "../../domain/model-descriptor.ts";
import type { SharedPicture, TilePool } from "../../inference/tile-pool.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import { Scaler } from "../../media/scale.ts";
import type { Plan } from "../plan.ts";
import { planTiles } from "../tiles.ts";

/** Largest tile, in chroma samples: as many luma samples as one of luma, twice as high, since the halo is deeper. */
const tileSide: Size = { width: 240, height: 136 };

export type ChromaNetwork = { readonly pool: TilePool; readonly descriptor: ChromaModelDescriptor };

/** Doubles the chroma of 4:2:0 pictures by a network that sees their luma; one resample ends at the exact size.
 *  Owns: its resampler. */
export class ChromaEnhancer implements Disposable {
  readonly #network: ChromaNetwork;
  readonly #doubledSize: Size;
  readonly #pixelFormat: string;
  readonly #bytesPerSample: 1 | 2;
  readonly #rest: Scaler | undefined;

  constructor({ source, outputSize, work, encode }: Plan, network: ChromaNetwork) {
    const { width, height } = source.uprightSize;
    this.#network = network;
    this.#doubledSize = { width: 2 * width, height: 2 * height };
    this.#pixelFormat = work.pixelFormat;
    this.#bytesPerSample = work.bitDepth > 8 ? 2 : 1;
    if (outputSize.width === 2 * width && outputSize.height === 2 * height) return;
    this.#rest = new Scaler({
      from: this.#doubledSize,
      to: outputSize,
      format: work.pixelFormat,
      chromaLocation: encode.color.chromaLocation,
      kernel: "lanczos",
    });
  }

  /** Fills the chroma of `output`, and its luma too where `luma`, the enlarged one, has twice the source's size and is resampled
   *  along; tells whether it did.  Owns: borrows all. */
  async enhance(input: VideoFrame, luma: Plane, output: VideoFrame): Promise<boolean> {
    const { pool, descriptor } = this.#network;
    const { width, height } = input.plane(1);
    const picture = pool.allocate(width, height);
    this.#fill(picture, input);
    const doubled = await pool.upscale(picture, planTiles(picture, tileSide, descriptor.sizeMultiple));
    try {
      if (this.#rest === undefined) {
        this.#take(doubled, output);
        return false;
      }
      return await this.#resample(this.#rest, doubled, luma, output);
    } finally {
      pool.release(doubled);
    }
  }

  async #resample(rest: Scaler, doubled: SharedPicture, luma: Plane, output: VideoFrame): Promise<boolean> {
    const { width, height } = this.#doubledSize;
    using large = VideoFrame.allocate(width, height, this.#pixelFormat);
    const isAlong = luma.width === width && luma.height === height;
    if (isAlong) copyInto(luma, large.plane(0), this.#bytesPerSample);
    this.#take(doubled, large);
    await rest.scaleFrame(large, output);
    return isAlong;
  }

  /** Luma at twice the chroma's sides, its last row and column repeated where its own number is odd, then both chroma planes. */
  #fill({ data, width, height }: SharedPicture, input: VideoFrame): void {
    const luma = planeWithin(data, { offset: 0, width: 2 * width, height: 2 * height }, this.#bytesPerSample);
    copyInto(input.plane(0), luma, this.#bytesPerSample);
    for (const index of [1, 2]) {
      const offset = (3 + index) * width * height;
      copyInto(input.plane(index), planeWithin(data, { offset, width, height }, this.#bytesPerSample), this.#bytesPerSample);
    }
  }

  /** The doubled planes may have one column and one row more than the picture. */
  #take({ data, width, height }: SharedPicture, output: VideoFrame): void {
    for (const index of [1, 2]) {
      const place = { offset: (index - 1) * width * height, width, height };
      copyInto(planeWithin(data, place, this.#bytesPerSample), output.plane(index), this.#bytesPerSample);
    }
  }

  [Symbol.dispose](): void {
    this.#rest?.[Symbol.dispose]();
  }
}

type Place = Size & { readonly offset: number };

/** Units: `offset` in samples. */
function planeWithin(data: SharedArrayBuffer, { offset, width, height }: Place, bytesPerSample: number): Plane {
  const strideBytes = width * bytesPerSample;
  return { data: Buffer.from(data, offset * bytesPerSample, strideBytes * height), strideBytes, width, height };
}

/** Fills `to` from the left upper part of `from`; what `from` lacks repeats its last column and row. */
function copyInto(from: Plane, to: Plane, bytesPerSample: number): void {
  const rowBytes = Math.min(from.width, to.width) * bytesPerSample;
  for (let row = 0; row < to.height; row += 1) {
    const source = Math.min(row, from.height - 1) * from.strideBytes;
    const target = row * to.strideBytes;
    from.data.copy(to.data, target, source, source + rowBytes);
    if (to.width <= from.width) continue;
    const last = from.data.subarray(source + rowBytes - bytesPerSample, source + rowBytes);
    to.data.fill(last, target + rowBytes, target + to.width * bytesPerSample);
  }
}
