import type { PlaneLayout, Tile } from "./tile-protocol.ts";

/** Cuts a window out of a plane, repeating the plane's border where the window leaves it.
 *  Units: `place` in pixels of the picture, of which the plane has `factor` samples a side. */
export function readWindow(source: Buffer, plane: PlaneLayout, place: Tile, bytesPerSample: number): Buffer {
  const { offset, width, height, factor } = plane;
  const size = bytesPerSample;
  const columns = place.width * factor;
  const rows = place.height * factor;
  const window = Buffer.allocUnsafeSlow(columns * rows * size);
  const left = place.x * factor;
  const top = place.y * factor;
  const from = Math.max(0, left);
  const to = Math.min(width, left + columns);
  for (let row = 0; row < rows; row += 1) {
    const line = offset + Math.min(height - 1, Math.max(0, top + row)) * width;
    const at = row * columns * size;
    source.copy(window, at + (from - left) * size, (line + from) * size, (line + to) * size);
    const first = source.subarray((line + from) * size, (line + from + 1) * size);
    const last = source.subarray((line + to - 1) * size, (line + to) * size);
    if (from > left) window.fill(first, at, at + (from - left) * size);
    if (to < left + columns) window.fill(last, at + (to - left) * size, at + columns * size);
  }
  return window;
}
