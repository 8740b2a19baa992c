import type { VideoStream } from "../../domain/media-info.ts";
import type { Tones } from "./diagnosis.ts";
import { measureColor, type Points, tonesOf } from "./tones.ts";

/** Colour that strays no further from one tint than codecs and tape let it. */
const mostStray = 3;
/** A strong tint such as sepia strays more where fine detail meets colour of half the resolution. */
const mostTintedStray = 7;
const strongTint = 8;
const darkMedian = 24;
const darkWhite = 60;

/** Whether there is more to see than darkness. */
export function isLit({ white, median }: Tones): boolean {
  return white > darkWhite || median > darkMedian;
}

/** Whether every place that is not dark is black and white, or of one tint. */
export function judgeMonochrome(places: readonly Points[], video: VideoStream): boolean {
  if (video.pixelFormat.chroma === "gray") return true;
  const bright = places.filter((points) => isLit(tonesOf(points)));
  return bright.length > 0 && bright.every(hasOneTint);
}

function hasOneTint(points: Points): boolean {
  const { stray, tint } = measureColor(points);
  return points.y.length > 0 && stray <= (tint >= strongTint ? mostTintedStray : mostStray);
}

const leastBlack = 36;
const mostWhite = 195;
const mostContrast = 150;

/** Whether nothing is ever black and nothing ever white, in all places together. */
export function judgeFading(places: readonly Tones[], { color }: VideoStream): boolean {
  if (color.transfer === "smpte2084" || color.transfer === "arib-std-b67") return false;
  const lit = places.filter(isLit);
  if (lit.length === 0) return false;
  const black = Math.min(...lit.map((tones) => tones.black));
  const white = Math.max(...lit.map((tones) => tones.white));
  return black >= leastBlack && white <= mostWhite && white - black <= mostContrast;
}
