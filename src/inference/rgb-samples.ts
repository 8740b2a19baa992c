/** Bytes as the samples of a tensor from 0 to `peak`, in the same order. */
export function bytesToTensorData(bytes: Uint8Array, peak: number): Float32Array {
  const factor = peak / 255;
  return Float32Array.from(bytes, (value) => value * factor);
}

export type TensorShape = {
  readonly width: number;
  readonly height: number;
  /** Pixels left out on every side. */
  readonly margin: number;
  readonly peak: number;
};

/** The inner part of a [1, 3, H, W] tensor as three planes of rounded bytes.  Throws: Error for a value that is no number. */
export function tensorDataToBytes(data: Float32Array, { width, height, margin, peak }: TensorShape): Buffer {
  const innerWidth = width - 2 * margin;
  const innerHeight = height - 2 * margin;
  const bytes = Buffer.allocUnsafeSlow(innerWidth * innerHeight * 3);
  const factor = 255 / peak;
  let at = 0;
  for (let plane = 0; plane < 3; plane += 1) {
    for (let row = 0; row < innerHeight; row += 1) {
      const from = (plane * height + margin + row) * width + margin;
      for (let column = 0; column < innerWidth; column += 1) {
        const value = (data[from + column] ?? NaN) * factor;
        if (Number.isNaN(value)) throw new Error("the network gives values that are no numbers");
        bytes[at] = value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
        at += 1;
      }
    }
  }
  return bytes;
}
