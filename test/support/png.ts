import { inflateSync } from "node:zlib";

export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => readonly [number, number, number];
};

/** Reads a PNG of eight-bit RGB that is not interlaced.  Source: https://www.w3.org/TR/png-3/ */
export function readPng(file: Buffer): Pixels {
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  if (file[24] !== 8 || file[25] !== 2) throw new Error("not RGB of eight bits");
  const chunks: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") chunks.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(chunks));
  const stride = width * 3;
  const data = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x < 3 ? 0 : (data[y * stride + x - 3] ?? 0);
      const up = y === 0 ? 0 : (data[(y - 1) * stride + x] ?? 0);
      const predicted = filter === 0 ? 0 : filter === 1 ? left : filter === 2 ? up : Number.NaN;
      if (Number.isNaN(predicted)) throw new Error(`filter ${filter} is not read here`);
      data[y * stride + x] = ((raw[y * (stride + 1) + 1 + x] ?? 0) + predicted) & 255;
    }
  }
  const sample = (x: number, y: number, channel: number): number => data[y * stride + x * 3 + channel] ?? 0;
  return { width, height, at: (x, y) => [sample(x, y, 0), sample(x, y, 1), sample(x, y, 2)] };
}
