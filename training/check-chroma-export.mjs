/** Compares an exported chroma model in ONNX Runtime with PyTorch's result, and tiles with the whole frame.
 *  Arguments: folder, model file, kind (u8 or u16), height, width and halo in chroma samples, peak. Reads frame.raw (luma, Cb,
 *  Cr) and expected.raw. */
import { compareExport, openExport, peakFeed, windowOf } from "./compare-export.mjs";

const [folder, model, kind, ...numbers] = process.argv.slice(2);
const [height, width, halo, peak] = numbers.map(Number);
const exported = await openExport(folder, model, kind);
const luma = { offset: 0, width: 2 * width, height: 2 * height };
const cb = { offset: 4 * width * height, width, height };
const cr = { offset: 5 * width * height, width, height };

/** The upscaled inner part of a window. */
async function upscaleWindow(left, top, columns, rows) {
  const place = { left: left - halo, top: top - halo, columns: columns + 2 * halo, rows: rows + 2 * halo };
  const lumaPlace = { left: 2 * place.left, top: 2 * place.top, columns: 2 * place.columns, rows: 2 * place.rows };
  const feeds = { luma: windowOf(exported, [luma], lumaPlace), chroma: windowOf(exported, [cb, cr], place) };
  const { upscaled } = await exported.session.run({ ...feeds, ...peakFeed(kind, peak) });
  if (upscaled.dims.join() !== [1, 2, 2 * rows, 2 * columns].join()) throw new Error(`wrong size ${upscaled.dims}`);
  return upscaled.data;
}

const { expected } = exported;
await compareExport({ model, expected, upscaleWindow, planes: 2, scale: 2, size: [width, height], tile: [31, 22] });
