import { throwIfAborted } from "../core/async.ts";
import { largestRgbScale } from "../domain/model-descriptor.ts";
import { type Ends, invalid, openSession, readEnds, runOnce } from "./rgb-session.ts";
import { downscaledPsnr, largestDifference, type Picture, testPicture, crop } from "./test-picture.ts";

/** What a single-image R'G'B' network turned out to be. */
export type RgbFindings = {
  readonly inputName: string;
  readonly outputName: string;
  readonly scale: number;
  readonly peak: 1 | 255;
  readonly haloPixels: number;
  readonly removedPixels: number;
  readonly sizeMultiple: number;
  readonly tilePixels: number;
  readonly secondsPerMegapixel: number;
  /** The output scaled down again, against the test picture. */
  readonly psnr: number;
  /** Where a tile's result still feels its cut, by how much of the peak at most; undefined where it could not be measured. */
  readonly cutDifference: number | undefined;
};

const sizes = { large: 96, small: 64, inner: 32, defaultTile: 128 } as const;
const halos = [8, 16, 24, 32] as const;
const roundTo = 8;
const leastPsnr = 20;
const invisibleDifference = 1 / 255;

/** Opens a network's file and runs it on a known picture: which shapes it takes, how much larger it makes, whether the
 *  result is that picture, and how far around a tile it looks.  Throws: AppError `model_invalid`. */
export async function examineRgbNetwork(path: string, threads: number, signal?: AbortSignal): Promise<RgbFindings> {
  const session = await openSession(path, threads);
  try {
    const ends = readEnds(session);
    const run = async (picture: Picture): Promise<Picture> => {
      throwIfAborted(signal);
      return await runOnce(session, ends, picture);
    };
    return await examine(run, ends);
  } finally {
    await session.release();
  }
}

type Run = (picture: Picture) => Promise<Picture>;

async function examine(run: Run, ends: Ends): Promise<RgbFindings> {
  const side = ends.fixedSide ?? sizes.large;
  const picture = testPicture(side);
  await run(picture); // the first run sets up its memory
  const startedMs = performance.now();
  const output = await run(picture);
  const seconds = (performance.now() - startedMs) / 1000;
  const { scale, removedPixels } = await measureGeometry(run, ends, output);
  const { peak, psnr } = await measurePeak(run, { picture, output, scale, removedPixels });
  const { haloPixels, cutDifference } = await measureHalo(run, {
    picture,
    output,
    scale,
    removedPixels,
    peak,
    isFixed: ends.fixedSide !== undefined,
  });
  const fixedTile = ends.fixedSide === undefined ? undefined : ends.fixedSide - 2 * haloPixels;
  return {
    inputName: ends.inputName,
    outputName: ends.outputName,
    scale,
    peak,
    haloPixels,
    removedPixels,
    sizeMultiple: fixedTile ?? roundTo,
    tilePixels: fixedTile ?? sizes.defaultTile,
    secondsPerMegapixel: (seconds * 1e6) / (side * side),
    psnr,
    cutDifference,
  };
}

/** From the sizes of answers: scale, and the border that the network does not return. */
async function measureGeometry(
  run: Run,
  { fixedSide }: Ends,
  output: Picture,
): Promise<{ scale: number; removedPixels: number }> {
  const side = fixedSide ?? sizes.large;
  const smaller = fixedSide === undefined ? await run(testPicture(sizes.small)) : undefined;
  const scale =
    smaller === undefined ? Math.ceil(output.width / side) : (output.width - smaller.width) / (sizes.large - sizes.small);
  const removedPixels = (scale * side - output.width) / (2 * scale);
  const isSquare = output.width === output.height;
  if (
    !isSquare ||
    !Number.isInteger(scale) ||
    scale < 1 ||
    scale > largestRgbScale ||
    !Number.isInteger(removedPixels) ||
    removedPixels < 0
  ) {
    throw invalid(
      `it makes ${output.width}x${output.height} of ${side}x${side}, which is no whole scale from 1 to ${largestRgbScale}`,
    );
  }
  return { scale, removedPixels };
}

type Measured = { readonly picture: Picture; readonly output: Picture; readonly scale: number; readonly removedPixels: number };

/** Whether samples end at 1 or at 255: the range in which the answer is the picture that was given. */
async function measurePeak(run: Run, measured: Measured): Promise<{ peak: 1 | 255; psnr: number }> {
  const asOne = downscaledPsnr(measured, 1);
  if (asOne >= leastPsnr) return { peak: 1, psnr: asOne };
  const { data, ...size } = measured.picture;
  const output = await run({ ...size, data: data.map((value) => value * 255) });
  const as255 = downscaledPsnr({ ...measured, output }, 255);
  if (as255 >= leastPsnr) return { peak: 255, psnr: as255 };
  throw invalid(
    `what it makes of a test picture is another one: ${Math.max(asOne, as255).toFixed(1)} dB after scaling down, ${leastPsnr} are needed`,
  );
}

/** The narrowest surroundings with which a part gives what it gives within the whole picture. */
async function measureHalo(
  run: Run,
  { picture, output, scale, removedPixels, peak, isFixed }: Measured & { peak: number; isFixed: boolean },
): Promise<{ haloPixels: number; cutDifference: number | undefined }> {
  const widest = halos.at(-1) ?? 0;
  if (removedPixels > widest) throw invalid(`it leaves out ${removedPixels} pixels on every side, more than ${widest}`);
  if (isFixed) {
    const haloPixels = Math.max(removedPixels, Math.min(16, picture.width >> 3));
    return { haloPixels, cutDifference: undefined };
  }
  const inner = { x: (picture.width - sizes.inner) / 2, side: sizes.inner };
  const given = peak === 1 ? picture : { ...picture, data: picture.data.map((value) => value * peak) };
  const whole = peak === 1 ? output : await run(given);
  const expected = crop(whole, (inner.x - removedPixels) * scale, inner.side * scale);
  let cutDifference = Infinity;
  for (const haloPixels of halos.filter((halo) => halo >= removedPixels)) {
    const part = await run(crop(given, inner.x - haloPixels, inner.side + 2 * haloPixels));
    const found = crop(part, (haloPixels - removedPixels) * scale, inner.side * scale);
    cutDifference = largestDifference(expected, found) / peak;
    if (cutDifference <= invisibleDifference) return { haloPixels, cutDifference };
  }
  return { haloPixels: widest, cutDifference };
}
