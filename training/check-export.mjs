/** Compares an exported model in ONNX Runtime with PyTorch's result, and tiles with the whole frame.
 *  Arguments: folder, model file, kind (u8 or u16), height, width, halo, peak, frames, scale. Reads frame.raw and expected.raw. */
import { compareExport, openExport, peakFeed, windowOf } from "./compare-export.mjs";

const [folder, model, kind, ...numbers] = process.argv.slice(2);
const [height, width, halo, peak, frames, scale] = numbers.map(Number);
const exported = await openExport(folder, model, kind);
const planes = Array.from({ length: frames }, (_, index) => ({ offset: index * width * height, width, height }));

/** The upscaled inner part of a window. */
async function upscaleWindow(left, top, columns, rows) {
  const place = { left: left - halo, top: top - halo, columns: columns + 2 * halo, rows: rows + 2 * halo };
  const { upscaled } = await exported.session.run({ luma: windowOf(exported, planes, place), ...peakFeed(kind, peak) });
  if (upscaled.dims.join() !== [1, 1, scale * rows, scale * columns].join()) throw new Error(`wrong size ${upscaled.dims}`);
  return upscaled.data;
}

const { expected } = exported;
await compareExport({ model, expected, upscaleWindow, planes: 1, scale, size: [width, height], tile: [62, 44] });
