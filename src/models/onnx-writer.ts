import { protoBytes, protoFloat, protoVarint } from "../core/protobuf.ts";

// The few messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that a network of plain layers needs.

export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly text: string };

export type OnnxNode = {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
};

export type OnnxTensor = { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array | BigInt64Array };

export type OnnxGraph = {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  /** One picture each, float32 [1, 3, H, W]; sides are free unless given. */
  readonly input: string;
  readonly output: string;
  readonly inputSide?: number;
};

const irVersion = 8;
const opset = 17;
const floatType = 1;
const int64Type = 7;

/** The graph as an ONNX file. */
export function encodeOnnx({ nodes, tensors, input, output, inputSide }: OnnxGraph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((node, index) => protoBytes(1, encodeNode(node, index))),
    protoBytes(2, "network"),
    ...tensors.map((tensor) => protoBytes(5, encodeTensor(tensor))),
    protoBytes(11, encodePicture(input, [inputSide ?? "height", inputSide ?? "width"])),
    protoBytes(12, encodePicture(output, ["output_height", "output_width"])),
  ]);
  return Buffer.concat([
    protoVarint(1, irVersion),
    protoBytes(2, "upres"),
    protoBytes(7, graph),
    protoBytes(8, Buffer.concat([protoBytes(1, ""), protoVarint(2, opset)])),
  ]);
}

function encodeNode({ type, inputs, outputs, attributes = {} }: OnnxNode, index: number): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => protoBytes(1, name)),
    ...outputs.map((name) => protoBytes(2, name)),
    protoBytes(3, `${type}_${index}`),
    protoBytes(4, type),
    ...Object.entries(attributes).map(([name, value]) => protoBytes(5, encodeAttribute(name, value))),
  ]);
}

function encodeAttribute(name: string, value: OnnxAttribute): Buffer {
  const head = protoBytes(1, name);
  if ("float" in value) return Buffer.concat([head, protoFloat(2, value.float), protoVarint(20, 1)]);
  if ("int" in value) return Buffer.concat([head, protoVarint(3, value.int), protoVarint(20, 2)]);
  if ("text" in value) return Buffer.concat([head, protoBytes(4, value.text), protoVarint(20, 3)]);
  return Buffer.concat([head, ...value.ints.map((int) => protoVarint(8, int)), protoVarint(20, 7)]);
}

function encodeTensor({ name, dims, data }: OnnxTensor): Buffer {
  return Buffer.concat([
    ...dims.map((dim) => protoVarint(1, dim)),
    protoVarint(2, data instanceof Float32Array ? floatType : int64Type),
    protoBytes(8, name),
    protoBytes(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

function encodePicture(name: string, [height, width]: readonly [number | string, number | string]): Buffer {
  const dims = [1, 3, height, width].map((dim) =>
    protoBytes(1, typeof dim === "number" ? protoVarint(1, dim) : protoBytes(2, dim)),
  );
  const tensor = Buffer.concat([protoVarint(1, floatType), protoBytes(2, Buffer.concat(dims))]);
  return Buffer.concat([protoBytes(1, name), protoBytes(2, protoBytes(1, tensor))]);
}
