import { expect, test } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import type { ColorInfo } from "../../src/domain/media-info.ts";
import { addModel } from "../../src/engine/add-model.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { Enhancer } from "../../src/engine/stages/enhance.ts";
import { writeColor } from "../../src/media/color.ts";
import { liveFrameCount, VideoFrame } from "../../src/media/frame.ts";
import { temporaryFolder } from "../support/clips.ts";
import { planQuestion, videoStream } from "../support/media.ts";
import { repeatingNetwork } from "../support/made-up-networks.ts";

// A network that repeats pixels and weakens red must be given R'G'B' by the source's own matrix and range, and its answer
// brought back by them: the expected samples are computed from the matrix's constants.

const size = { width: 96, height: 64 };

const tagged = (matrix: string, range: "limited" | "full"): ColorInfo => ({
  range,
  matrix,
  primaries: "bt709",
  transfer: "bt709",
  chromaLocation: "left",
});

test.each([
  ["bt709", "limited"],
  ["bt709", "full"],
  ["smpte170m", "limited"],
  ["bt470bg", "full"],
  ["bt2020nc", "limited"],
] as const)("a network sees and answers R'G'B' by %s, %s range", async (matrix, range) => {
  const color = tagged(matrix, range);
  const onnx = repeatingNetwork(2, { gains: [redGain, 1, 1] });
  const facts = { title: "Made up", licence: "CC0-1.0", source: "made-up.onnx", sourceSha256: "0".repeat(64) };
  const { model } = await addModel({ folder: await temporaryFolder(), id: "made-up", network: { onnx }, threads: 2, ...facts });
  const video = videoStream({ codedSize: size, color });
  const request = { ...defaultRequest, target: { kind: "scale", factor: 2 } } as const;
  const plan = makePlan(planQuestion({ video, request, model: model.descriptor }));
  expect(plan.network).toEqual({ id: "made-up", passes: 1, licence: "CC0-1.0", sha256: model.descriptor.file.sha256 });
  await using network = await openNetwork(plan, model, { provider: "auto", threads: 2 });
  {
    using enhancer = new Enhancer(plan, network.network);
    using output = await enhancer.enhance(colouredFrame(plan.encode.color));
    expect([output.width, output.height, output.formatName, output.pts]).toEqual([192, 128, "yuv420p", 77n]);
    for (const [index, { at, sample }] of patches.entries()) {
      for (const plane of [0, 1, 2]) {
        const { data, strideBytes } = output.plane(plane);
        const [x, y] = plane === 0 ? [at.x * 2 + 8, at.y * 2 + 8] : [at.x + 4, at.y + 4];
        const found = data[y * strideBytes + x] ?? NaN;
        const expected = weakenRed(sample, color)[plane] ?? NaN;
        expect(Math.abs(found - expected), `patch ${index}, plane ${plane}: ${found}`).toBeLessThanOrEqual(1.5);
      }
    }
  }
  expect(liveFrameCount()).toBe(0);
});

const redGain = 0.85;

/** Kr and Kb of ITU-T H.273. */
const constants: Readonly<Record<string, readonly [number, number]>> = {
  bt709: [0.2126, 0.0722],
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  bt2020nc: [0.2627, 0.0593],
};

/** The samples that remain of Y'CbCr when its red is multiplied. */
function weakenRed([y = 0, cb = 0, cr = 0]: readonly number[], { matrix, range }: ColorInfo): readonly number[] {
  const [kr = NaN, kb = NaN] = constants[matrix] ?? [];
  const [offset, lumaSpan, chromaSpan] = range === "full" ? [0, 255, 255] : [16, 219, 224];
  const luma = (y - offset) / lumaSpan;
  const red = luma + (2 * (1 - kr) * (cr - 128)) / chromaSpan;
  const blue = luma + (2 * (1 - kb) * (cb - 128)) / chromaSpan;
  const less = luma - red * (1 - redGain) * kr;
  const chroma = (value: number, k: number): number => 128 + (chromaSpan * (value - less)) / (2 * (1 - k));
  return [offset + lumaSpan * less, chroma(blue, kb), chroma(red * redGain, kr)];
}

/** Flat squares of 16 pixels; the same for every matrix and range, and within R'G'B' in each. */
const patches = [
  [126, 128, 128],
  [90, 118, 140],
  [150, 140, 118],
  [60, 132, 124],
  [200, 124, 130],
  [120, 108, 128],
].map((sample, index) => ({ sample, at: { x: (index % 3) * 32 + 8, y: Math.floor(index / 3) * 32 + 8 } }));

function colouredFrame(color: ColorInfo): VideoFrame {
  const frame = VideoFrame.allocate(size.width, size.height, "yuv420p");
  frame.pts = 77n;
  writeColor(frame.native, color);
  for (const plane of [0, 1, 2]) {
    const { data, strideBytes, width, height } = frame.plane(plane);
    const side = plane === 0 ? 32 : 16;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const patch = patches[Math.floor(y / side) * 3 + Math.floor(x / side)];
        data[y * strideBytes + x] = patch?.sample[plane] ?? 0;
      }
    }
  }
  return frame;
}
