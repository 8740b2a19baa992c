import type { Orientation } from "../domain/media-info.ts";

/** Reads a display matrix (nine int32 in row order, the upper 2×2 in 16.16) into mirror and quarter turns.
 *  Angles between quarter turns go to the nearest. Source: libavutil/display.h. */
export function parseDisplayMatrix(data: Buffer): Orientation {
  const at = (index: number): number => data.readInt32LE(index * 4) / 65536;
  const [a, b, c, d] = [at(0), at(1), at(3), at(4)];
  // A point (x, y) with y down is shown at (a·x + c·y, b·x + d·y).
  const mirrored = a * d - b * c < 0;
  const angle = Math.atan2(mirrored ? -b : b, mirrored ? -a : a);
  const turns = ((Math.round(angle / (Math.PI / 2)) % 4) + 4) % 4;
  return { mirrored, quarterTurnsClockwise: turns as Orientation["quarterTurnsClockwise"] }; // 0..3 by the modulo
}

/** FFmpeg filters that turn a decoded picture upright; empty when it already is. */
export function orientationFilters({ mirrored, quarterTurnsClockwise }: Orientation): readonly string[] {
  const turn = { 0: [], 1: ["transpose=clock"], 2: ["hflip", "vflip"], 3: ["transpose=cclock"] }[quarterTurnsClockwise];
  return mirrored ? ["hflip", ...turn] : turn;
}
