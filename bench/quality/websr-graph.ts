import { z } from "zod";
import { encodeOnnx, type OnnxConstant, type OnnxNode } from "./onnx.ts";

const Layer = z.object({ weights: z.array(z.number()).default([]), bias: z.array(z.number()).default([]) });

/** A weights file of `cnn-2x-l` in the npm package `@websr/websr`. */
export const WebsrWeights = z.object({ name: z.literal("anime4k/cnn-2x-l"), layers: z.record(z.string(), Layer) });
export type WebsrWeights = z.infer<typeof WebsrWeights>;

/** Pixels on each side that seven 3x3 convolutions read beyond what they return. */
export const websrMargin = 7;
const colors = 3;
const depth = 7;
const features = 8;
const doubled = 2 * features; // each layer is followed by relu(x) beside relu(-x)
const blockSamples = 4; // 2x2 output samples for each input sample
const outputs = colors * blockSamples;
const paddedOutputs = 16; // ONNX Runtime's fast convolutions take outputs by 16

/** The network as one ONNX graph for interleaved RGB in a plane three times as wide as the picture.
 *  Shape: uint8 [1, 1, H + 6 · 7, 3 · (W + 2 · 7)] to uint8 [1, 1, 2 · H, 3 · 2 · W]; the margin is `3 · 7` samples on every
 *  side, as a plane's halo is, of which only 7 rows are used.
 *  Source: the shaders of `@websr/websr` 0.0.15, `src/networks/anime4k/cnn-2x-l.ts` and `src/layers/anime4k/`. */
export function websrGraph(weights: WebsrWeights): Buffer {
  const nodes: OnnxNode[] = [];
  const constants: OnnxConstant[] = [];
  const add = (operator: string, inputs: readonly string[], output: string, attributes?: OnnxNode["attributes"]): string => {
    nodes.push({ operator, inputs, output, ...(attributes !== undefined && { attributes }) });
    return output;
  };
  const floats = (name: string, shape: readonly number[], values: Float32Array): string => {
    constants.push({ name, shape, values });
    return name;
  };
  const integers = (name: string, values: readonly number[]): string => {
    constants.push({ name, shape: [values.length], values: BigInt64Array.from(values.map(BigInt)) });
    return name;
  };
  const crop = (source: string, pixels: number, axes: string, output: string): string => {
    const start = integers(`${output}_start`, axes === "rows" ? [pixels] : [pixels, pixels]);
    const end = integers(`${output}_end`, axes === "rows" ? [-pixels] : [-pixels, -pixels]);
    return add("Slice", [source, start, end, axes], output);
  };
  integers("rows", [2]);
  integers("rows_and_columns", [2, 3]);

  const rows = crop("luma", (colors - 1) * websrMargin, "rows", "used_rows");
  const lines = add("Squeeze", [rows, integers("first_axis", [1])], "lines");
  const pixels = add("Reshape", [lines, integers("by_pixel", [0, 0, -1, colors])], "pixels");
  const codes = add("Transpose", [pixels], "codes", { perm: [0, 3, 1, 2] });
  const rgb = add("Cast", [codes], "rgb", { to: 1 });

  const towers: string[] = [];
  let source = rgb;
  for (let index = 0; index < depth; index += 1) {
    const name = index === 0 ? "conv2d" : `conv2d_${index}`;
    const from = index === 0 ? colors : doubled;
    const scale = index === 0 ? 1 / 255 : 1; // the first layer reads code values
    const kernel = floats(`${name}_kernel`, [doubled, from, 3, 3], withOpposite(spatialKernel(weights, name, from, scale)));
    const bias = floats(`${name}_bias`, [doubled], withOpposite(biasOf(weights, [`${name}_tf`, `${name}_tf1`], 1)));
    source = add("Relu", [add("Conv", [source, kernel, bias], name, { kernel_shape: [3, 3] })], `${name}_both`);
    const left = websrMargin - 1 - index;
    towers.push(left === 0 ? source : crop(source, left, "rows_and_columns", `${name}_centre`));
  }
  const lastKernel = floats("last_kernel", [paddedOutputs, depth * doubled, 1, 1], lastKernelOf(weights));
  const lastBias = floats("last_bias", [paddedOutputs], padded(biasOf(weights, lastLayers, 255, 0.5), paddedOutputs));
  const last = add("Conv", [add("Concat", towers, "all", { axis: 1 }), lastKernel, lastBias], "last", { kernel_shape: [1, 1] });
  const used = [integers("no_output", [0]), integers("used_outputs", [outputs]), integers("outputs_axis", [1])];
  const detail = add("Slice", [last, ...used], "detail");
  const base = crop(rgb, websrMargin - 1, "rows_and_columns", "base");
  const linearKernel = floats("linear_kernel", [outputs, 1, 3, 3], linearKernelOf());
  const linear = add("Conv", [base, linearKernel], "linear", { kernel_shape: [3, 3], group: colors });
  const sum = add("Add", [detail, linear], "sum");
  const limits = [floats("lowest", [], Float32Array.of(0)), floats("highest", [], Float32Array.of(255))];
  const clipped = add("Clip", [sum, ...limits], "clipped");
  const picture = add("DepthToSpace", [clipped], "picture", { blocksize: 2, mode: "CRD" });
  const samples = add("Transpose", [add("Cast", [picture], "rounded", { to: 2 })], "samples", { perm: [0, 2, 3, 1] });
  const wide = add("Reshape", [samples, integers("by_line", [0, 0, -1])], "wide");
  add("Unsqueeze", [wide, "first_axis"], "upscaled");
  return encodeOnnx({ name: "websr-cnn-2x-l", input: "luma", output: "upscaled", nodes, constants });
}

