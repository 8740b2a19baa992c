import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";

/** Opens what an export's check is about. Reads `frame.raw` and `expected.raw` from the folder; `kind`: u8 or u16. */
export async function openExport(folder, model, kind) {
  const Samples = kind === "u8" ? Uint8Array : Uint16Array;
  const read = (name) => new Samples(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const session = await InferenceSession.create(join(folder, model), { executionProviders: ["cpu"] });
  const type = kind === "u8" ? "uint8" : "uint16";
  return { frame: read("frame.raw"), expected: read("expected.raw"), session, type };
}

/** A window of planes of one size as a tensor, replicated at the border; a plane is where it begins in `frame` and its size. */
export function windowOf({ frame, type }, planes, { left, top, columns, rows }) {
  const samples = new frame.constructor(planes.length * columns * rows);
  let index = 0;
  for (const { offset, width, height } of planes) {
    for (let y = top; y < top + rows; y += 1) {
      for (let x = left; x < left + columns; x += 1) {
        samples[index++] = frame[offset + clamp(y, height) * width + clamp(x, width)];
      }
    }
  }
  return new Tensor(type, samples, [1, planes.length, rows, columns]);
}

/** The second input of a 16-bit network. */
export function peakFeed(kind, peak) {
  return kind === "u16" ? { peak: new Tensor("float32", new Float32Array([peak]), [1]) } : {};
}

/** Throws unless the whole frame is PyTorch's to one code value and tiles give the same samples as the whole. `upscaleWindow` takes left, top,
 *  columns and rows and gives `planes` planes, `scale` times larger; `size` and `tile` are columns and rows. */
export async function compareExport({ model, expected, upscaleWindow, planes, scale, size: [width, height], tile }) {
  const whole = await upscaleWindow(0, 0, width, height);
  let largest = 0;
  let differing = 0;
  for (let index = 0; index < expected.length; index += 1) {
    const difference = Math.abs(whole[index] - expected[index]);
    largest = Math.max(largest, difference);
    if (difference > 0) differing += 1;
  }
  if (largest > 1) throw new Error(`${model} differs from PyTorch by ${largest} code values`);

  let unequal = 0;
  for (let top = 0; top < height; top += tile[1]) {
    for (let left = 0; left < width; left += tile[0]) {
      const columns = Math.min(tile[0], width - left);
      const rows = Math.min(tile[1], height - top);
      const part = await upscaleWindow(left, top, columns, rows);
      for (let line = 0; line < planes * scale * rows; line += 1) {
        const [plane, y] = [Math.floor(line / (scale * rows)), line % (scale * rows)];
        const there = ((plane * height + top) * scale + y) * scale * width + scale * left;
        for (let x = 0; x < scale * columns; x += 1) {
          if (part[line * scale * columns + x] !== whole[there + x]) unequal += 1;
        }
      }
    }
  }
  if (unequal > 0) throw new Error(`${model}: ${unequal} samples depend on the tiling`);
  console.log(`${model}: at most ${largest} code value from PyTorch (${differing} of ${expected.length}), tiles exact`);
}

function clamp(value, size) {
  return Math.min(Math.max(value, 0), size - 1);
}
