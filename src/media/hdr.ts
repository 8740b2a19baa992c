import { AV_PKT_DATA_CONTENT_LIGHT_LEVEL, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, type CodecParameters } from "node-av";
import type { HdrMetadata } from "../domain/media-info.ts";

/** Reads AVMasteringDisplayMetadata: ten int32 fractions (primaries R, G, B, white point, luminance) and two flags.
 *  Source: libavutil/mastering_display_metadata.h. */
export function parseMasteringDisplay(data: Buffer): HdrMetadata["mastering"] {
  const fraction = (index: number, unit: number): number => {
    const num = data.readInt32LE(index * 8);
    const den = data.readInt32LE(index * 8 + 4);
    return den === 0 ? 0 : Math.round((num * unit) / den);
  };
  if (data.length < 88 || data.readInt32LE(80) === 0) return undefined;
  return {
    redX: fraction(0, 50000),
    redY: fraction(1, 50000),
    greenX: fraction(2, 50000),
    greenY: fraction(3, 50000),
    blueX: fraction(4, 50000),
    blueY: fraction(5, 50000),
    whiteX: fraction(6, 50000),
    whiteY: fraction(7, 50000),
    minLuminance: fraction(8, 10000),
    maxLuminance: fraction(9, 10000),
  };
}

/** The inverse of `parseMasteringDisplay`. */
function writeMasteringDisplay(mastering: NonNullable<HdrMetadata["mastering"]>): Buffer {
  const { redX, redY, greenX, greenY, blueX, blueY, whiteX, whiteY, minLuminance, maxLuminance } = mastering;
  const data = Buffer.alloc(88);
  [redX, redY, greenX, greenY, blueX, blueY, whiteX, whiteY].forEach((value, index) => {
    data.writeInt32LE(value, index * 8);
    data.writeInt32LE(50000, index * 8 + 4);
  });
  [minLuminance, maxLuminance].forEach((value, index) => {
    data.writeInt32LE(value, 64 + index * 8);
    data.writeInt32LE(10000, 64 + index * 8 + 4);
  });
  data.writeInt32LE(1, 80);
  data.writeInt32LE(1, 84);
  return data;
}

/** Reads AVContentLightMetadata: MaxCLL and MaxFALL. */
export function parseContentLight(data: Buffer): HdrMetadata["contentLight"] {
  if (data.length < 8) return undefined;
  return { maxCll: data.readUInt32LE(0), maxFall: data.readUInt32LE(4) };
}

function writeContentLight(light: NonNullable<HdrMetadata["contentLight"]>): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32LE(light.maxCll, 0);
  data.writeUInt32LE(light.maxFall, 4);
  return data;
}

/** The master-display string of x265, x264 and SVT-AV1 in the ITU's integer units. */
export function masteringDisplayText(m: NonNullable<HdrMetadata["mastering"]>): string {
  return (
    `G(${m.greenX},${m.greenY})B(${m.blueX},${m.blueY})R(${m.redX},${m.redY})` +
    `WP(${m.whiteX},${m.whiteY})L(${m.maxLuminance},${m.minLuminance})`
  );
}

/** Puts the metadata where muxers look for it. */
export function addHdrMetadata(parameters: CodecParameters, hdr: HdrMetadata): void {
  if (hdr.mastering !== undefined)
    parameters.addCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA, writeMasteringDisplay(hdr.mastering));
  if (hdr.contentLight !== undefined)
    parameters.addCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL, writeContentLight(hdr.contentLight));
}
