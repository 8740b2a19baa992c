import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mapConcurrent } from "../../src/core/async.ts";
import type { ColorInfo, Size } from "../../src/domain/media-info.ts";
import type { ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { planTiles } from "../../src/engine/tiles.ts";
import { type SharedPicture, TilePool } from "../../src/inference/tile-pool.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import type { Plane } from "../../src/media/frame.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import type { Upscaled } from "./contenders.ts";
import { copyFrames, Pictures } from "./material.ts";
import { Stopwatch } from "./stopwatch.ts";
import { websrGraph, websrMargin, WebsrWeights } from "./websr-graph.ts";

export type WebsrOptions = { readonly weights: string; readonly factor: number; readonly threads: number };

const colors = 3;
/** The plane's own border repeats single samples, not pixels; so the picture's is drawn beyond the halo. */
const border = websrMargin + 1;
const tileSide: Size = { width: colors * 480, height: 136 };

const descriptor: ModelDescriptor = {
  id: "websr-cnn-2x-l",
  title: "websr cnn-2x-l",
  scale: 2,
  tier: "standard",
  preset: "general",
  haloPixels: colors * websrMargin,
  sizeMultiple: 2 * colors,
  parameters: 8_540,
  macsPerInputPixel: 8_472,
  licence: "MIT",
  files: { u8: { name: "", sha256: "", sizeBytes: 0 }, u16: { name: "", sha256: "", sizeBytes: 0 } },
};

/** Doubles every picture with websr's `cnn-2x-l`, twice for a factor of 4: to 8-bit RGB, through the network in our own tile pool,
 *  and back to 4:2:0. The GPU's conversion is FFmpeg's here; everything else computes what the shaders do. */
export async function upscaleWithWebsr(source: Pictures, { weights, factor, threads }: WebsrOptions): Promise<Upscaled> {
  const passes = Math.log2(factor);
  if (!Number.isInteger(passes)) throw new RangeError(`websr doubles; it cannot make ${factor} times`);
  const folder = await mkdtemp(join(tmpdir(), "upres-websr-"));
  try {
    const modelPath = join(folder, "websr.onnx");
    await writeFile(modelPath, websrGraph(WebsrWeights.parse(JSON.parse(await readFile(weights, "utf8")))));
    await using pool = await TilePool.create({ descriptor, modelPath, provider: "cpu", workers: threads, bitDepth: 8 });
    const stopwatch = new Stopwatch();
    const result = await runPasses(source, pool, passes);
    return {
      pictures: new Pictures(result, source.color),
      ...stopwatch.perFrame(result.length),
      networkSecondsPerFrame: pool.counts.cpuSeconds / result.length,
      way: passes === 1 ? "once" : `${passes} times`,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runPasses(source: Pictures, pool: TilePool, passes: number): Promise<readonly VideoFrame[]> {
  const { color } = source;
  const yuv = `color_matrix=${matrixOf(color)}:`;
  using toRgb = new FrameFilter(
    () => `scale=in_${yuv}in_range=${rangeOf(color)}:out_range=full:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24`,
  );
  using toYuv = new FrameFilter(
    () => `scale=out_${yuv}out_range=${rangeOf(color)}:in_range=full:flags=bicubic+accurate_rnd+full_chroma_inp,format=yuv420p`,
  );
  const double = async (frame: VideoFrame): Promise<VideoFrame> => {
    let current = frame;
    for (let pass = 0; pass < passes; pass += 1) {
      using input = current;
      current = await doubleRgb(input, pool);
    }
    return current;
  };
  const result: VideoFrame[] = [];
  for await (const doubled of mapConcurrent(convert(source, toRgb), 2, double)) {
    const back = await toYuv.apply(doubled);
    const original = source.frames[result.length];
    if (original !== undefined) back.takeProperties(original);
    result.push(back);
  }
  return result;
}

async function* convert({ frames }: Pictures, filter: FrameFilter): AsyncGenerator<VideoFrame> {
  for await (const frame of copyFrames(frames)) yield await filter.apply(frame);
}

async function doubleRgb(input: VideoFrame, pool: TilePool): Promise<VideoFrame> {
  const { width, height } = input;
  const wide = pool.allocate(colors * (width + 2 * border), height);
  drawWithBorder(input.plane(0), wide, width);
  const inner = { width: colors * width, height };
  const tiles = planTiles(inner, tileSide, descriptor.sizeMultiple).map((tile) => ({ ...tile, x: tile.x + colors * border }));
  const doubled = await pool.upscale(wide, tiles);
  const output = VideoFrame.allocate(2 * width, 2 * height, "rgb24");
  const { data, strideBytes } = output.plane(0);
  const samples = Buffer.from(doubled.data);
  for (let row = 0; row < 2 * height; row += 1) {
    const at = row * doubled.width + 2 * colors * border;
    samples.copy(data, row * strideBytes, at, at + 2 * colors * width);
  }
  pool.release(doubled);
  return output;
}

function drawWithBorder({ data, strideBytes, height }: Plane, to: SharedPicture, width: number): void {
  const target = Buffer.from(to.data);
  for (let row = 0; row < height; row += 1) {
    const line = data.subarray(row * strideBytes, row * strideBytes + colors * width);
    const at = row * to.width;
    target.fill(line.subarray(0, colors), at, at + colors * border);
    line.copy(target, at + colors * border);
    target.fill(line.subarray(-colors), at + colors * (border + width), at + to.width);
  }
}

/** The matrix under the name that FFmpeg's `scale` takes. */
function matrixOf({ matrix }: ColorInfo): string {
  return matrix.startsWith("bt2020") ? "bt2020" : matrix;
}

function rangeOf({ range }: ColorInfo): "full" | "limited" {
  return range === "full" ? "full" : "limited";
}
