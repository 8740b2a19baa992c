import { AppError } from "../domain/errors.ts";
import type { ColorInfo, Size } from "../domain/media-info.ts";
import { convertsMatrix } from "./rgb-matrix.ts";

const largestEnlargedPixels = 16_384 * 8_640;
const mostWastedPixels = 4;

/** How often an added network of this scale runs: once, and again while the output is larger than what was reached by more
 *  than 1/8, unless that would make more than 4 times the output's pixels; never when the picture shrinks. */
export function rgbPasses(source: Size, output: Size, scale: number): number {
  const ratio = Math.max(output.width / source.width, output.height / source.height);
  if (ratio < 0.99) return 0;
  const isWorthAnother = (passes: number): boolean =>
    scale > 1 && ratio > 1.125 * scale ** passes && scale ** (2 * (passes + 1)) <= mostWastedPixels * ratio ** 2;
  let passes = 1;
  while (isWorthAnother(passes)) passes += 1;
  return passes;
}

export type RgbQuestion = {
  readonly id: string;
  readonly bitDepth: number;
  readonly color: ColorInfo;
  readonly source: Size;
  readonly enlargement: number;
};

/** Throws: AppError `unsupported_input` for what networks on 8-bit R'G'B' cannot take, `size_limit` for what is too large
 *  after the network. */
export function refuseForRgb({ id, bitDepth, color, source, enlargement }: RgbQuestion): void {
  const advice = "leave --model out to use Upres's own networks";
  if (bitDepth > 8)
    throw new AppError("unsupported_input", `${id} works on 8-bit video and this one has ${bitDepth} bit; ${advice}.`);
  if (!convertsMatrix(color.matrix)) {
    throw new AppError(
      "unsupported_input",
      `${id} needs R'G'B', and the matrix ${color.matrix} cannot be converted exactly; ${advice}.`,
    );
  }
  const [width, height] = [source.width * enlargement, source.height * enlargement];
  if (width * height > largestEnlargedPixels) {
    throw new AppError(
      "size_limit",
      `${id} would make pictures of ${width}x${height}, which is more than Upres holds; ${advice}.`,
    );
  }
}
