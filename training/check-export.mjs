/** Compares an exported model in ONNX Runtime with PyTorch's result, and tiles with the whole frame.
 *  Arguments: folder, model file, kind (u8 or u16), height, width, halo, peak, frames, scale. Reads frame.raw and expected.raw. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [folder, model, kind, ...numbers] = process.argv.slice(2);
const [height, width, halo, peak, frames, scale] = numbers.map(Number);
const Samples = kind === "u8" ? Uint8Array : Uint16Array;
const read = (name) => new Samples(new Uint8Array(readFileSync(join(folder, name))).buffer);
const frame = read("frame.raw");
const expected = read("expected.raw");
const session = await InferenceSession.create(join(folder, model), { executionProviders: ["cpu"] });

const clamp = (value, size) => Math.min(Math.max(value, 0), size - 1);

/** The upscaled inner part of a window, its halo taken from the frame or replicated at the border. */
async function upscaleWindow(left, top, columns, rows) {
  const padded = new Samples(frames * (columns + 2 * halo) * (rows + 2 * halo));
  let index = 0;
  for (let plane = 0; plane < frames; plane += 1) {
    for (let y = top - halo; y < top + rows + halo; y += 1) {
      for (let x = left - halo; x < left + columns + halo; x += 1) {
        padded[index++] = frame[(plane * height + clamp(y, height)) * width + clamp(x, width)];
      }
    }
  }
  const type = kind === "u8" ? "uint8" : "uint16";
  const feeds = { luma: new Tensor(type, padded, [1, frames, rows + 2 * halo, columns + 2 * halo]) };
  if (kind === "u16") feeds.peak = new Tensor("float32", new Float32Array([peak]), [1]);
  const { upscaled } = await session.run(feeds);
  if (upscaled.dims.join() !== [1, 1, scale * rows, scale * columns].join()) throw new Error(`wrong size ${upscaled.dims}`);
  return upscaled.data;
}

const whole = await upscaleWindow(0, 0, width, height);
let largest = 0;
let differing = 0;
for (let index = 0; index < expected.length; index += 1) {
  const difference = Math.abs(whole[index] - expected[index]);
  largest = Math.max(largest, difference);
  if (difference > 0) differing += 1;
}
if (largest > 1) throw new Error(`${model} differs from PyTorch by ${largest} code values`);

const [tileColumns, tileRows] = [62, 44];
let unequal = 0;
for (let top = 0; top < height; top += tileRows) {
  for (let left = 0; left < width; left += tileColumns) {
    const columns = Math.min(tileColumns, width - left);
    const rows = Math.min(tileRows, height - top);
    const tile = await upscaleWindow(left, top, columns, rows);
    for (let y = 0; y < scale * rows; y += 1) {
      for (let x = 0; x < scale * columns; x += 1) {
        if (tile[y * scale * columns + x] !== whole[(scale * top + y) * scale * width + scale * left + x]) unequal += 1;
      }
    }
  }
}
if (unequal > 0) throw new Error(`${model}: ${unequal} pixels depend on the tiling`);
console.log(`${model}: at most ${largest} code value from PyTorch (${differing} of ${expected.length}), tiles exact`);
