import { expect, test } from "vitest";
import type { Size } from "../../src/domain/media-info.ts";
import { defaultRequest, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { comparePlanes } from "../../src/engine/measure.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { makePlan, type Plan } from "../../src/engine/plan.ts";
import { Enhancer } from "../../src/engine/stages/enhance.ts";
import { liveFrameCount, type Plane, VideoFrame } from "../../src/media/frame.ts";
import { describePixelFormat } from "../../src/media/pixel-format.ts";
import { Scaler } from "../../src/media/scale.ts";
import { bundledModels } from "../../src/models/registry.ts";
import { planQuestion, videoStream } from "../support/media.ts";

// Pictures drawn from formulas go through the enhancing stage and, beside it, through Lanczos.

type Format = "yuv420p" | "yuv420p10le";
type Paint = (x: number, y: number) => readonly [number, number, number];
type Material = { readonly format: Format; readonly location: string; readonly size: Size };
type Siting = { readonly x: number; readonly y: number };

const left: Material = { format: "yuv420p", location: "left", size: { width: 200, height: 150 } };
const doubled: UpscaleRequest = { ...defaultRequest, tier: "fast", target: { kind: "scale", factor: 2 } };

/** A red shape before grey-blue, its outline at all angles. Units: pixels of the doubled picture, 8-bit codes. */
const redDisc: Paint = (x, y) => (Math.hypot(x - 190, y - 140) < 110 ? [90, 96, 225] : [160, 140, 118]);
const redDiscInEvenLuma: Paint = (x, y) => [120, redDisc(x, y)[1], redDisc(x, y)[2]];

test.each([
  ["8 bit, siting left", left],
  ["10 bit, siting left", { ...left, format: "yuv420p10le" }],
  ["8 bit, siting center", { ...left, location: "center" }],
] as const)("chroma edges that luma shows come out nearer to the truth than by Lanczos: %s", async (_, material) => {
  const { guided, lanczos, truth } = await enhance(redDisc, material);
  using pictures = new DisposableStack();
  for (const frame of [guided, lanczos, truth]) pictures.use(frame);
  const bitDepth = material.format === "yuv420p" ? 8 : 10;
  for (const plane of [1, 2]) {
    const ours = comparePlanes(truth.plane(plane), guided.plane(plane), bitDepth).squaredError;
    const plain = comparePlanes(truth.plane(plane), lanczos.plane(plane), bitDepth).squaredError;
    expect(ours / plain, `plane ${plane}: ${ours} against ${plain}`).toBeLessThan(0.6);
  }
});

test("a chroma edge that luma does not show is Lanczos within one code value", async () => {
  const { guided, lanczos, truth } = await enhance(redDiscInEvenLuma, left);
  using pictures = new DisposableStack();
  for (const frame of [guided, lanczos, truth]) pictures.use(frame);
  for (const plane of [1, 2]) expect(largestDifference(guided.plane(plane), lanczos.plane(plane))).toBeLessThanOrEqual(1);
});

test.each(["yuv420p", "yuv420p10le"] as const)("flat chroma stays exactly what it was: %s", async (format) => {
  const { guided, lanczos, truth } = await enhance(() => [130, 77, 201], { ...left, format });
  using pictures = new DisposableStack();
  for (const frame of [guided, lanczos, truth]) pictures.use(frame);
  for (const plane of [1, 2])
    expect(largestDifference(guided.plane(plane), truth.plane(plane), format === "yuv420p" ? 1 : 2)).toBe(0);
});

test("odd sizes keep every column and row, and the border repeats", async () => {
  const bars: Paint = (x) => (x < 150 ? [60, 90, 200] : [180, 170, 100]);
  const { guided, lanczos, truth } = await enhance(bars, { ...left, size: { width: 163, height: 91 } });
  using pictures = new DisposableStack();
  for (const frame of [guided, lanczos, truth]) pictures.use(frame);
  for (const plane of [1, 2]) {
    const found = guided.plane(plane);
    expect([found.width, found.height]).toEqual([163, 91]);
    for (const row of [0, 45, 90]) {
      const at = row * found.strideBytes + found.width - 1;
      expect(found.data[at]).toBe(truth.plane(plane).data[row * truth.plane(plane).strideBytes + found.width - 1]);
    }
    const plain = comparePlanes(truth.plane(plane), lanczos.plane(plane), 8).squaredError;
    expect(comparePlanes(truth.plane(plane), found, 8).squaredError).toBeLessThan(plain);
  }
});

test("a picture's chroma does not depend on the pictures before it, as cut segments need", async () => {
  const plan = planFor(left, doubled);
  const other: Paint = (x, y) => [(x * 3 + y) % 200, 60 + ((x + y) % 120), 128];
  await using network = await openNetwork(plan, fast(), { provider: "cpu", threads: 2 });
  await using fresh = await openNetwork(plan, fast(), { provider: "cpu", threads: 1 });
  {
    using enhancer = new Enhancer(plan, network.network);
    using alone = new Enhancer(plan, fresh.network);
    for (const before of [other, redDisc, other]) (await enhancer.enhance(draw(before, left, 2)))[Symbol.dispose]();
    using late = await enhancer.enhance(draw(redDisc, left, 2));
    using first = await alone.enhance(draw(redDisc, left, 2));
    for (const plane of [0, 1, 2]) expect(largestDifference(late.plane(plane), first.plane(plane))).toBe(0);
  }
  expect(liveFrameCount()).toBe(0);
});

test("at another ratio the doubled chroma is resampled at the right place", async () => {
  const request: UpscaleRequest = { ...doubled, target: { kind: "scale", factor: 3 } };
  const { guided, lanczos, truth } = await enhance(redDisc, left, request);
  using pictures = new DisposableStack();
  for (const frame of [guided, lanczos, truth]) pictures.use(frame);
  for (const plane of [1, 2]) {
    const ours = comparePlanes(truth.plane(plane), guided.plane(plane), 8).squaredError;
    expect(ours).toBeLessThan(comparePlanes(truth.plane(plane), lanczos.plane(plane), 8).squaredError * 0.8);
  }
});

function fast(): (typeof bundledModels)[number] {
  const model = bundledModels.find(({ tier }) => tier === "fast");
  if (model === undefined) throw new RangeError("there is no fast network");
  return model;
}

function planFor({ format, location, size }: Material, request: UpscaleRequest): Plan {
  const color = { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: location } as const;
  const video = videoStream({ codedSize: size, pixelFormat: describePixelFormat(format), color });
  return makePlan(planQuestion({ video, request, model: fast() }));
}

/** The enhanced picture, the same by Lanczos, and the truth drawn at the output's size. Owns: the caller. */
async function enhance(
  paint: Paint,
  material: Material,
  request = doubled,
): Promise<{ guided: VideoFrame; lanczos: VideoFrame; truth: VideoFrame }> {
  const plan = planFor(material, request);
  expect(plan.chroma.kind).toBe("guided");
  const { outputSize } = plan;
  const unit = (2 * material.size.width) / outputSize.width;
  await using network = await openNetwork(plan, fast(), { provider: "cpu", threads: 2 });
  using enhancer = new Enhancer(plan, network.network);
  const { format, location: chromaLocation, size: from } = material;
  using scaler = new Scaler({ from, to: outputSize, format, chromaLocation, kernel: "lanczos" });
  using source = draw(paint, material, 2);
  const lanczos = VideoFrame.allocate(outputSize.width, outputSize.height, format);
  await scaler.scaleFrame(source, lanczos);
  const truth = draw(paint, { ...material, size: outputSize }, unit);
  return { guided: await enhancer.enhance(draw(paint, material, 2)), lanczos, truth };
}

/** Every sample is the mean of the paint over the area it stands for; `unit` is a pixel's side in the paint's units. */
function draw(paint: Paint, { format, location, size }: Material, unit: number): VideoFrame {
  const frame = VideoFrame.allocate(size.width, size.height, format);
  const siting: Siting = { x: location === "center" ? 1 : 0.5, y: 1 };
  for (const index of [0, 1, 2]) {
    const plane = frame.plane(index);
    const step = index === 0 ? unit : 2 * unit;
    const middle = index === 0 ? { x: unit / 2, y: unit / 2 } : { x: siting.x * unit, y: siting.y * unit };
    for (let row = 0; row < plane.height; row += 1) {
      for (let column = 0; column < plane.width; column += 1) {
        const at = { x: column * step + middle.x, y: row * step + middle.y };
        write(plane, format, { row, column, value: meanOver(paint, index, at, step) });
      }
    }
  }
  return frame;
}

function meanOver(paint: Paint, index: number, at: Siting, side: number): number {
  const parts = 8;
  let sum = 0;
  for (let i = 0; i < parts * parts; i += 1) {
    const x = at.x + (((i % parts) + 0.5) / parts - 0.5) * side;
    const y = at.y + ((Math.floor(i / parts) + 0.5) / parts - 0.5) * side;
    sum += paint(x, y)[index] ?? 0;
  }
  return sum / parts ** 2;
}

function write(plane: Plane, format: Format, { row, column, value }: { row: number; column: number; value: number }): void {
  if (format === "yuv420p") plane.data[row * plane.strideBytes + column] = Math.round(value);
  else plane.data.writeUInt16LE(Math.round(value * 4), row * plane.strideBytes + column * 2);
}

/** Between two planes' bytes; of 10-bit planes only "equal" means something. */
function largestDifference(a: Plane, b: Plane, bytesPerSample = 1): number {
  const rowBytes = a.width * bytesPerSample;
  let largest = 0;
  for (let row = 0; row < a.height; row += 1) {
    for (let at = 0; at < rowBytes; at += 1) {
      const difference = (a.data[row * a.strideBytes + at] ?? 0) - (b.data[row * b.strideBytes + at] ?? 0);
      largest = Math.max(largest, Math.abs(difference));
    }
  }
  return largest;
}
