import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { InstalledModel } from "../../src/domain/model-descriptor.ts";
import { addModel } from "../../src/engine/add-model.ts";
import { TilePool } from "../../src/inference/tile-pool.ts";
import { planTiles } from "../../src/engine/tiles.ts";
import { convertNcnn } from "../../src/models/convert-ncnn.ts";
import { checkInstalled, findInstalled, listInstalled, removeInstalled } from "../../src/models/installed.ts";
import { encodeOnnx } from "../../src/models/onnx-writer.ts";
import { temporaryFolder } from "../support/clips.ts";
import {
  float32Bytes,
  repeatingNetwork,
  residualNcnn,
  runResidual,
  type Samples,
  someNumbers,
  taggedWeights,
} from "../support/made-up-networks.ts";

type Network = { readonly onnx: Buffer } | { readonly param: string; readonly bin: Buffer };

async function add(network: Network, more: { folder?: string; scale?: number; id?: string } = {}) {
  const { folder = await temporaryFolder(), id = "made-up", scale } = more;
  const facts = { title: "Made up", licence: "CC0-1.0", source: "made-up.onnx", sourceSha256: "0".repeat(64) };
  return { folder, ...(await addModel({ folder, id, network, threads: 2, ...facts, ...(scale !== undefined && { scale }) })) };
}

async function runOnnx(onnx: Buffer, { data, width, height }: Samples, channels = 3): Promise<Samples> {
  const session = await InferenceSession.create(onnx, { executionProviders: ["cpu"] });
  const [input = "", output = ""] = [session.inputNames[0], session.outputNames[0]];
  const found = (await session.run({ [input]: new Tensor("float32", data, [1, channels, height, width]) }))[output];
  if (found === undefined) throw new Error("no output");
  return { data: found.data as Float32Array, width: found.dims[3] ?? 0, height: found.dims[2] ?? 0 };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - (b[index] ?? NaN))), 0);
}

const picture: Samples = { data: someNumbers(3 * 20 * 12, 9, 0.5).map((value) => value + 0.5), width: 20, height: 12 };

describe("a network is examined when it is added", () => {
  test.each([1, 2, 3, 4])("scale %i is measured", async (factor) => {
    const { model, findings, folder } = await add({ onnx: repeatingNetwork(factor) });
    expect(model.descriptor).toMatchObject({
      kind: "rgb",
      scale: factor,
      peak: 1,
      haloPixels: 8,
      removedPixels: 0,
      parameters: 9 * factor ** 2,
    });
    expect(findings.psnr).toBeGreaterThan(60);
    expect(await listInstalled(folder)).toEqual([model]);
    expect((await readFile(model.path)).equals(repeatingNetwork(factor))).toBe(true);
  });

  test("a network of fixed size gets tiles that fit it", async () => {
    const { model } = await add({ onnx: repeatingNetwork(2, { side: 64 }) });
    expect(model.descriptor).toMatchObject({ haloPixels: 8, tilePixels: 48, sizeMultiple: 48 });
  });

  test("one that wants samples to 255 is told apart", async () => {
    const clipped = encodeOnnx({
      nodes: [
        { type: "Clip", inputs: ["picture", "", "most"], outputs: ["limited"] },
        { type: "Sub", inputs: ["limited", "half"], outputs: ["lower"] },
        { type: "Relu", inputs: ["lower"], outputs: ["larger"] },
      ],
      tensors: [
        { name: "most", dims: [], data: Float32Array.of(255) },
        { name: "half", dims: [], data: Float32Array.of(0.5) },
      ],
      input: "picture",
      output: "larger",
    });
    expect((await add({ onnx: clipped })).model.descriptor).toMatchObject({ scale: 1, peak: 255 });
  });

  test("what lies around a tile is measured", async () => {
    const kernel = new Float32Array(9 * 41);
    for (let plane = 0; plane < 3; plane += 1) {
      kernel.fill(0.3 / 41, plane * 4 * 41, plane * 4 * 41 + 41);
      kernel[plane * 4 * 41 + 20] = 0.7;
    }
    const blur = encodeOnnx({
      nodes: [
        {
          type: "Conv",
          inputs: ["picture", "kernel"],
          outputs: ["larger"],
          attributes: { kernel_shape: { ints: [1, 41] }, pads: { ints: [0, 20, 0, 20] } },
        },
      ],
      tensors: [{ name: "kernel", dims: [3, 3, 1, 41], data: kernel }],
      input: "picture",
      output: "larger",
    });
    expect((await add({ onnx: blur })).model.descriptor).toMatchObject({ haloPixels: 24 });
  });

  test("a border that the network does not return is measured", async () => {
    const cut = encodeOnnx({
      nodes: [{ type: "Slice", inputs: ["picture", "starts", "ends", "axes"], outputs: ["larger"] }],
      tensors: [
        { name: "starts", dims: [2], data: BigInt64Array.of(7n, 7n) },
        { name: "ends", dims: [2], data: BigInt64Array.of(-7n, -7n) },
        { name: "axes", dims: [2], data: BigInt64Array.of(2n, 3n) },
      ],
      input: "picture",
      output: "larger",
    });
    expect((await add({ onnx: cut })).model.descriptor).toMatchObject({ scale: 1, haloPixels: 8, removedPixels: 7 });
  });
});

