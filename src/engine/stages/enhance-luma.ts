import { AppError } from "../../domain/errors.ts";
import type { Size } from "../../domain/media-info.ts";
import type { ModelDescriptor } from "../../domain/model-descriptor.ts";
import type { LumaPlane, TilePool } from "../../inference/tile-pool.ts";
import type { Plane } from "../../media/frame.ts";
import { VideoFrame } from "../../media/frame.ts";
import { Scaler } from "../../media/scale.ts";
import type { Plan } from "../plan.ts";
import { planTiles } from "../tiles.ts";

/** Largest tile, by `bench/inference.ts`: larger ones gain little and are recognised as unchanged less often, smaller ones
 *  spend more on their halo. */
const tileSide: Size = { width: 480, height: 136 };

export type LumaNetwork = { readonly pool: TilePool; readonly descriptor: ModelDescriptor };

/** Brings prepared pictures to the output size: the network doubles the luma as often as planned and one resample ends
 *  at the exact size; chroma is resampled once. Without a network everything is resampled.  Owns: its resamplers. */
export class LumaEnhancer implements Disposable {
  readonly #plan: Plan;
  readonly #network: LumaNetwork | undefined;
  readonly #picture: Scaler;
  readonly #luma: Scaler | undefined;

  constructor(plan: Plan, network: LumaNetwork | undefined) {
    this.#plan = plan;
    this.#network = network;
    const { source, work, outputSize, encode } = plan;
    this.#picture = new Scaler({
      from: source.uprightSize,
      to: outputSize,
      format: work.pixelFormat,
      chromaLocation: encode.color.chromaLocation,
      kernel: "lanczos",
    });
    const doubled = doubledSize(source.uprightSize, plan.network?.passes ?? 0);
    const isExact = doubled.width === outputSize.width && doubled.height === outputSize.height;
    if (plan.network === undefined || isExact) return;
    const format = work.bitDepth === 8 ? "gray" : "gray10le";
    this.#luma = new Scaler({ from: doubled, to: outputSize, format, chromaLocation: "left", kernel: "lanczos" });
  }

  /** Owns: takes the frame, returns a new one with its timestamps and colour tags. */
  async enhance(frame: VideoFrame): Promise<VideoFrame> {
    using input = frame;
    const { outputSize, work } = this.#plan;
    const output = VideoFrame.allocate(outputSize.width, outputSize.height, work.pixelFormat);
    try {
      await this.#picture.scaleFrame(input, output);
      if (this.#network !== undefined) await this.#replaceLuma(input, output, this.#network);
      output.takeProperties(input);
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  async #replaceLuma(input: VideoFrame, output: VideoFrame, { pool, descriptor }: LumaNetwork): Promise<void> {
    const passes = this.#plan.network?.passes ?? 0;
    let luma = pool.allocate(input.width, input.height);
    copyRows(input.plane(0), sharedPlane(luma, this.#bytesPerSample));
    for (let pass = 0; pass < passes; pass += 1) {
      luma = await pool.upscale(luma, planTiles(luma, tileSide, descriptor.sizeMultiple));
    }
    try {
      const source = sharedPlane(luma, this.#bytesPerSample);
      if (this.#luma === undefined) copyRows(source, output.plane(0));
      else await this.#luma.scalePlane(source, output.plane(0));
    } finally {
      pool.release(luma);
    }
  }

  get #bytesPerSample(): number {
    return this.#plan.work.bitDepth > 8 ? 2 : 1;
  }

  [Symbol.dispose](): void {
    this.#picture[Symbol.dispose]();
    this.#luma?.[Symbol.dispose]();
  }
}

function doubledSize(size: Size, passes: number): Size {
  return { width: size.width * 2 ** passes, height: size.height * 2 ** passes };
}

function sharedPlane(plane: LumaPlane, bytesPerSample: number): Plane {
  return { data: Buffer.from(plane.data), strideBytes: plane.width * bytesPerSample, width: plane.width, height: plane.height };
}

function copyRows(from: Plane, to: Plane): void {
  const rowBytes = Math.min(from.strideBytes, to.strideBytes);
  if (from.height > to.height) throw new AppError("internal", "A plane does not fit its copy.");
  for (let row = 0; row < from.height; row += 1) {
    from.data.copy(to.data, row * to.strideBytes, row * from.strideBytes, row * from.strideBytes + rowBytes);
  }
}
