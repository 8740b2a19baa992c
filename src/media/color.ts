import type { AVChromaLocation, AVColorPrimaries, AVColorRange, AVColorSpace, AVColorTransferCharacteristic } from "node-av";
import type { ColorInfo } from "../domain/media-info.ts";

// Code points of ITU-T H.273, under the names FFmpeg prints.
const matrices = new Map<number, string>([
  [0, "gbr"],
  [1, "bt709"],
  [2, "unknown"],
  [4, "fcc"],
  [5, "bt470bg"],
  [6, "smpte170m"],
  [7, "smpte240m"],
  [8, "ycgco"],
  [9, "bt2020nc"],
  [10, "bt2020c"],
  [11, "smpte2085"],
  [12, "chroma-derived-nc"],
  [13, "chroma-derived-c"],
  [14, "ictcp"],
]);
const primaries = new Map<number, string>([
  [1, "bt709"],
  [2, "unknown"],
  [4, "bt470m"],
  [5, "bt470bg"],
  [6, "smpte170m"],
  [7, "smpte240m"],
  [8, "film"],
  [9, "bt2020"],
  [10, "smpte428"],
  [11, "smpte431"],
  [12, "smpte432"],
  [22, "ebu3213"],
]);
const transfers = new Map<number, string>([
  [1, "bt709"],
  [2, "unknown"],
  [4, "gamma22"],
  [5, "gamma28"],
  [6, "smpte170m"],
  [7, "smpte240m"],
  [8, "linear"],
  [9, "log100"],
  [10, "log316"],
  [11, "iec61966-2-4"],
  [12, "bt1361e"],
  [13, "iec61966-2-1"],
  [14, "bt2020-10"],
  [15, "bt2020-12"],
  [16, "smpte2084"],
  [17, "smpte428"],
  [18, "arib-std-b67"],
]);
const chromaLocations = new Map<number, string>([
  [0, "unknown"],
  [1, "left"],
  [2, "center"],
  [3, "topleft"],
  [4, "top"],
  [5, "bottomleft"],
  [6, "bottom"],
]);

export type NativeColor = {
  colorRange: AVColorRange;
  colorSpace: AVColorSpace;
  colorPrimaries: AVColorPrimaries;
  colorTrc: AVColorTransferCharacteristic;
  chromaLocation: AVChromaLocation;
};

export function readColor(native: NativeColor): ColorInfo {
  const range = Number(native.colorRange);
  return {
    range: range === 1 ? "limited" : range === 2 ? "full" : "unknown",
    matrix: matrices.get(Number(native.colorSpace)) ?? "unknown",
    primaries: primaries.get(Number(native.colorPrimaries)) ?? "unknown",
    transfer: transfers.get(Number(native.colorTrc)) ?? "unknown",
    chromaLocation: chromaLocations.get(Number(native.chromaLocation)) ?? "unknown",
  };
}

/** Writes the tags to a frame, a codec context or codec parameters; unknown stays unspecified. */
export function writeColor(native: NativeColor, color: ColorInfo): void {
  // The branded enums of the binding are the H.273 numbers themselves.
  native.colorRange = (color.range === "limited" ? 1 : color.range === "full" ? 2 : 0) as AVColorRange;
  native.colorSpace = codePoint(matrices, color.matrix, 2) as AVColorSpace;
  native.colorPrimaries = codePoint(primaries, color.primaries, 2) as AVColorPrimaries;
  native.colorTrc = codePoint(transfers, color.transfer, 2) as AVColorTransferCharacteristic;
  native.chromaLocation = codePoint(chromaLocations, color.chromaLocation, 0) as AVChromaLocation;
}

function codePoint(table: ReadonlyMap<number, string>, name: string, unspecified: number): number {
  for (const [code, entry] of table) if (entry === name) return code;
  return unspecified;
}

/** Chroma sample position in 1/256 of a luma pixel, as swscale counts: 0 is on the luma sample, 128 between two. */
export function chromaPosition(location: string): { horizontal: number; vertical: number } {
  const horizontal = location === "center" || location === "top" || location === "bottom" ? 128 : 0;
  const vertical = location.startsWith("top") ? 0 : location.startsWith("bottom") ? 256 : 128;
  return { horizontal, vertical };
}
