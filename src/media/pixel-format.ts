import { type AVPixelFormat, avGetPixFmtFromName, avGetPixFmtName } from "node-av";
import { AppError } from "../domain/errors.ts";
import type { PixelFormatInfo } from "../domain/media-info.ts";

const planarYuv = /^yuv(a|j)?(4\d\d)p(\d+)?(?:le|be)?$/;
const semiPlanar: Record<string, { chroma: PixelFormatInfo["chroma"]; bitDepth: number }> = {
  nv12: { chroma: "420", bitDepth: 8 },
  nv21: { chroma: "420", bitDepth: 8 },
  nv16: { chroma: "422", bitDepth: 8 },
  nv24: { chroma: "444", bitDepth: 8 },
  yuyv422: { chroma: "422", bitDepth: 8 },
  uyvy422: { chroma: "422", bitDepth: 8 },
  yvyu422: { chroma: "422", bitDepth: 8 },
  p010le: { chroma: "420", bitDepth: 10 },
  p210le: { chroma: "422", bitDepth: 10 },
  v210: { chroma: "422", bitDepth: 10 },
  y210le: { chroma: "422", bitDepth: 10 },
};

export function pixelFormatName(format: AVPixelFormat): string {
  return avGetPixFmtName(format) ?? "none";
}

export function pixelFormat(name: string): AVPixelFormat {
  const format = avGetPixFmtFromName(name);
  if (Number(format) < 0) throw new AppError("internal", `Pixel format ${name} is unknown to the FFmpeg build.`);
  return format;
}

/** What a pixel format's name says about its samples. */
export function describePixelFormat(name: string): PixelFormatInfo {
  const planar = planarYuv.exec(name);
  if (planar !== null) {
    const chroma = planar[2] === "420" || planar[2] === "422" || planar[2] === "444" ? planar[2] : "other";
    return { name, bitDepth: Number(planar[3] ?? 8), chroma, isRgb: false, hasAlpha: planar[1] === "a" };
  }
  const packed = semiPlanar[name];
  if (packed !== undefined) return { name, ...packed, isRgb: false, hasAlpha: false };
  const gray = /^(gray|ya|mono)(\d+)?/.exec(name);
  if (gray !== null) {
    const bitDepth = gray[1] === "mono" ? 8 : Math.min(16, Number(gray[2] ?? 8));
    return { name, bitDepth, chroma: "gray", isRgb: false, hasAlpha: gray[1] === "ya" };
  }
  const deep = /(\d+)(?:le|be)$/.exec(name);
  const bits = deep === null ? 8 : Number(deep[1]);
  return {
    name,
    bitDepth: bits === 48 || bits === 64 ? 16 : bits > 8 && bits <= 16 && name.startsWith("gbr") ? bits : 8,
    chroma: "444",
    isRgb: true,
    hasAlpha: /a|pal8/.test(name),
  };
}
