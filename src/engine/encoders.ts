import type { ColorInfo, HdrMetadata, PixelFormatInfo } from "../domain/media-info.ts";
import type { Container, Tier } from "../domain/upscale-request.ts";
import { masteringDisplayText } from "../media/hdr.ts";

export type EncoderChoice = {
  readonly codec: "libx264" | "libx265" | "libvpx-vp9";
  readonly pixelFormat: string;
  readonly options: Readonly<Record<string, string>>;
  readonly crf: number;
  readonly reason: string;
};

export type WorkingFormat = { readonly name: string; readonly bitDepth: 8 | 10; readonly reason: string };

/** The planar format all work is done in: the source's depth up to 10 bit, its chroma resolution where there is one. */
export function workingPixelFormat(source: PixelFormatInfo): WorkingFormat {
  const bitDepth = source.bitDepth > 8 ? 10 : 8;
  const isPlain = source.chroma === "420" || source.chroma === "422" || source.chroma === "444";
  const chroma = source.isRgb || source.chroma === "gray" ? "420" : isPlain ? source.chroma : "422";
  const notes = [
    source.bitDepth > 10 ? `${source.bitDepth} bit is more than the encoders take: 10 bit` : `${bitDepth} bit`,
    source.isRgb
      ? "RGB becomes Y'CbCr 4:2:0, which players expect"
      : source.chroma === "gray"
        ? "grey gets neutral 4:2:0 chroma"
        : `4:${chroma[1]}:${chroma[2]}${isPlain ? " as in the source" : " instead of the source's unusual layout"}`,
    ...(source.hasAlpha ? ["transparency is not carried"] : []),
  ];
  return { name: `yuv${chroma}p${bitDepth === 10 ? "10le" : ""}`, bitDepth, reason: notes.join("; ") };
}

/** Constant rate factor for `--quality` 20..99: a line from 40 to 16 for x264, one more for x265, 60 to 20 for VP9. */
export function crfForQuality(quality: number, codec: EncoderChoice["codec"]): number {
  const position = (quality - 20) / 79;
  if (codec === "libvpx-vp9") return Math.round(60 - position * 40);
  return Math.round((40 - position * 24 + (codec === "libx265" ? 1 : 0)) * 10) / 10;
}

export type EncoderQuestion = {
  readonly container: Container;
  readonly tier: Tier;
  readonly quality: number;
  readonly pixelFormat: string;
  readonly bitDepth: 8 | 10;
  readonly color: ColorInfo;
  readonly hdr: HdrMetadata;
  readonly outputPixels: number;
};

/** Above this an encoder's lookahead, which holds whole pictures, is what fills the memory: it is shortened. */
const largePicturePixels = 4_000_000;

export function chooseEncoder(question: EncoderQuestion): EncoderChoice {
  const { container, bitDepth, pixelFormat } = question;
  const isLarge = question.outputPixels > largePicturePixels;
  if (container === "webm") return vp9(question);
  if (bitDepth === 8) {
    const crf = crfForQuality(question.quality, "libx264");
    const preset = question.tier === "fast" ? "veryfast" : "medium";
    return {
      codec: "libx264",
      pixelFormat,
      crf,
      options: { preset, crf: `${crf}`, ...(isLarge && { "rc-lookahead": question.tier === "fast" ? "10" : "20" }) },
      reason: `8-bit video in ${container}: H.264, ${preset}`,
    };
  }
  const crf = crfForQuality(question.quality, "libx265");
  const { mastering, contentLight } = question.hdr;
  const parameters = [
    "log-level=none",
    "open-gop=0",
    ...(isLarge ? ["rc-lookahead=10", "frame-threads=1"] : []),
    ...(mastering === undefined ? [] : [`master-display=${masteringDisplayText(mastering)}`]),
    ...(contentLight === undefined ? [] : [`max-cll=${contentLight.maxCll},${contentLight.maxFall}`]),
    ...(question.color.transfer === "smpte2084" ? ["hdr10=1"] : []),
  ];
  const preset = question.tier === "fast" ? "ultrafast" : "fast";
  return {
    codec: "libx265",
    pixelFormat,
    crf,
    options: { preset, crf: `${crf}`, "x265-params": parameters.join(":") },
    reason: `10-bit video in ${container}: HEVC Main 10, which players decode in hardware (10-bit H.264 they do not), ${preset}`,
  };
}

function vp9({ quality, tier, pixelFormat, bitDepth }: EncoderQuestion): EncoderChoice {
  const crf = crfForQuality(quality, "libvpx-vp9");
  return {
    codec: "libvpx-vp9",
    pixelFormat,
    crf,
    options: {
      crf: `${crf}`,
      b: "0",
      deadline: "good",
      "cpu-used": tier === "fast" ? "5" : "4",
      "tile-columns": "1",
      "lag-in-frames": "16",
    },
    reason: `WebM: VP9${bitDepth === 10 ? " profile 2" : ""}, the codec its players share`,
  };
}
