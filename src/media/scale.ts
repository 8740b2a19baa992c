import {
  type AVPixelFormat,
  SoftwareScaleContext,
  SWS_ACCURATE_RND,
  SWS_AREA,
  SWS_BITEXACT,
  SWS_FULL_CHR_H_INT,
  SWS_LANCZOS,
} from "node-av";
import type { Size } from "../domain/media-info.ts";
import { chromaPosition } from "./color.ts";
import { check } from "./ffmpeg.ts";
import type { VideoFrame } from "./frame.ts";
import { pixelFormat } from "./pixel-format.ts";

export type ScaleOptions = {
  readonly from: Size;
  readonly to: Size;
  /** One planar pixel format for both sides: no colour conversion takes place. */
  readonly format: string;
  readonly chromaLocation: string;
  readonly kernel: "lanczos" | "area";
};

type PlaneMemory = { readonly data: Buffer; readonly strideBytes: number };

/** A resampler of fixed sizes that keeps range, matrix and chroma siting as they are. Owns: native memory. */
export class Scaler implements Disposable {
  readonly #context: SoftwareScaleContext;
  readonly #from: Size;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ScaleOptions) {
    const { from, to, kernel } = options;
    const format = pixelFormat(options.format) as number;
    const position = chromaPosition(options.chromaLocation);
    const flags = (kernel === "area" ? SWS_AREA : SWS_LANCZOS) | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT;
    const context = new SoftwareScaleContext();
    context.allocContext();
    const settings: Record<string, number> = {
      srcw: from.width,
      srch: from.height,
      dstw: to.width,
      dsth: to.height,
      src_format: format,
      dst_format: format,
      sws_flags: flags,
      src_range: 1,
      dst_range: 1,
      ...(options.format.includes("420") && { src_v_chr_pos: position.vertical, dst_v_chr_pos: position.vertical }),
      ...(/42[02]/.test(options.format) && { src_h_chr_pos: position.horizontal, dst_h_chr_pos: position.horizontal }),
    };
    for (const [name, value] of Object.entries(settings)) {
      if (name.endsWith("_format")) context.setOption(name, value as AVPixelFormat, "pixel_fmt" as never);
      else context.setOption(name, value);
    }
    check(context.initContext(), "internal", `No resampler from ${from.width}x${from.height} to ${to.width}x${to.height}`);
    this.#context = context;
    this.#from = from;
  }

  /** Fills `output` from `input`, both of the sizes and the format given at construction. */
  scaleFrame(input: VideoFrame, output: VideoFrame): Promise<void> {
    return this.#inTurn(() => this.#context.scaleFrame(output.native, input.native));
  }

  /** The same for one plane in plain memory (formats gray, gray10le…). */
  scalePlane(input: PlaneMemory, output: PlaneMemory): Promise<void> {
    const { height } = this.#from;
    return this.#inTurn(() =>
      this.#context.scale([input.data], [input.strideBytes], 0, height, [output.data], [output.strideBytes]),
    );
  }

  /** The native context serves one call at a time. */
  #inTurn(scale: () => Promise<number>): Promise<void> {
    const result = this.#last.then(scale).then((code) => void check(code, "internal", "Resampling failed"));
    this.#last = result.catch(() => undefined);
    return result;
  }

  [Symbol.dispose](): void {
    this.#context.freeContext();
  }
}