const lastLayers = ["conv2d_last_tf", "conv2d_last_tf1", "conv2d_last_tf2"] as const;

function layerOf(weights: WebsrWeights, name: string, count: number): readonly number[] {
  const found = weights.layers[name]?.weights ?? [];
  if (found.length !== count) throw new RangeError(`${name} has ${found.length} weights, not ${count}`);
  return found;
}

/** Two layers of four outputs become one of eight. The file holds 4x4 matrices, a column for each input, first for all places
 *  (column by column of the window), then for the next four inputs. Shape: [8, `inputs`, 3, 3]. */
function spatialKernel(weights: WebsrWeights, name: string, inputs: number, scale: number): Float32Array {
  const groups = Math.ceil(inputs / 4);
  const result = new Float32Array(features * inputs * 9);
  for (const [half, suffix] of ["_tf", "_tf1"].entries()) {
    const values = layerOf(weights, `${name}${suffix}`, groups * 9 * 16);
    for (let output = 0; output < 4; output += 1) {
      for (let input = 0; input < inputs; input += 1) {
        for (let place = 0; place < 9; place += 1) {
          const [column, row] = [Math.floor(place / 3), place % 3];
          const value = values[(Math.floor(input / 4) * 9 + place) * 16 + (input % 4) * 4 + output] ?? 0;
          result[(((half * 4 + output) * inputs + input) * 3 + row) * 3 + column] = value * scale;
        }
      }
    }
  }
  return result;
}

/** So that one convolution and one ReLU give relu(x) and relu(-x). */
function withOpposite(values: Float32Array): Float32Array {
  return Float32Array.of(...values, ...values.map((value) => -value));
}

/** Shape: [16, 112, 1, 1], on code values; the last four are 0. */
function lastKernelOf(weights: WebsrWeights): Float32Array {
  const inputs = depth * doubled;
  const result = new Float32Array(paddedOutputs * inputs);
  for (const [color, name] of lastLayers.entries()) {
    const values = layerOf(weights, name, inputs * 4);
    for (let output = 0; output < blockSamples; output += 1) {
      for (let input = 0; input < inputs; input += 1) {
        result[(color * blockSamples + output) * inputs + input] = (values[input * 4 + output] ?? 0) * 255;
      }
    }
  }
  return result;
}

function padded(values: Float32Array, length: number): Float32Array {
  const result = new Float32Array(length);
  result.set(values);
  return result;
}

function biasOf(weights: WebsrWeights, names: readonly string[], scale: number, offset = 0): Float32Array {
  return Float32Array.from(names.flatMap((name) => (weights.layers[name]?.bias ?? []).map((value) => value * scale + offset)));
}

/** What the texture sampler adds: bilinear, for the four output samples in each colour. Shape: [12, 1, 3, 3]. */
function linearKernelOf(): Float32Array {
  const near = 0.75;
  const line = [
    [1 - near, near, 0],
    [0, near, 1 - near],
  ];
  const block = line.flatMap((down) => line.flatMap((across) => down.flatMap((y) => across.map((x) => x * y))));
  return Float32Array.from([...block, ...block, ...block]);
}
