/** Compares an exported chroma model in ONNX Runtime with PyTorch's result, and tiles with the whole frame.
 *  Arguments: folder, model file, kind (u8 or u16), height, width and halo in chroma samples, peak. Reads frame.raw (luma, Cb,
 *  Cr) and expected.raw. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [folder, model, kind, ...numbers] = process.argv.slice(2);
const [height, width, halo, peak] = numbers.map(Number);
const Samples = kind === "u8" ? Uint8Array : Uint16Array;
const read = (name) => new Samples(new Uint8Array(readFileSync(join(folder, name))).buffer);
const frame = read("frame.raw");
const expected = read("expected.raw");
const session = await InferenceSession.create(join(folder, model), { executionProviders: ["cpu"] });
const luma = { offset: 0, width: 2 * width, height: 2 * height };
const cb = { offset: 4 * width * height, width, height };
const cr = { offset: 5 * width * height, width, height };
const type = kind === "u8" ? "uint8" : "uint16";

const clamp = (value, size) => Math.min(Math.max(value, 0), size - 1);

/** A window of planes of one size as a tensor, replicated at the border. */
function windowOf(planes, left, top, columns, rows) {
  const samples = new Samples(planes.length * columns * rows);
  let index = 0;
  for (const plane of planes) {
    for (let y = top; y < top + rows; y += 1) {
      for (let x = left; x < left + columns; x += 1) {
        samples[index++] = frame[plane.offset + clamp(y, plane.height) * plane.width + clamp(x, plane.width)];
      }
    }
  }
  return new Tensor(type, samples, [1, planes.length, rows, columns]);
}

/** The upscaled inner part of a window. */
async function upscaleWindow(left, top, columns, rows) {
  const place = [left - halo, top - halo, columns + 2 * halo, rows + 2 * halo];
  const feeds = { luma: windowOf([luma], ...place.map((value) => 2 * value)), chroma: windowOf([cb, cr], ...place) };
  if (kind === "u16") feeds.peak = new Tensor("float32", new Float32Array([peak]), [1]);
  const { upscaled } = await session.run(feeds);
  if (upscaled.dims.join() !== [1, 2, 2 * rows, 2 * columns].join()) throw new Error(`wrong size ${upscaled.dims}`);
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

const [tileColumns, tileRows] = [31, 22];
let unequal = 0;
for (let top = 0; top < height; top += tileRows) {
  for (let left = 0; left < width; left += tileColumns) {
    const columns = Math.min(tileColumns, width - left);
    const rows = Math.min(tileRows, height - top);
    const tile = await upscaleWindow(left, top, columns, rows);
    for (let plane = 0; plane < 2; plane += 1) {
      for (let y = 0; y < 2 * rows; y += 1) {
        for (let x = 0; x < 2 * columns; x += 1) {
          const there = (plane * 2 * height + 2 * top + y) * 2 * width + 2 * left + x;
          if (tile[(plane * 2 * rows + y) * 2 * columns + x] !== whole[there]) unequal += 1;
        }
      }
    }
  }
}
if (unequal > 0) throw new Error(`${model}: ${unequal} samples depend on the tiling`);
console.log(`${model}: at most ${largest} code value from PyTorch (${differing} of ${expected.length}), tiles exact`);
