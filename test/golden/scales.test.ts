import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import type { Assumptions } from "../../src/domain/assumptions.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import type { Size } from "../../src/domain/media-info.ts";
import { BackProjector } from "../../src/engine/stages/back-project.ts";
import { planTiles } from "../../src/engine/tiles.ts";
import { TilePool } from "../../src/inference/tile-pool.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import { locateModel } from "../../src/models/locate.ts";
import { bundledModels } from "../../src/models/registry.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { clipSize, makeClip } from "../support/made-clip.ts";
import { lumaPsnr, madePicture, makeFrame, scenery } from "../support/made-pictures.ts";
import { lumaOf, psnrOf } from "../support/pictures.ts";
import { upscale } from "../support/upscale.ts";

const frameCount = 4;
const filmed = "1-face_sam2_04_coffee.mp4";

/** The filmed clip's first frames at a size. */
function originals(context: TestContext, { width, height }: Size): Promise<readonly Uint8Array[]> {
  return scaled(clip(context, filmed), `scale=${width}:${height}:flags=area,format=yuv420p`);
}

async function scaled(path: string, filters: string): Promise<readonly Uint8Array[]> {
  using filter = new FrameFilter(() => filters);
  async function* through(): AsyncGenerator<VideoFrame> {
    let left = frameCount;
    for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 2 })) {
      if (left === 0) {
        frame[Symbol.dispose]();
        return;
      }
      left -= 1;
      yield await filter.apply(frame);
    }
  }
  return await lumaOf(through());
}

/** A small clip of it, made by filters and an encode. */
async function source(context: TestContext, filters: string, options: Readonly<Record<string, string>>): Promise<string> {
  const path = join(await temporaryFolder(), "small.mp4");
  const from = [{ path: clip(context, filmed), frames: frameCount }];
  await makeClip(path, { from, filters, rate: { num: 25, den: 1 }, options });
  return path;
}

/** Mean dB of luma. */
function meanPsnr(pictures: readonly Uint8Array[], references: readonly Uint8Array[]): number {
  if (pictures.length !== references.length) throw new AppError("internal", "Counts of pictures differ.");
  return pictures.reduce((sum, picture, index) => sum + psnrOf(picture, references[index] ?? picture), 0) / pictures.length;
}

test("a damaged clip that keeps its size is cleaned by the network made for that", async (context) => {
  const path = await source(context, "noise=c0s=8:c0f=t:all_seed=7,unsharp=5:5:0.7", { preset: "veryfast", crf: "26" });
  const references = await originals(context, clipSize);
  const { report, outputPath } = await upscale(path, {
    tier: "standard",
    preset: "ugc",
    target: { kind: "scale", factor: 1 },
    quality: 99,
    assume: { compression: 0.6 },
  });
  expect(report.network).toMatchObject({ id: "ugc-standard-x1", passes: 1 });
  const [before, after] = [await scaled(path, "null"), await scaled(outputPath, "null")];
  expect(meanPsnr(after, references)).toBeGreaterThan(meanPsnr(before, references) + 1);
  expect(liveFrameCount()).toBe(0);
});

test("held to its source, a picture of the same size comes as near as the bound asks and keeps the rest", async () => {
  const { width, height } = madePicture;
  using projector = new BackProjector({ source: { width, height }, output: { width, height }, bitDepth: 8, boundDb: 34 });
  using noisy = makeFrame((x, y) => scenery(0)(x, y) + 14 * Math.sin(x * 12.9 + y * 78.2), 0);
  using cleaned = makeFrame(scenery(0), 0);
  expect(lumaPsnr(noisy, cleaned)).toBeLessThan(30);
  await projector.hold(noisy, cleaned);
  expect(lumaPsnr(noisy, cleaned)).toBeGreaterThan(34);
  expect(lumaPsnr(noisy, cleaned)).toBeLessThan(37);
});

test("three and four times larger: the exact size, nearer to the original than Lanczos", async (context) => {
  const path = await source(context, "null", { preset: "veryfast", crf: "20" });
  for (const [factor, network] of [
    [3, { id: "general-standard-x3", passes: 1 }],
    [4, { id: "general-standard-x4", passes: 1 }],
  ] as const) {
    const size = { width: clipSize.width * factor, height: clipSize.height * factor };
    const target = { kind: "scale", factor } as const;
    const { report, outputPath } = await upscale(path, { tier: "standard", target, quality: 99, assume: { compression: 0.5 } });
    expect(report.network).toMatchObject(network);
    expect(report.output).toMatchObject({ size });
    const references = await originals(context, size);
    const plain = await scaled(path, `scale=${size.width}:${size.height}:flags=lanczos`);
    expect(meanPsnr(await scaled(outputPath, "null"), references)).toBeGreaterThan(meanPsnr(plain, references) + 0.2);
  }
  expect(liveFrameCount()).toBe(0);
});

test("a clip of single pictures with plain blocks is averaged, whatever its bits say, and comes nearer to the original", async (context) => {
  const path = await source(context, "null", { preset: "ultrafast", crf: "36", g: "1" });
  const size = { width: clipSize.width * 2, height: clipSize.height * 2 };
  const references = await originals(context, size);
  const psnr = async (assume: Assumptions): Promise<number> => {
    const target = { kind: "scale", factor: 2 } as const;
    const { report, outputPath } = await upscale(path, { tier: "standard", target, quality: 99, assume });
    const isAveraged = assume.blockiness === undefined;
    expect(report.network).toMatchObject({ id: isAveraged ? "general-standard-x2" : "clean-standard-x2" });
    expect(report.stages.some(({ name }) => name === "temporal_average")).toBe(isAveraged);
    return meanPsnr(await scaled(outputPath, "null"), references);
  };
  expect(await psnr({ compression: 0 })).toBeGreaterThan((await psnr({ compression: 0, blockiness: 0 })) + 0.2);
});

test.each(bundledModels.filter(({ scale }) => scale !== 2).map((model) => [model.id, model] as const))(
  "what %s makes of a picture does not depend on its tiles",
  async (_, descriptor) => {
    const size = { width: 198, height: 117 };
    const whole = await inTiles(descriptor, size, size);
    expect(whole).toHaveLength(size.width * size.height * descriptor.scale ** 2);
    expect(new Set(whole).size).toBeGreaterThan(100);
    expect(Buffer.compare(await inTiles(descriptor, size, { width: 62, height: 40 }), whole)).toBe(0);
  },
);

async function inTiles(descriptor: ModelDescriptor, { width, height }: Size, largest: Size): Promise<Buffer> {
  const modelPath = await locateModel(descriptor, 8);
  await using pool = await TilePool.create({ descriptor, modelPath, provider: "cpu", workers: 2, bitDepth: 8 });
  const picture = pool.allocate(width, height);
  const samples = new Uint8Array(picture.data);
  for (let at = 0; at < samples.length; at += 1) {
    const [x, y] = [at % width, Math.floor(at / width)];
    samples[at] = 120 + 60 * Math.sin(x / 3) * Math.cos(y / 5) + 40 * Math.sin(x * y);
  }
  const { data } = await pool.upscale(picture, planTiles(picture, largest, descriptor.sizeMultiple));
  return Buffer.from(data);
}
