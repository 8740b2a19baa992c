import type { Size } from "../domain/media-info.ts";

/** A rectangle of the source plane, in pixels; origins are multiples of the network's size multiple. */
export type Tile = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** What goes in and out of a network. `luma`: the planes of so many frames in, one out. `rgb`: three planes of bytes here, float32 from 0 to `peak` there; `removed` of the
 *  halo are left out by the network itself. `chroma`: luma at twice the size, Cb and Cr in, Cb and Cr out. */
export type TensorFormat =
  | { readonly kind: "luma"; readonly frames: number }
  | { readonly kind: "chroma" }
  | {
      readonly kind: "rgb";
      readonly inputName: string;
      readonly outputName: string;
      readonly peak: number;
      readonly removed: number;
    };

/** Samples for each pixel of the picture that goes into a network, and of the one that comes out. */
export function planesOf(format: TensorFormat): { readonly input: number; readonly output: number } {
  if (format.kind === "luma") return { input: format.frames, output: 1 };
  return format.kind === "rgb" ? { input: 3, output: 3 } : { input: 6, output: 2 };
}

/** How a plane lies in the memory of a picture. Units: samples; `factor`: its sides by the picture's. */
export type PlaneLayout = { readonly offset: number; readonly width: number; readonly height: number; readonly factor: 1 | 2 };

/** The planes of a picture that goes into a network, in its tensors' order. */
export function inputLayout(format: TensorFormat, { width, height }: Size): readonly PlaneLayout[] {
  const plane = (index: number): PlaneLayout => ({ offset: index * width * height, width, height, factor: 1 });
  if (format.kind !== "chroma") return Array.from({ length: planesOf(format).input }, (_, index) => plane(index));
  return [{ offset: 0, width: 2 * width, height: 2 * height, factor: 2 }, plane(4), plane(5)];
}

export type WorkerSetup = {
  readonly modelPath: string;
  readonly provider: string;
  readonly intraOpThreads: number;
  readonly scale: number;
  readonly halo: number;
  readonly multiple: number;
  readonly bytesPerSample: 1 | 2;
  readonly format: TensorFormat;
  /** The largest sample value, for 16-bit networks. */
  readonly peak: number;
  /** One Int32 shared by all threads; once it is not 0, tiles that wait are refused. */
  readonly stopFlag: SharedArrayBuffer;
};

export type TileTask = {
  readonly id: number;
  readonly tileIndex: number;
  readonly tile: Tile;
  readonly width: number;
  readonly height: number;
  readonly source: SharedArrayBuffer;
  readonly destination: SharedArrayBuffer;
};

export type TileReply =
  | { readonly ready: true }
  /** `cpuSeconds`: processor time of the inference thread since it was ready. */
  | { readonly id: number; readonly reused: boolean; readonly cpuSeconds: number }
  | { readonly id: number; readonly error: string };
