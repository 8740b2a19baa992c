import { join } from "node:path";
import { afterEach, expect, test, type TestContext } from "vitest";
import { defaultRequest, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { comparePlanes, psnr } from "../../src/engine/measure.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { liveFrameCount, VideoFrame } from "../../src/media/frame.ts";
import { Scaler } from "../../src/media/scale.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { gaussianNumbers } from "../support/drawing.ts";
import { compressClip, writeDrawnClip } from "../support/drawn-clip.ts";
import { collect, disposeAll } from "../support/made-pictures.ts";
import { upscale } from "../support/upscale.ts";

const whole = { width: 640, height: 480 };
const half = { width: 320, height: 240 };
const frames = 10;
const twice = { target: { kind: "scale", factor: 2 } } as const satisfies Partial<UpscaleRequest>;

afterEach(() => {
  if (liveFrameCount() !== 0) throw new Error(`${liveFrameCount()} frames are still held`);
});

async function decode(path: string): Promise<VideoFrame[]> {
  return await collect(decodeVideo({ path, streamIndex: 0, threads: 2 }));
}

async function scaled(frame: VideoFrame, from: typeof half, to: typeof half, kernel: "area" | "lanczos"): Promise<VideoFrame> {
  using scaler = new Scaler({ from, to, format: "yuv420p", chromaLocation: "left", kernel });
  const result = VideoFrame.allocate(to.width, to.height, "yuv420p");
  await scaler.scaleFrame(frame, result);
  return result;
}

/** The clip's first pictures, and a lossless file of them at half the size. */
async function halved(context: TestContext, change: (luma: Uint8Array) => Uint8Array) {
  const truth: VideoFrame[] = [];
  for await (const frame of decodeVideo({ path: clip(context, "1-face_intel_asl_book.mkv"), streamIndex: 0, threads: 2 })) {
    if (frame.formatName === "yuvj420p") frame.relabel("yuv420p");
    truth.push(frame);
    if (truth.length === frames) break;
  }
  const drawn: { y: Uint8Array; cb: Uint8Array; cr: Uint8Array }[] = [];
  for (const frame of truth) {
    using small = await scaled(frame, whole, half, "area");
    const [y, cb, cr] = [0, 1, 2].map((index) => packed(small, index));
    if (y !== undefined && cb !== undefined && cr !== undefined) drawn.push({ y: change(y), cb, cr });
  }
  const path = join(await temporaryFolder(), "drawn.avi");
  await writeDrawnClip(path, { size: half, frames, draw: (index) => drawn[index]! });
  return { truth, path };
}

function packed(frame: VideoFrame, index: number): Uint8Array {
  const { data, strideBytes, width, height } = frame.plane(index);
  const result = new Uint8Array(width * height);
  for (let row = 0; row < height; row += 1) result.set(data.subarray(row * strideBytes, row * strideBytes + width), row * width);
  return result;
}

const gaussian = gaussianNumbers(1);

/** A phone's noise, then 1.2 times what a blur over 5x5 takes away. */
function asShared(luma: Uint8Array): Uint8Array {
  const noisy = Float32Array.from(luma, (value) => value + gaussian() * Math.sqrt(2 + value * 0.06));
  const { width, height } = half;
  const weights = [1, 4, 6, 4, 1];
  const blur = (source: Float32Array, step: "x" | "y"): Float32Array =>
    source.map((_, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      return weights.reduce((sum, weight, index) => {
        const column = step === "x" ? Math.min(width - 1, Math.max(0, x + index - 2)) : x;
        const row = step === "y" ? Math.min(height - 1, Math.max(0, y + index - 2)) : y;
        return sum + (weight / 16) * (source[row * width + column] ?? 0);
      }, 0);
    });
  const blurred = blur(blur(noisy, "x"), "y");
  return Uint8Array.from(noisy, (value, at) => Math.max(0, Math.min(255, Math.round(value + 1.2 * (value - blurred[at]!)))));
}

async function encoded(path: string, ...encodes: readonly Readonly<Record<string, string>>[]): Promise<string> {
  let last = path;
  for (const options of encodes) {
    const next = join(await temporaryFolder(), "encoded.mp4");
    await compressClip(last, next, { size: half, codec: "libx264", frames, options });
    last = next;
  }
  return last;
}

function meanPsnr(found: readonly VideoFrame[], truth: readonly VideoFrame[]): number {
  const sum = found.reduce((total, frame, index) => {
    return total + psnr(comparePlanes(frame.plane(0), truth[index]!.plane(0), 8).squaredError);
  }, 0);
  return sum / truth.length;
}

test("a sharpened and compressed source comes out better than by general's weights and by Lanczos, unasked", async (context) => {
  const { truth, path } = await halved(context, asShared);
  const input = await encoded(path, { preset: "veryfast", crf: "28" }, { preset: "medium", crf: "32" });
  const chosen = await upscale(input, twice);
  expect(chosen.report.network?.id).toBe("ugc-fast-x2");
  const general = await upscale(input, { ...twice, assume: { halos: 0, shared: 0 } });
  expect(general.report.network?.id).toBe("general-fast-x2");
  const source = await decode(input);
  const enlarged = await Promise.all(source.map((frame) => scaled(frame, half, whole, "lanczos")));
  const [fitting, plain] = [await decode(chosen.outputPath), await decode(general.outputPath)];
  expect(meanPsnr(fitting, truth)).toBeGreaterThan(meanPsnr(enlarged, truth) + 0.5);
  expect(meanPsnr(fitting, truth)).toBeGreaterThan(meanPsnr(plain, truth) + 1);
  disposeAll([...truth, ...source, ...enlarged, ...fitting, ...plain]);
});

test("a network takes a noisy, sharpened and twice encoded source for shared, whatever its edges say, and a compressed one not", async (context) => {
  const request = { ...defaultRequest, ...twice, assume: { halos: 0, grain: 0, compression: 0.4 } };
  const shared = await halved(context, asShared);
  const twiceEncoded = await encoded(shared.path, { preset: "veryfast", crf: "26" }, { preset: "medium", crf: "29" });
  const found = await inspect(twiceEncoded, request, 1);
  expect(found.plan.diagnosis.shared).toBeGreaterThan(0.6);
  expect(found.model.id).toBe("ugc-standard-x2");
  const plain = await halved(context, (luma) => luma);
  const once = await inspect(await encoded(plain.path, { preset: "medium", crf: "28" }), request, 1);
  expect(once.plan.diagnosis.shared).toBeLessThan(0.3);
  expect(once.model.id).toBe("general-standard-x2");
  disposeAll([...shared.truth, ...plain.truth]);
});

test("a source that was compressed only keeps general's weights, or takes those for video that hardly was", async (context) => {
  const { truth, path } = await halved(context, (luma) => luma);
  disposeAll(truth);
  for (const [crf, id] of [
    ["18", "clean-standard-x2"],
    ["32", "general-standard-x2"],
  ] as const) {
    const { model, plan } = await inspect(await encoded(path, { preset: "medium", crf }), { ...defaultRequest, ...twice }, 1);
    expect(model.id).toBe(id);
    expect(plan.diagnosis.halos).toBeLessThan(0.04);
  }
});
