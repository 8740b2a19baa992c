import { AppError } from "./errors.ts";
import type { Orientation, Size } from "./media-info.ts";
import type { Rational } from "./rational.ts";
import type { UpscaleRequest } from "./upscale-request.ts";

/** 3840 × 2160, the largest output of any hosted service this stands in for. */
export const maxOutputPixels = 8_294_400;

const shortSidePixels = { "1080p": 1080, "2k": 1440, "4k": 2160 } as const;

export type OutputSize = Size & { readonly reason: string };

/** The square-pixel size at which a player shows the source: sample aspect applied to the width, then turned upright. */
export function displaySize(coded: Size, sampleAspect: Rational, orientation: Orientation): Size {
  const aspect = sampleAspect.num > 0 && sampleAspect.den > 0 ? sampleAspect.num / sampleAspect.den : 1;
  const wide = { width: Math.max(1, Math.round(coded.width * aspect)), height: coded.height };
  return orientation.quarterTurnsClockwise % 2 === 1 ? { width: wide.height, height: wide.width } : wide;
}

/** Resolves the requested target to even dimensions with the display aspect kept.
 *  Throws: AppError `size_limit` when `--scale` leaves the 4K pixel limit. */
export function resolveOutputSize(display: Size, target: UpscaleRequest["target"]): OutputSize {
  if (target.kind === "scale") {
    const size = { width: even(display.width * target.factor), height: even(display.height * target.factor) };
    const pixels = size.width * size.height;
    if (pixels > maxOutputPixels) {
      const largest = Math.sqrt(maxOutputPixels / (display.width * display.height));
      throw new AppError(
        "size_limit",
        `${display.width}x${display.height} scaled by ${target.factor} is ${size.width}x${size.height} = ${pixels} pixels, ` +
          `over the limit of ${maxOutputPixels} (3840x2160); ${scaleAdvice(largest)}.`,
        { details: { ...size, pixels, maxOutputPixels } },
      );
    }
    return { ...size, reason: `display size ${display.width}x${display.height} times ${target.factor}, rounded to even` };
  }
  const shortSide = shortSidePixels[target.box];
  const factor = shortSide / Math.min(display.width, display.height);
  const boxed = { width: even(display.width * factor), height: even(display.height * factor) };
  if (boxed.width * boxed.height <= maxOutputPixels) {
    return {
      ...boxed,
      reason: `short side ${shortSide} (${target.box}), display aspect ${display.width}:${display.height} kept`,
    };
  }
  const fit = Math.sqrt(maxOutputPixels / (display.width * display.height));
  return {
    width: evenBelow(display.width * fit),
    height: evenBelow(display.height * fit),
    reason: `${target.box} would be ${boxed.width}x${boxed.height}; the largest of the same aspect within ${maxOutputPixels} pixels`,
  };
}

function scaleAdvice(largest: number): string {
  const factor = Math.floor(largest * 100) / 100;
  return factor >= 1.1
    ? `use --scale ${factor} or less, or --to 4k`
    : "this source is already too large to scale up; use --to 4k";
}

function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2);
}

function evenBelow(value: number): number {
  return Math.max(2, Math.floor(value / 2) * 2);
}