describe("what cannot be used is refused and leaves nothing", () => {
  const constant = (value: number): Buffer => repeatingNetwork(2, { gains: [value, value, value] });
  test.each<[string, () => Network, RegExp]>([
    ["no ONNX at all", () => ({ onnx: Buffer.from("<html>not found</html>") }), /not an ONNX network/],
    ["an empty file", () => ({ onnx: Buffer.alloc(0) }), /not an ONNX network/],
    ["a truncated file", () => ({ onnx: repeatingNetwork(2).subarray(0, 200) }), /not an ONNX network/],
    ["weights that are no numbers", () => ({ onnx: constant(NaN) }), /no numbers/],
    ["another picture", () => ({ onnx: constant(0.1) }), /another one: [\d.]+ dB/],
    ["a fixed size that is too small", () => ({ onnx: repeatingNetwork(2, { side: 8 }) }), /fixed size 8x8/],
    ["a scale of 9", () => ({ onnx: repeatingNetwork(9) }), /no whole scale/],
    ["an operation that does not exist", () => ({ onnx: unknownOperation() }), /cannot be opened/],
    ["weights in another file", () => ({ onnx: externalWeights() }), /another file/],
    ["sizes that are impossible", () => ({ onnx: impossibleSizes() }), /not an ONNX network|cannot be opened/],
    ["an ncnn network cut short", () => ({ ...residualNcnn(), bin: residualNcnn().bin.subarray(0, 300) }), /ends within layer/],
  ])("%s", async (_what, network, message) => {
    const folder = await temporaryFolder();
    const failure = expect.objectContaining({ code: "model_invalid", message: expect.stringMatching(message) });
    await expect(add(network(), { folder })).rejects.toThrow(failure);
    expect(await readdir(folder)).toEqual([]);
  });

  test("another scale than announced", async () => {
    const folder = await temporaryFolder();
    await expect(add({ onnx: repeatingNetwork(2) }, { folder, scale: 4 })).rejects.toThrow(/2 times larger, not 4 times/);
    expect(await readdir(folder)).toEqual([]);
  });

  test("a name that is taken", async () => {
    const { folder } = await add({ onnx: repeatingNetwork(2) });
    await expect(add({ onnx: repeatingNetwork(2) }, { folder })).rejects.toThrow(/added already/);
    await expect(add({ onnx: repeatingNetwork(2) }, { folder, id: "general-fast-x2" })).rejects.toThrow(/own networks/);
    expect(await readdir(folder)).toEqual(["made-up"]);
  });
});

describe("added networks lie in a folder", () => {
  test("found by name, removed by name, unknown ones named with those that are there", async () => {
    const { folder, model } = await add({ onnx: repeatingNetwork(2) });
    expect(await findInstalled(folder, "made-up")).toEqual(model);
    await expect(findInstalled(folder, "../made-up")).rejects.toThrow(/added are made-up/);
    await expect(findInstalled(folder, "general-fast-x2")).rejects.toThrow(/--tier/);
    await removeInstalled(folder, "made-up");
    await expect(removeInstalled(folder, "made-up")).rejects.toThrow(/none has been added yet/);
    expect(await readdir(folder)).toEqual([]);
  });

  test("a file that was altered is not used", async () => {
    const { model } = await add({ onnx: repeatingNetwork(2) });
    await checkInstalled(model);
    await writeFile(model.path, repeatingNetwork(2, { extra: 1 }));
    await expect(checkInstalled(model)).rejects.toThrow(expect.objectContaining({ code: "model_invalid" }));
  });

  test("a damaged descriptor is named", async () => {
    const { folder } = await add({ onnx: repeatingNetwork(2) });
    await writeFile(join(folder, "made-up", "model.json"), "{}");
    await expect(listInstalled(folder)).rejects.toThrow(/descriptor of made-up/);
  });
});

