/** Compares an exported chroma network in ONNX Runtime with PyTorch's result.
 *  Arguments: folder, model file, kind (u8 or u16), height, width, peak. Reads luma.raw, chroma.raw and expected.raw. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [folder, model, kind, ...numbers] = process.argv.slice(2);
const [height, width, peak] = numbers.map(Number);
const Samples = kind === "u8" ? Uint8Array : Uint16Array;
const type = kind === "u8" ? "uint8" : "uint16";
const read = (name) => new Samples(new Uint8Array(readFileSync(join(folder, name))).buffer);
const session = await InferenceSession.create(join(folder, model), { executionProviders: ["cpu"] });
const feeds = {
  luma: new Tensor(type, read("luma.raw"), [1, 1, 2 * height, 2 * width]),
  chroma: new Tensor(type, read("chroma.raw"), [2, 1, height, width]),
};
if (kind === "u16") feeds.peak = new Tensor("float32", Float32Array.of(peak), [1]);
const { upscaled } = await session.run(feeds);
const expected = read("expected.raw");
if (upscaled.data.length !== expected.length) throw new Error(`wrong size ${upscaled.dims}`);
let largest = 0;
expected.forEach((value, index) => (largest = Math.max(largest, Math.abs(value - upscaled.data[index]))));
if (largest > 1) throw new Error(`${model} differs from PyTorch by ${largest} code values`);
console.log(`${model}: at most ${largest} code values from PyTorch`);
