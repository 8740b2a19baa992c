import type { RgbModelDescriptor } from "../../domain/model-descriptor.ts";
import type { SharedPicture, TilePool } from "../../inference/tile-pool.ts";
import { FrameFilter } from "../../media/filter.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import type { Plan } from "../plan.ts";
import { matrixOption } from "../rgb-matrix.ts";
import { planTiles } from "../tiles.ts";

export type RgbNetwork = { readonly pool: TilePool; readonly descriptor: RgbModelDescriptor };

/** FFmpeg's order of planar R'G'B' is G, B, R. */
const planeOrder = [2, 0, 1] as const;
const kernel = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";

/** Brings prepared pictures to the output size through a network on R'G'B': converted by the source's own matrix, range
 *  and chroma siting, run tile by tile, converted back the same way in one resample to the exact size. One picture is
 *  worked on at a time, so that memory holds one enlarged picture.  Owns: its filters. */
export class RgbEnhancer implements Disposable {
  readonly #plan: Plan;
  readonly #network: RgbNetwork;
  readonly #toRgb: FrameFilter;
  readonly #toYuv: FrameFilter;
  #last: Promise<unknown> = Promise.resolve();

  constructor(plan: Plan, network: RgbNetwork) {
    const { color } = plan.encode;
    const { outputSize, work } = plan;
    const yuv = `color_matrix=${matrixOption(color.matrix)}`;
    const range = `range=${color.range === "full" ? "pc" : "tv"}`;
    const siting = `chroma_loc=${color.chromaLocation}`;
    this.#plan = plan;
    this.#network = network;
    this.#toRgb = new FrameFilter(() => `scale=in_${yuv}:in_${range}:in_${siting}:out_range=pc:${kernel},format=gbrp`);
    this.#toYuv = new FrameFilter(
      () =>
        `scale=${outputSize.width}:${outputSize.height}:in_range=pc:out_${yuv}:out_${range}:out_${siting}:${kernel},format=${work.pixelFormat}`,
    );
  }

  /** Owns: takes the frame, returns a new one with its timestamps and colour tags. */
  enhance(frame: VideoFrame): Promise<VideoFrame> {
    const result = this.#last.then(() => this.#enhanceNow(frame));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #enhanceNow(frame: VideoFrame): Promise<VideoFrame> {
    using tags = VideoFrame.empty();
    tags.takeProperties(frame);
    const enlarged = await this.#enlarge(await this.#toRgb.apply(frame));
    const output = await this.#toYuv.apply(enlarged);
    output.takeProperties(tags);
    return output;
  }

  async #enlarge(frame: VideoFrame): Promise<VideoFrame> {
    const { pool, descriptor } = this.#network;
    const tileSide = { width: descriptor.tilePixels, height: descriptor.tilePixels };
    let picture = pool.allocate(frame.width, frame.height);
    {
      using input = frame;
      planeOrder.forEach((plane, index) => copyRows(input.plane(plane), sharedPlane(picture, index)));
    }
    for (let pass = 0; pass < (this.#plan.network?.passes ?? 0); pass += 1) {
      picture = await pool.upscale(picture, planTiles(picture, tileSide, descriptor.sizeMultiple));
    }
    try {
      const output = VideoFrame.allocate(picture.width, picture.height, "gbrp");
      planeOrder.forEach((plane, index) => copyRows(sharedPlane(picture, index), output.plane(plane)));
      return output;
    } finally {
      pool.release(picture);
    }
  }

  [Symbol.dispose](): void {
    this.#toRgb[Symbol.dispose]();
    this.#toYuv[Symbol.dispose]();
  }
}

function sharedPlane({ data, width, height }: SharedPicture, index: number): Plane {
  return { data: Buffer.from(data, index * width * height, width * height), strideBytes: width, width, height };
}

function copyRows(from: Plane, to: Plane): void {
  for (let row = 0; row < from.height; row += 1) {
    from.data.copy(to.data, row * to.strideBytes, row * from.strideBytes, row * from.strideBytes + from.width);
  }
}
