import { fetchPicture } from "../compare/job-feeds.ts";

/** What a moment of a result looks like beside its source. Units: seconds; luma of 255; dB. */
export type Moment = {
  readonly seconds: number;
  readonly psnr: number;
  readonly sourceLuma: number;
  readonly resultLuma: number;
  /** Change of the mean brightness to the next frame, in the source and in the result. */
  readonly sourceStep: number;
  readonly resultStep: number;
};

export type MeasureOptions = {
  readonly jobId: string;
  readonly frames: number;
  readonly secondsOf: (frame: number) => number;
  readonly moments: number;
  readonly signal: AbortSignal;
};

const width = 160;

/** Looks at pairs of neighbouring frames over the whole length, made small by the server.  Throws: ApiError. */
export async function* measureMoments({ jobId, frames, secondsOf, moments, signal }: MeasureOptions): AsyncGenerator<Moment> {
  const count = Math.min(moments, Math.max(1, Math.floor(frames / 2)));
  for (let index = 0; index < count; index += 1) {
    const frame = Math.min(frames - 1, Math.round(((index + 0.5) * frames) / count));
    const next = Math.min(frames - 1, frame + 1);
    const look = async (of: string, at: number): Promise<Luma> => {
      const path = `/api/jobs/${encodeURIComponent(jobId)}/frame?of=${of}&index=${at}&max_width=${width}&format=png`;
      return lumaOf(await fetchPicture(path, signal));
    };
    const [source, result, sourceNext, resultNext] = await Promise.all([
      look("source", frame),
      look("result", frame),
      look("source", next),
      look("result", next),
    ]);
    yield {
      seconds: secondsOf(frame),
      psnr: psnrOf(source, result),
      sourceLuma: source.mean,
      resultLuma: result.mean,
      sourceStep: sourceNext.mean - source.mean,
      resultStep: resultNext.mean - result.mean,
    };
  }
}

type Luma = { readonly values: Float32Array; readonly mean: number; readonly columns: number };

/** Both pictures are drawn at one size, so that they can be compared.  Owns: closes the bitmap. */
function lumaOf(bitmap: ImageBitmap): Luma {
  const columns = width;
  const rows = Math.max(1, Math.round((width * bitmap.height) / bitmap.width));
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("The browser has no canvas to measure on.");
  context.drawImage(bitmap, 0, 0, columns, rows);
  bitmap.close();
  const { data } = context.getImageData(0, 0, columns, rows);
  const values = new Float32Array(columns * rows);
  let sum = 0;
  for (let pixel = 0; pixel < values.length; pixel += 1) {
    const at = pixel * 4;
    const luma = 0.2126 * (data[at] ?? 0) + 0.7152 * (data[at + 1] ?? 0) + 0.0722 * (data[at + 2] ?? 0);
    values[pixel] = luma;
    sum += luma;
  }
  return { values, mean: sum / values.length, columns };
}

function psnrOf(a: Luma, b: Luma): number {
  const count = Math.min(a.values.length, b.values.length);
  let error = 0;
  for (let pixel = 0; pixel < count; pixel += 1) error += ((a.values[pixel] ?? 0) - (b.values[pixel] ?? 0)) ** 2;
  return Math.min(60, 10 * Math.log10((255 * 255) / Math.max(1e-6, error / count)));
}
