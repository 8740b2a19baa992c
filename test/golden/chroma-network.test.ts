import { expect, test } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { openNetwork, type OpenNetwork } from "../../src/engine/network.ts";
import { makePlan, type Plan } from "../../src/engine/plan.ts";
import { Enhancer } from "../../src/engine/stages/enhance.ts";
import type { LumaNetwork } from "../../src/engine/stages/enhance-luma.ts";
import { planTiles } from "../../src/engine/tiles.ts";
import { TilePool } from "../../src/inference/tile-pool.ts";
import { liveFrameCount, type Plane, VideoFrame } from "../../src/media/frame.ts";
import { describePixelFormat } from "../../src/media/pixel-format.ts";
import { chromaModel } from "../../src/models/chroma.ts";
import { locateModel } from "../../src/models/locate.ts";
import { selectModel } from "../../src/models/registry.ts";
import { noiseSource } from "../support/made-pictures.ts";
import { planQuestion, videoStream } from "../support/media.ts";

type Case = {
  readonly siting: "left" | "center";
  readonly pixelFormat: "yuv420p" | "yuv420p10le";
  readonly width: number;
  readonly height: number;
  readonly factor: number;
};

const model = selectModel("standard", "general");

function planFor({ siting, pixelFormat, width, height, factor }: Case): Plan {
  const color = { ...videoStream().color, chromaLocation: siting };
  const video = videoStream({ codedSize: { width, height }, pixelFormat: describePixelFormat(pixelFormat), color });
  const request = { ...defaultRequest, target: { kind: "scale", factor } } as const;
  return makePlan(planQuestion({ video, request, model }));
}

/** A colour that changes smoothly with the place; in 8-bit code values, the place in shares of the picture. */
const colors = [
  (x: number, y: number): number => 128 + 50 * Math.sin(9 * x + 2 * y),
  (x: number, y: number): number => 128 + 50 * Math.cos(3 * x - 8 * y),
];

/** The colour where chroma sample (column, row) of a picture of that size lies. */
function colorAt(index: number, column: number, row: number, { siting, width, height }: Case): number {
  const x = (2 * column + (siting === "left" ? 0.5 : 1)) / width;
  return colors[index - 1]?.(x, (2 * row + 1) / height) ?? 0;
}

function drawn(picture: Case): VideoFrame {
  const { width, height, pixelFormat } = picture;
  const frame = VideoFrame.allocate(width, height, pixelFormat);
  const bytes = pixelFormat === "yuv420p" ? 1 : 2;
  for (const index of [0, 1, 2]) {
    const { data, strideBytes, ...size } = frame.plane(index);
    for (let y = 0; y < size.height; y += 1) {
      for (let x = 0; x < size.width; x += 1) {
        const value = index === 0 ? 60 + 100 * (x / width) : colorAt(index, x, y, picture);
        data.writeUIntLE(Math.round(value * (bytes === 2 ? 4 : 1)), y * strideBytes + x * bytes, bytes);
      }
    }
  }
  return frame;
}

/** How far the enlarged chroma is from the colour at its samples' places, away from the border; mean, 8-bit code values. */
function meanError(output: VideoFrame, picture: Case): number {
  const bytes = picture.pixelFormat === "yuv420p" ? 1 : 2;
  const large = { ...picture, width: output.width, height: output.height };
  const margin = 12;
  let [sum, count] = [0, 0];
  for (const index of [1, 2]) {
    const { data, strideBytes, width, height } = output.plane(index);
    for (let y = margin; y < height - margin; y += 1) {
      for (let x = margin; x < width - margin; x += 1) {
        const found = data.readUIntLE(y * strideBytes + x * bytes, bytes) / (bytes === 2 ? 4 : 1);
        sum += Math.abs(found - colorAt(index, x, y, large));
        count += 1;
      }
    }
  }
  return sum / count;
}

function samplesOf({ data, strideBytes, width, height }: Plane, { pixelFormat }: Pick<Case, "pixelFormat">): Buffer {
  const rowBytes = width * (pixelFormat === "yuv420p" ? 1 : 2);
  return Buffer.concat(Array.from({ length: height }, (_, y) => data.subarray(y * strideBytes, y * strideBytes + rowBytes)));
}

async function openFor(plan: Plan): Promise<OpenNetwork & { readonly network: LumaNetwork }> {
  const opened = await openNetwork(plan, model, { provider: "cpu", threads: 1 });
  if (opened.network?.kind !== "luma" || opened.network.chroma === undefined) throw new Error("a chroma network was planned");
  return { ...opened, network: opened.network };
}