describe("ncnn networks become ONNX", () => {
  test("two convolutions, activations, float16 weights, shuffle and sum", async () => {
    const { param, bin, weights } = residualNcnn();
    const found = await runOnnx(convertNcnn(param, bin), picture);
    const expected = runResidual(picture, weights);
    expect([found.width, found.height]).toEqual([40, 24]);
    expect(largestDifference(found.data, expected.data)).toBeLessThan(1e-5);
  });

  const layers = (lines: readonly string[]): string =>
    ["7767517", `${lines.length + 1} 9`, "Input in 0 1 data", ...lines].join("\n");
  const at = ({ data, width, height }: Samples, plane: number, y: number, x: number): number =>
    data[(plane * height + y) * width + x] ?? NaN;

  test.each<[string, readonly string[], Buffer[], (p: number, y: number, x: number) => number]>([
    ["BinaryOp with a number", ["BinaryOp m 1 1 data out 0=2 1=1 2=2.5e-1"], [], (p, y, x) => at(picture, p, y, x) * 0.25],
    [
      "Eltwise with factors",
      ["Split s 1 2 data a b", "Eltwise e 2 1 a b out 0=1 -23301=2,2.0e-01,1.0e+00"],
      [],
      (p, y, x) => at(picture, p, y, x) * 1.2,
    ],
    [
      "Padding by repeating",
      ["Padding q 1 1 data out 0=2 1=0 2=3 3=0 4=1"],
      [],
      (p, y, x) => at(picture, p, Math.max(0, y - 2), Math.max(0, x - 3)),
    ],
    [
      "Crop by offsets",
      ["Crop c 1 1 data out 0=3 1=2 3=-233 4=-233 5=-233 6=1 7=1"],
      [],
      (p, y, x) => at(picture, p, y + 2, x + 3),
    ],
    [
      "Crop by lists",
      ["Crop c 1 1 data out -23309=2,4,5 -23310=2,-4,-5 -23311=2,1,2"],
      [],
      (p, y, x) => at(picture, p, y + 4, x + 5),
    ],
    [
      "ReLU with a slope",
      ["BinaryOp m 1 1 data a 0=1 1=1 2=5.0e-1", "ReLU r 1 1 a out 0=1.0e-1"],
      [],
      (p, y, x) => leaky(at(picture, p, y, x) - 0.5),
    ],
    [
      "Deconvolution",
      ["Deconvolution d 1 1 data out 0=3 1=2 3=2 5=0 6=36"],
      [taggedWeights(diagonal(), "float32")],
      (p, y, x) => at(picture, (p + 1) % 3, y >> 1, x >> 1) * (1 + (y % 2) * 2 + (x % 2)),
    ],
    [
      "Concat and a 1×1 convolution",
      ["Split s 1 2 data a b", "Concat c 2 1 a b d 0=0", "Convolution w 1 1 d out 0=3 1=1 5=1 6=18"],
      [
        taggedWeights(
          Float32Array.from({ length: 18 }, (_, i) => (i % 6 === Math.floor(i / 6) + 3 ? 1 : 0)),
          "float16",
        ),
        float32Bytes([1, 2, 3]),
      ],
      (p, y, x) => at(picture, p, y, x) + p + 1,
    ],
  ])("%s", async (_what, lines, weights, expected) => {
    const found = await runOnnx(convertNcnn(layers(lines), Buffer.concat(weights)), picture);
    for (let plane = 0; plane < 3; plane += 1) {
      for (const y of [0, 1, 2, found.height - 1]) {
        for (const x of [0, 1, 3, 6, found.width - 1]) expect(at(found, plane, y, x)).toBeCloseTo(expected(plane, y, x), 4);
      }
    }
  });

  test("bilinear doubling keeps a flat picture flat and its size right", async () => {
    const found = await runOnnx(convertNcnn(layers(["Interp i 1 1 data out 0=2 1=2 2=2"]), Buffer.alloc(0)), {
      ...picture,
      data: picture.data.map(() => 0.25),
    });
    expect([found.width, found.height]).toEqual([40, 24]);
    expect(found.data.every((value) => Math.abs(value - 0.25) < 1e-6)).toBe(true);
  });
});

