import { AppError } from "../../domain/errors.ts";
import type { Size } from "../../domain/media-info.ts";
import type { ModelDescriptor } from "../../domain/model-descriptor.ts";
import type { SharedPicture, TilePool } from "../../inference/tile-pool.ts";
import type { Plane } from "../../media/frame.ts";
import { VideoFrame } from "../../media/frame.ts";
import { Scaler } from "../../media/scale.ts";
import { enlargementOf } from "../network-plan.ts";
import type { Plan } from "../plan.ts";
import { planTiles } from "../tiles.ts";
import { ChromaEnhancer, type ChromaNetwork } from "./enhance-chroma.ts";

/** Largest tile, by `bench/inference.ts`: larger ones gain little and are recognised as unchanged less often, smaller ones
 *  spend more on their halo. */
const tileSide: Size = { width: 480, height: 136 };

type OneNetwork = { readonly pool: TilePool; readonly descriptor: ModelDescriptor };
/** `later`: what doubles again after the first pass, where another network does. `chroma`: what doubles the chroma. */
export type LumaNetwork = OneNetwork & { readonly later?: OneNetwork; readonly chroma?: ChromaNetwork };

/** Brings prepared pictures to the output size: networks clean or enlarge the luma as often as planned and one resample
 *  ends at the exact size; chroma goes through a network of its own or is resampled once. Without a network everything is
 *  resampled.  Owns: its resamplers. */
export class LumaEnhancer implements Disposable {
  readonly #plan: Plan;
  readonly #network: LumaNetwork | undefined;
  /** Of whole pictures, where no network enlarges the chroma. */
  readonly #picture: Scaler | undefined;
  readonly #chroma: ChromaEnhancer | undefined;
  readonly #luma: Scaler | undefined;

  constructor(plan: Plan, network: LumaNetwork | undefined) {
    this.#plan = plan;
    this.#network = network;
    const { source, work, outputSize, encode } = plan;
    using opening = new DisposableStack();
    this.#chroma = network?.chroma === undefined ? undefined : opening.use(new ChromaEnhancer(plan, network.chroma));
    this.#picture =
      this.#chroma === undefined
        ? opening.use(
            new Scaler({
              from: source.uprightSize,
              to: outputSize,
              format: work.pixelFormat,
              chromaLocation: encode.color.chromaLocation,
              kernel: "lanczos",
            }),
          )
        : undefined;
    this.#luma = this.#lumaScaler(network);
    opening.move();
  }

  /** What brings the enlarged luma to the exact size, where that is another. */
  #lumaScaler(network: LumaNetwork | undefined): Scaler | undefined {
    const { network: planned, source, outputSize, work } = this.#plan;
    if (planned === undefined || network === undefined) return undefined;
    const enlarged = times(source.uprightSize, enlargementOf(network.descriptor, planned.passes));
    if (enlarged.width === outputSize.width && enlarged.height === outputSize.height) return undefined;
    const format = work.bitDepth === 8 ? "gray" : "gray10le";
    return new Scaler({ from: enlarged, to: outputSize, format, chromaLocation: "left", kernel: "lanczos" });
  }

  /** `neighbours`: the luma planes that a network of several frames sees after the frame's own.
   *  Owns: takes the frame, returns a new one with its timestamps and colour tags. */
  async enhance(frame: VideoFrame, neighbours: readonly Plane[]): Promise<VideoFrame> {
    using input = frame;
    const { outputSize, work } = this.#plan;
    const output = VideoFrame.allocate(outputSize.width, outputSize.height, work.pixelFormat);
    try {
      await this.#picture?.scaleFrame(input, output);
      if (this.#network !== undefined) await this.#applyNetworks(input, neighbours, output, this.#network);
      output.takeProperties(input);
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  async #applyNetworks(input: VideoFrame, neighbours: readonly Plane[], output: VideoFrame, network: LumaNetwork): Promise<void> {
    const { frames = 1 } = network.descriptor;
    const seen = [input.plane(0), ...neighbours];
    const { width, height } = this.#plan.source.uprightSize;
    if (seen.length !== frames) throw new RangeError(`${network.descriptor.id} sees ${frames} frames, not ${seen.length}`);
    let pool = network.pool;
    let luma = pool.allocate(width, height);
    seen.forEach((plane, index) => copyRows(plane, sharedPlane(luma, this.#bytesPerSample, index)));
    luma = await pool.upscale(luma, planTiles(luma, tileSide, network.descriptor.sizeMultiple));
    for (let pass = 1; pass < (this.#plan.network?.passes ?? 0); pass += 1) {
      const { pool: next, descriptor } = network.later ?? network;
      const source = luma;
      luma = await next.upscale(source, planTiles(source, tileSide, descriptor.sizeMultiple));
      pool = next;
    }
    try {
      const source = sharedPlane(luma, this.#bytesPerSample, 0);
      const isDone = await this.#chroma?.enhance(input, source, output);
      if (isDone === true) return;
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
    this.#picture?.[Symbol.dispose]();
    this.#chroma?.[Symbol.dispose]();
    this.#luma?.[Symbol.dispose]();
  }
}

function times({ width, height }: Size, factor: number): Size {
  return { width: width * factor, height: height * factor };
}

/** Plane `index` of a picture in shared memory. */
function sharedPlane({ data, width, height }: SharedPicture, bytesPerSample: number, index: number): Plane {
  const strideBytes = width * bytesPerSample;
  return { data: Buffer.from(data, index * strideBytes * height, strideBytes * height), strideBytes, width, height };
}

function copyRows(from: Plane, to: Plane): void {
  const rowBytes = Math.min(from.strideBytes, to.strideBytes);
  if (from.height > to.height) throw new AppError("internal", "A plane does not fit its copy.");
  for (let row = 0; row < from.height; row += 1) {
    from.data.copy(to.data, row * to.strideBytes, row * from.strideBytes, row * from.strideBytes + rowBytes);
  }
}
