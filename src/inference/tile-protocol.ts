/** A rectangle of the source plane, in pixels; origins are multiples of the network's size multiple. */
export type Tile = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** What goes in and out of a network. `rgb`: three planes of bytes here, float32 from 0 to `peak` there; `removed` of the
 *  halo are left out by the network itself. `chroma`: Cb and Cr, guided by luma of twice their width and height. */
export type TensorFormat =
  | { readonly kind: "luma" }
  | { readonly kind: "chroma" }
  | {
      readonly kind: "rgb";
      readonly inputName: string;
      readonly outputName: string;
      readonly peak: number;
      readonly removed: number;
    };

/** Planes of a network's result. */
export function planesOf({ kind }: TensorFormat): 1 | 2 | 3 {
  return { luma: 1, chroma: 2, rgb: 3 }[kind] as 1 | 2 | 3; // the literals above
}

/** A plane in a buffer of samples. */
export type PlanePlace = { readonly offset: number; readonly width: number; readonly height: number };

/** Where the planes of a source picture lie, in samples. Before Cb and Cr lies the luma that guides them. */
export function sourcePlanes({ kind }: TensorFormat, width: number, height: number): readonly PlanePlace[] {
  const size = width * height;
  const plane = (offset: number): PlanePlace => ({ offset, width, height });
  if (kind === "chroma") return [{ offset: 0, width: 2 * width, height: 2 * height }, plane(4 * size), plane(5 * size)];
  return Array.from({ length: planesOf({ kind } as TensorFormat) }, (_, index) => plane(index * size));
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