describe("tiles of an added network", () => {
  test("give what the whole picture gives, in every plane, for an odd size", async () => {
    const { param, bin, weights } = residualNcnn();
    const { model } = await add({ param, bin });
    const [width, height] = [157, 91];
    const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => 128 + 100 * Math.sin(i * 0.013));
    const found = await upscaled(model, bytes, { width, height });
    const whole = runResidual({ data: Float32Array.from(bytes, (value) => value / 255), width, height }, weights);
    const expected = whole.data.map((value) => Math.min(255, Math.max(0, Math.round(value * 255))));
    let most = 0;
    for (let plane = 0; plane < 3; plane += 1) {
      // the border differs: tiles repeat the edge where the network alone sees zeros
      for (let y = 8; y < height * 2 - 8; y += 1) {
        for (let x = 8; x < width * 2 - 8; x += 1) {
          const index = (plane * height * 2 + y) * width * 2 + x;
          most = Math.max(most, Math.abs((found[index] ?? NaN) - (expected[index] ?? NaN)));
        }
      }
    }
    expect(most).toBeLessThanOrEqual(1);
  });

  test("are cut right for a fixed size", async () => {
    const { model } = await add({ onnx: repeatingNetwork(3, { side: 64 }) });
    const [width, height] = [101, 50];
    const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 251);
    const found = await upscaled(model, bytes, { width, height });
    const expected = Uint8Array.from({ length: bytes.length * 9 }, (_, i) => {
      const [plane, y, x] = [Math.floor(i / (width * height * 9)), Math.floor(i / (width * 3)) % (height * 3), i % (width * 3)];
      return bytes[(plane * height + Math.floor(y / 3)) * width + Math.floor(x / 3)] ?? 0;
    });
    expect(Buffer.from(found).equals(Buffer.from(expected))).toBe(true);
  });
});

async function upscaled(model: InstalledModel, bytes: Uint8Array, size: { width: number; height: number }): Promise<Uint8Array> {
  const { descriptor, path } = model;
  await using pool = await TilePool.create({
    descriptor,
    modelPath: path,
    provider: "cpu",
    workers: 1,
    threadsPerWorker: 2,
    bitDepth: 8,
  });
  const input = pool.allocate(size.width, size.height);
  new Uint8Array(input.data).set(bytes);
  const side = { width: descriptor.tilePixels, height: descriptor.tilePixels };
  const output = await pool.upscale(input, planTiles(size, side, descriptor.sizeMultiple));
  return new Uint8Array(output.data);
}

function leaky(value: number): number {
  return value < 0 ? value * 0.1 : value;
}

/** Output plane p takes input plane p + 1, its four pixels times 1, 2, 3 and 4. */
function diagonal(): Float32Array {
  return Float32Array.from({ length: 36 }, (_, i) => (Math.floor(i / 4) % 3 === (Math.floor(i / 12) + 1) % 3 ? (i % 4) + 1 : 0));
}

function unknownOperation(): Buffer {
  return encodeOnnx({
    nodes: [{ type: "NoSuchThing", inputs: ["picture"], outputs: ["larger"] }],
    tensors: [],
    input: "picture",
    output: "larger",
  });
}

/** A tensor that says that its data lie elsewhere. */
function externalWeights(): Buffer {
  const bytes = encodeOnnx({
    nodes: [{ type: "Add", inputs: ["picture", "w"], outputs: ["larger"] }],
    tensors: [{ name: "w", dims: [1], data: Float32Array.of(0) }],
    input: "picture",
    output: "larger",
  });
  // raw_data (field 9, 4 bytes) becomes external_data (field 13) of the same length
  const at = bytes.indexOf(Buffer.from([0x4a, 0x04, 0, 0, 0, 0]));
  const changed = Buffer.from(bytes);
  changed[at] = 0x6a;
  return changed;
}

function impossibleSizes(): Buffer {
  const dims = [2 ** 40, 2 ** 40, 2 ** 40];
  return encodeOnnx({
    nodes: [{ type: "Add", inputs: ["picture", "w"], outputs: ["larger"] }],
    tensors: [{ name: "w", dims, data: Float32Array.of(0) }],
    input: "picture",
    output: "larger",
  });
}
