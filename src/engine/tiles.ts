import type { Size } from "../domain/media-info.ts";
import type { Tile } from "../inference/tile-protocol.ts";

/** Cuts a plane into tiles of about equal size, at most `maxSide` wide and high, that cover each pixel once.
 *  Origins and inner sizes are multiples of `multiple`; the last column and row take what is left. */
export function planTiles(plane: Size, maxSide: Size, multiple: number): readonly Tile[] {
  const columns = cuts(plane.width, maxSide.width, multiple);
  const rows = cuts(plane.height, maxSide.height, multiple);
  return rows.flatMap(([y, height]) => columns.map(([x, width]) => ({ x, y, width, height })));
}

function cuts(length: number, longest: number, multiple: number): [number, number][] {
  const count = Math.ceil(length / longest);
  const step = Math.ceil(length / count / multiple) * multiple;
  const result: [number, number][] = [];
  for (let at = 0; at < length; at += step) result.push([at, Math.min(step, length - at)]);
  return result;
}
