import { encodeOnnx, type OnnxNode, type OnnxTensor } from "../../src/models/onnx-writer.ts";

/** Float samples as three planes R, G and B. */
export type Samples = { readonly data: Float32Array; readonly width: number; readonly height: number };

export type DoublerOptions = {
  readonly side?: number;
  readonly gains?: readonly [number, number, number];
  readonly extra?: number;
};

/** An ONNX network that repeats every pixel `factor` times in both directions: a 1×1 convolution to factor² copies of each
 *  channel, times its gain (1), and a pixel shuffle. `extra` unused weights make the file larger. */
export function repeatingNetwork(factor: number, { side, gains = [1, 1, 1], extra = 0 }: DoublerOptions = {}): Buffer {
  const copies = factor ** 2;
  const weights = new Float32Array(3 * copies * 3);
  for (let output = 0; output < 3 * copies; output += 1) {
    const plane = Math.floor(output / copies);
    weights[output * 3 + plane] = gains[plane] ?? 1;
  }
  const nodes: OnnxNode[] = [
    { type: "Conv", inputs: ["picture", "weights"], outputs: ["copies"], attributes: { kernel_shape: { ints: [1, 1] } } },
    {
      type: "DepthToSpace",
      inputs: ["copies"],
      outputs: ["larger"],
      attributes: { blocksize: { int: factor }, mode: { text: "CRD" } },
    },
  ];
  const tensors: OnnxTensor[] = [{ name: "weights", dims: [3 * copies, 3, 1, 1], data: weights }];
  if (extra > 0) tensors.push({ name: "unused", dims: [extra], data: new Float32Array(extra) });
  return encodeOnnx({ nodes, tensors, input: "picture", output: "larger", ...(side !== undefined && { inputSide: side }) });
}

/** Small numbers that are the same every time. */
export function someNumbers(count: number, seed: number, size: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233) * size);
}

export function float32Bytes(values: Iterable<number>): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

/** Weights as a .bin holds them: a tag, then float32 or float16. */
export function taggedWeights(values: Float32Array, kind: "float32" | "float16"): Buffer {
  if (kind === "float32") return Buffer.concat([Buffer.alloc(4), float32Bytes(values)]);
  const halves = Buffer.alloc(4 + Math.ceil(values.length / 2) * 4);
  halves.writeUInt32LE(0x01306b47);
  values.forEach((value, index) => halves.writeUInt16LE(toFloat16(value), 4 + index * 2));
  return halves;
}

/** The nearest float16 of a number between 2⁻¹⁴ and 2¹⁵, or 0. */
export function toFloat16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size < 2 ** -14) return sign;
  const exponent = Math.floor(Math.log2(size));
  const fraction = Math.round((size / 2 ** exponent - 1) * 1024);
  return sign | (((exponent + 15) << 10) + fraction);
}

export function fromFloat16(bits: number): number {
  const size = bits & 0x7fff ? (1 + (bits & 0x3ff) / 1024) * 2 ** (((bits >> 10) & 0x1f) - 15) : 0;
  return bits & 0x8000 ? -size : size;
}

/** An ncnn network in the manner of SRVGG: two 3×3 convolutions with PReLU between them make a small residual, which a
 *  pixel shuffle adds to the repeated input. */
export function residualNcnn(): { readonly param: string; readonly bin: Buffer; readonly weights: ResidualWeights } {
  const param = [
    "7767517",
    "8 9",
    "Input            data     0 1 data",
    "Split            twice    1 2 data a b",
    "Convolution      first    1 1 a c 0=4 1=3 4=1 5=1 6=108 9=2 -23310=1,2.000000e-01",
    "PReLU            slopes   1 1 c d 0=4",
    "Convolution      second   1 1 d e 0=12 1=3 4=1 5=1 6=432",
    "PixelShuffle     shuffle  1 1 e f 0=2",
    "Interp           repeat   1 1 b g 0=1 1=2.000000e+00 2=2.000000e+00",
    "BinaryOp         sum      2 1 f g output 0=0",
    "",
  ].join("\n");
  const rounded = (values: Float32Array): Float32Array => values.map((value) => fromFloat16(toFloat16(value)));
  const weights: ResidualWeights = {
    first: rounded(someNumbers(108, 1, 0.3)),
    firstBias: someNumbers(4, 2, 0.1),
    slopes: someNumbers(4, 3, 0.4),
    second: someNumbers(432, 4, 0.02),
    secondBias: someNumbers(12, 5, 0.01),
  };
  const bin = Buffer.concat([
    taggedWeights(weights.first, "float16"),
    float32Bytes(weights.firstBias),
    float32Bytes(weights.slopes),
    taggedWeights(weights.second, "float32"),
    float32Bytes(weights.secondBias),
  ]);
  return { param, bin, weights };
}

export type ResidualWeights = Readonly<Record<"first" | "firstBias" | "slopes" | "second" | "secondBias", Float32Array>>;

/** What `residualNcnn` makes of a picture, computed in plain loops. */
export function runResidual({ data, width, height }: Samples, weights: ResidualWeights): Samples {
  const leaky = (value: number, slope: number): number => (value < 0 ? value * slope : value);
  const first = convolve(data, { width, height, inputs: 3, outputs: 4 }, weights.first, weights.firstBias);
  const area = width * height;
  const active = first.map((value, index) => leaky(leaky(value, 0.2), weights.slopes[Math.floor(index / area)] ?? 0));
  const second = convolve(active, { width, height, inputs: 4, outputs: 12 }, weights.second, weights.secondBias);
  const output = new Float32Array(area * 12);
  for (let plane = 0; plane < 3; plane += 1) {
    for (let y = 0; y < height * 2; y += 1) {
      for (let x = 0; x < width * 2; x += 1) {
        const at = (y >> 1) * width + (x >> 1);
        const channel = plane * 4 + (y % 2) * 2 + (x % 2);
        output[(plane * height * 2 + y) * width * 2 + x] = (second[channel * area + at] ?? 0) + (data[plane * area + at] ?? 0);
      }
    }
  }
  return { data: output, width: width * 2, height: height * 2 };
}

type Shape = { readonly width: number; readonly height: number; readonly inputs: number; readonly outputs: number };

/** A 3×3 convolution with zeros around the picture. */
function convolve(data: Float32Array, shape: Shape, weights: Float32Array, bias: Float32Array): Float32Array {
  const { width, height, inputs, outputs } = shape;
  const result = new Float32Array(outputs * width * height);
  for (let output = 0; output < outputs; output += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        let sum = bias[output] ?? 0;
        for (let tap = 0; tap < inputs * 9; tap += 1) {
          const [input, dy, dx] = [Math.floor(tap / 9), Math.floor((tap % 9) / 3) - 1, (tap % 3) - 1];
          const [row, column] = [y + dy, x + dx];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          sum += (weights[output * inputs * 9 + tap] ?? 0) * (data[(input * height + row) * width + column] ?? 0);
        }
        result[(output * height + y) * width + x] = sum;
      }
    }
  }
  return result;
}
