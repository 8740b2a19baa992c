/** Compares an exported fusion model in ONNX Runtime with PyTorch's findings, and tiles with the whole.
 *  Arguments: folder, model file, height and width without halo, halo. Reads features.raw (bytes, with the halo around) and
 *  expected.raw. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

const [folder, model, ...numbers] = process.argv.slice(2);
const [height, width, halo] = numbers.map(Number);
const features = readFileSync(join(folder, "features.raw"));
const expected = readFileSync(join(folder, "expected.raw"));
const session = await InferenceSession.create(join(folder, model), { executionProviders: ["cpu"] });
const around = { columns: width + 2 * halo, rows: height + 2 * halo };
const planes = features.length / (around.columns * around.rows);
const found = expected.length / (width * height);

/** The findings for a window, whose origin counts without the halo. */
async function findIn(left, top, columns, rows) {
  const bytes = new Uint8Array(planes * (columns + 2 * halo) * (rows + 2 * halo));
  let index = 0;
  for (let plane = 0; plane < planes; plane += 1) {
    for (let y = top; y < top + rows + 2 * halo; y += 1) {
      const start = (plane * around.rows + y) * around.columns + left;
      bytes.set(features.subarray(start, start + columns + 2 * halo), index);
      index += columns + 2 * halo;
    }
  }
  const { upscaled } = await session.run({
    features: new Tensor("uint8", bytes, [1, planes, rows + 2 * halo, columns + 2 * halo]),
  });
  if (upscaled.dims.join() !== [1, found, rows, columns].join()) throw new Error(`wrong size ${upscaled.dims}`);
  return upscaled.data;
}

const whole = await findIn(0, 0, width, height);
const apart = expected.map((value, index) => Math.abs(value - whole[index]));
const largest = apart.reduce((most, value) => Math.max(most, value), 0);
if (largest > 1) throw new Error(`${model} differs from PyTorch by ${largest}`);

const [left, top, columns, rows] = [5, 9, 11, 7];
const tile = await findIn(left, top, columns, rows);
tile.forEach((value, index) => {
  const [plane, y, x] = [Math.floor(index / (columns * rows)), Math.floor(index / columns) % rows, index % columns];
  if (value !== whole[(plane * height + top + y) * width + left + x]) throw new Error(`${model} depends on the tiling`);
});
const differing = apart.reduce((sum, value) => sum + value, 0);
console.log(`${model}: at most ${largest} from PyTorch (${differing} of ${expected.length}), tiles exact`);
