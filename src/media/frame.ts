import { Frame, type AVPixelFormat } from "node-av";
import { AppError } from "../domain/errors.ts";
import { readColor, writeColor } from "./color.ts";
import { check } from "./ffmpeg.ts";
import { describePixelFormat, pixelFormat, pixelFormatName } from "./pixel-format.ts";

let liveFrames = 0;

/** Native frames created and not yet disposed in this thread; 0 after every finished run. */
export function liveFrameCount(): number {
  return liveFrames;
}

export type Plane = {
  /** One row every `strideBytes`; little-endian samples of one or two bytes. A view on the frame's own memory. */
  readonly data: Buffer;
  readonly strideBytes: number;
  readonly width: number;
  readonly height: number;
};

/** One raw picture. Owns: native memory; dispose it or pass it on, exactly once. */
export class VideoFrame implements Disposable {
  /** For the files of this folder only. */
  readonly native: Frame;
  #disposed = false;
  #planes: Buffer[] | undefined;

  constructor(native: Frame) {
    this.native = native;
    liveFrames += 1;
  }

  static empty(): VideoFrame {
    const native = new Frame();
    native.alloc();
    return new VideoFrame(native);
  }

  /** A writable picture with undefined content. */
  static allocate(width: number, height: number, format: AVPixelFormat | string): VideoFrame {
    const frame = VideoFrame.empty();
    frame.native.format = typeof format === "string" ? pixelFormat(format) : format;
    frame.native.width = width;
    frame.native.height = height;
    check(frame.native.getBuffer(64), "out_of_memory", `There is no memory for a ${width}x${height} frame`);
    return frame;
  }

  /** Another owner of the same samples, with timestamps of its own. Neither may be written to. */
  share(): VideoFrame {
    const native = this.native.clone();
    if (native === null) throw new AppError("out_of_memory", "There is no memory for another frame.");
    return new VideoFrame(native);
  }

  get width(): number {
    return this.native.width;
  }
  get height(): number {
    return this.native.height;
  }
  get pts(): bigint {
    return this.native.pts;
  }
  set pts(ticks: bigint) {
    this.native.pts = ticks;
  }
  get durationTicks(): bigint {
    return this.native.duration;
  }
  set durationTicks(ticks: bigint) {
    this.native.duration = ticks;
  }
  get formatName(): string {
    return pixelFormatName(this.native.format as AVPixelFormat); // only video frames are wrapped
  }

  /** Takes over timestamps and colour tags of another picture. */
  takeProperties(other: VideoFrame): void {
    this.pts = other.pts;
    this.durationTicks = other.durationTicks;
    writeColor(this.native, readColor(other.native));
  }

  /** Calls the same samples another format, e.g. yuvj420p (range in the name) yuv420p (range in a tag). */
  relabel(formatName: string): void {
    this.native.format = pixelFormat(formatName);
  }

  /** Plane `index` (0 luma, 1 Cb, 2 Cr) of a planar format. */
  plane(index: number): Plane {
    const { chroma } = describePixelFormat(this.formatName);
    const shiftX = index > 0 && (chroma === "420" || chroma === "422") ? 1 : 0;
    const shiftY = index > 0 && chroma === "420" ? 1 : 0;
    this.#planes ??= this.native.data ?? undefined; // every reading of the native property makes new views
    const data = this.#planes?.[index];
    const strideBytes = this.native.linesize[index];
    if (data === undefined || strideBytes === undefined) throw new RangeError(`a ${this.formatName} frame has no plane ${index}`);
    return { data, strideBytes, width: (this.width + shiftX) >> shiftX, height: (this.height + shiftY) >> shiftY };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    liveFrames -= 1;
    this.#planes = undefined;
    this.native.free();
  }
}
