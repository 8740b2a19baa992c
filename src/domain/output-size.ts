import { AppError } from "./errors.ts";
import type { Orientation, Size } from "./media-info.ts";
import type { Rational } from "./rational.ts";
import { boxes, type UpscaleRequest } from "./upscale-request.ts";

/** 3840 × 2160: the most that a named size or a plain factor may ask for. */
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
    const size = scaled(display, target.factor);
    const pixels = size.width * size.height;
    if (pixels > maxOutputPixels) {
      throw new AppError(
        "size_limit",
        `${display.width}x${display.height} scaled by ${target.factor} is ${size.width}x${size.height} = ${pixels} pixels, ` +
          `over the limit of ${maxOutputPixels} (3840x2160); ${scaleAdvice(display)}.`,
        { details: { ...size, pixels, maxOutputPixels } },
      );
    }
    return { ...size, reason: `display size ${display.width}x${display.height} times ${target.factor}, rounded to even` };
  }
  if (target.kind === "scale_within" || target.kind === "doubled") return sized(display, target);
  const box = target.kind === "box" ? target.box : nextBox(display);
  const shortSide = shortSidePixels[box];
  const sourceShortSide = Math.min(display.width, display.height);
  if (target.kind === "box" && target.keepsLarger === true && sourceShortSide >= shortSide) {
    return { ...scaled(display, 1), reason: `the source has the size of ${box} or more already and keeps it` };
  }
  const factor = shortSide / sourceShortSide;
  const boxed = scaled(display, factor);
  if (boxed.width * boxed.height <= maxOutputPixels) {
    return {
      ...boxed,
      reason: `short side ${shortSide} (${box}), display aspect ${display.width}:${display.height} kept`,
    };
  }
  const fit = Math.sqrt(maxOutputPixels / (display.width * display.height));
  return {
    width: evenBelow(display.width * fit),
    height: evenBelow(display.height * fit),
    reason: `${box} would be ${boxed.width}x${boxed.height}; the largest of the same aspect within ${maxOutputPixels} pixels`,
  };
}

type SideLimited = Extract<UpscaleRequest["target"], { kind: "scale_within" | "doubled" }>;

/** The size rules of services that limit sides rather than pixels. */
function sized(display: Size, target: SideLimited): OutputSize {
  const longSide = Math.max(display.width, display.height);
  if (target.kind === "scale_within") {
    const { factor, maxSide } = target;
    const reached = Math.min(factor, maxSide / longSide);
    const reason = reached < factor ? `${factor} times, the long side brought to the limit of ${maxSide}` : `${factor} times`;
    return { ...scaled(display, reached), reason };
  }
  const { atLeast, atMost } = target;
  let factor = 1;
  while (longSide * factor < atLeast) factor *= 2;
  const reached = Math.min(longSide * factor, atMost) / longSide;
  return { ...scaled(display, reached), reason: `doubled until the long side is ${atLeast} or more, at most ${atMost}` };
}

function nextBox({ width, height }: Size): keyof typeof shortSidePixels {
  return boxes.find((box) => shortSidePixels[box] > Math.min(width, height)) ?? "4k";
}

/** Names the largest factor, in hundredths, whose rounded size is within the limit. */
function scaleAdvice(display: Size): string {
  let hundredths = Math.floor(Math.sqrt(maxOutputPixels / (display.width * display.height)) * 100);
  const fits = ({ width, height }: Size): boolean => width * height <= maxOutputPixels;
  while (hundredths >= 110 && !fits(scaled(display, hundredths / 100))) hundredths -= 1;
  return hundredths >= 110
    ? `use --scale ${hundredths / 100} or less, or --to 4k`
    : "this source is already too large to scale up; use --to 4k";
}

function scaled({ width, height }: Size, factor: number): Size {
  return { width: even(width * factor), height: even(height * factor) };
}

function even(value: number): number {
  return Math.max(2, Math.round(value / 2) * 2);
}

function evenBelow(value: number): number {
  return Math.max(2, Math.floor(value / 2) * 2);
}
