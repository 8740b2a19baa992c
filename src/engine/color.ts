import type { ColorInfo, PixelFormatInfo, Size } from "../domain/media-info.ts";

/** Fills what the source leaves unsaid with what players assume for its size, so that a larger copy is not read with
 *  another matrix: up to 1279×576 the standard-definition one (BT.601), above that BT.709. Said values never change. */
export function resolveColor(color: ColorInfo, size: Size, format: PixelFormatInfo): { color: ColorInfo; reason: string } {
  if (format.isRgb) {
    return {
      color: {
        range: "limited",
        matrix: "bt709",
        primaries: "bt709",
        transfer: said(color.transfer, "bt709"),
        chromaLocation: "left",
      },
      reason: "RGB source: converted to BT.709, limited range",
    };
  }
  const assumed = size.width >= 1280 || size.height > 576 ? "bt709" : size.height === 576 ? "bt470bg" : "smpte170m";
  const matrix = said(color.matrix, said(color.primaries, assumed) === "bt2020" ? "bt2020nc" : assumed);
  const primaries = said(color.primaries, matrix === "bt2020nc" ? "bt2020" : matrix);
  const transfer = said(color.transfer, primaries === "bt709" ? "bt709" : "smpte170m");
  const range = color.range === "unknown" ? (format.name.startsWith("yuvj") ? "full" : "limited") : color.range;
  const chromaLocation = said(color.chromaLocation, "left");
  const resolved: ColorInfo = { range, matrix, primaries, transfer, chromaLocation };
  const unsaid = (["range", "matrix", "primaries", "transfer", "chromaLocation"] as const).filter(
    (key) => color[key] === "unknown",
  );
  const reason =
    unsaid.length === 0
      ? "as tagged in the source"
      : `${unsaid.join(", ")} not tagged in the source: tagged as players assume at ${size.width}x${size.height}`;
  return { color: resolved, reason };
}

function said(value: string, otherwise: string): string {
  return value === "unknown" ? otherwise : value;
}
