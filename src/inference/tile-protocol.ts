/** A rectangle of the source plane, in pixels; origins are multiples of the network's size multiple. */
export type Tile = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** What goes in and out of a network. `luma`: the planes of so many frames in, one out. `rgb`: three planes of bytes here, float32 from 0 to `peak` there; `removed` of the
 *  halo are left out by the network itself. */
export type TensorFormat =
  | { readonly kind: "luma"; readonly frames: number }
  | {
      readonly kind: "rgb";
      readonly inputName: string;
      readonly outputName: string;
      readonly peak: number;
      readonly removed: number;
    };

/** Planes of the picture that goes into a network, and of the one that comes out. */
export function planesOf(format: TensorFormat): { readonly input: number; readonly output: number } {
  return format.kind === "luma" ? { input: format.frames, output: 1 } : { input: 3, output: 3 };
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