async function enhanced(picture: Case, network: LumaNetwork): Promise<VideoFrame> {
  using enhancer = new Enhancer(planFor(picture), { kind: "luma", ...network });
  return await enhancer.enhance(drawn(picture));
}

test.each<{ kind: Pick<Case, "siting" | "pixelFormat">; sizes: readonly Omit<Case, "siting" | "pixelFormat">[] }>([
  {
    kind: { siting: "left", pixelFormat: "yuv420p" },
    sizes: [
      { width: 96, height: 64, factor: 2 },
      { width: 99, height: 67, factor: 1.5 },
      { width: 96, height: 64, factor: 4 },
    ],
  },
  {
    kind: { siting: "center", pixelFormat: "yuv420p10le" },
    sizes: [
      { width: 99, height: 67, factor: 2 },
      { width: 96, height: 64, factor: 1.5 },
    ],
  },
])("colour stays where it is, and luma what it is: $kind.siting, $kind.pixelFormat", async ({ kind, sizes }) => {
  const plans = sizes.map((size) => planFor({ ...kind, ...size }));
  const [first] = plans;
  if (first === undefined) throw new RangeError("no size");
  for (const { network } of plans) expect(network).toMatchObject({ chromaId: `chroma-${kind.siting}-x2` });
  await using opened = await openFor(first);
  expect(opened.chromaSha256).toMatch(/^[0-9a-f]{64}$/);
  for (const size of sizes) {
    const picture = { ...kind, ...size };
    using output = await enhanced(picture, opened.network);
    const elsewhere = { ...picture, siting: kind.siting === "left" ? "center" : "left" } as const;
    expect(meanError(output, picture)).toBeLessThan(0.6);
    expect(meanError(output, elsewhere)).toBeGreaterThan(meanError(output, picture));
    const { chroma: _chroma, ...alone } = opened.network;
    using plain = await enhanced(picture, alone);
    expect(samplesOf(output.plane(0), kind)).toEqual(samplesOf(plain.plane(0), kind));
  }
  expect(liveFrameCount()).toBe(0);
});

test.each([
  { siting: "left", bitDepth: 8 },
  { siting: "center", bitDepth: 10 },
])(
  "the result does not depend on the tiling, and plain chroma stays as it is: $siting, $bitDepth bits",
  async ({ siting, bitDepth }) => {
    const descriptor = chromaModel(siting);
    if (descriptor === undefined) throw new Error(`no network for ${siting}`);
    const modelPath = await locateModel(descriptor, bitDepth);
    await using pool = await TilePool.create({ descriptor, modelPath, provider: "cpu", workers: 2, bitDepth });
    const [width, height] = [61, 47];
    const upscaled = async (side: number): Promise<Buffer> => {
      const picture = pool.allocate(width, height);
      const noise = noiseSource(5);
      const samples = bitDepth === 8 ? new Uint8Array(picture.data) : new Uint16Array(picture.data);
      for (let i = 0; i < samples.length; i += 1) samples[i] = Math.round((0.5 + 0.1 * noise()) * 2 ** bitDepth);
      for (const plane of [4, 5])
        samples.fill(2 ** (bitDepth - 1) + plane, plane * width * height, (plane + 0.5) * width * height);
      const size = { width: side, height: side };
      const result = await pool.upscale(picture, planTiles(picture, size, descriptor.sizeMultiple));
      expect(result).toMatchObject({ width: 2 * width, height: 2 * height });
      const copy = Buffer.from(Buffer.from(result.data));
      pool.release(result);
      return copy;
    };
    const whole = await upscaled(64);
    expect(whole).toHaveLength(2 * 4 * width * height * (bitDepth === 8 ? 1 : 2));
    expect(await upscaled(16)).toEqual(whole);
    expect(await upscaled(29)).toEqual(whole);
    const grey = bitDepth === 8 ? new Uint8Array(whole) : new Uint16Array(whole.buffer, whole.byteOffset, whole.length / 2);
    const plain = 2 * width * (2 * Math.floor(height / 2) - 8); // without the rows that see coloured ones
    for (const plane of [4, 5]) {
      const from = (plane - 4) * 4 * width * height;
      expect(new Set(grey.subarray(from, from + plain))).toEqual(new Set([2 ** (bitDepth - 1) + plane]));
    }
  },
);

test("a chroma network that was stopped refuses its tiles, and nothing leaks", async () => {
  const picture: Case = { siting: "left", pixelFormat: "yuv420p", width: 96, height: 64, factor: 2 };
  await using opened = await openFor(planFor(picture));
  opened.network.chroma?.pool.stop();
  await expect(enhanced(picture, opened.network)).rejects.toMatchObject({ code: "internal" });
  expect(liveFrameCount()).toBe(0);
});
