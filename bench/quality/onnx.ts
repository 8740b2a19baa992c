import { protoBytes, protoVarint } from "../../src/core/protobuf.ts";

/** A node of an ONNX graph; numbers become integer attributes, lists integer lists, strings strings. */
export type OnnxNode = {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
};

/** A constant: float32, or int64 when `values` is a BigInt64Array. */
export type OnnxConstant = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
};

/** One uint8 input and one uint8 output of shape [1, 1, height, width], any height and width. */
export type OnnxGraph = {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
};

// Field numbers and codes of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const irVersion = 8;
const operatorSet = 17;
const elementType = { float: 1, uint8: 2, int64: 7 } as const;
const attributeType = { integer: 2, string: 3, integers: 7 } as const;

/** The graph as the bytes of an ONNX file. */
export function encodeOnnx(graph: OnnxGraph): Buffer {
  const body = Buffer.concat([
    ...graph.nodes.map((node) => protoBytes(1, encodeNode(node))),
    protoBytes(2, graph.name),
    ...graph.constants.map((constant) => protoBytes(5, encodeConstant(constant))),
    protoBytes(11, encodePicture(graph.input, "")),
    protoBytes(12, encodePicture(graph.output, "upscaled_")),
  ]);
  return Buffer.concat([
    protoVarint(1, irVersion),
    protoBytes(2, "upres-bench"),
    protoBytes(7, body),
    protoBytes(8, protoVarint(2, operatorSet)),
  ]);
}

function encodeNode({ operator, inputs, output, attributes = {} }: OnnxNode): Buffer {
  return Buffer.concat([
    ...inputs.map((input) => protoBytes(1, input)),
    protoBytes(2, output),
    protoBytes(3, output),
    protoBytes(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      protoBytes(5, Buffer.concat([protoBytes(1, name), encodeAttribute(value)])),
    ),
  ]);
}

function encodeAttribute(value: number | string | readonly number[]): Buffer {
  if (typeof value === "number") return Buffer.concat([protoVarint(3, value), protoVarint(20, attributeType.integer)]);
  if (typeof value === "string") return Buffer.concat([protoBytes(4, value), protoVarint(20, attributeType.string)]);
  return Buffer.concat([...value.map((one) => protoVarint(8, one)), protoVarint(20, attributeType.integers)]);
}

function encodeConstant({ name, shape, values }: OnnxConstant): Buffer {
  const type = values instanceof Float32Array ? elementType.float : elementType.int64;
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([
    ...shape.map((side) => protoVarint(1, side)),
    protoVarint(2, type),
    protoBytes(8, name),
    protoBytes(9, raw),
  ]);
}

function encodePicture(name: string, prefix: string): Buffer {
  const known = protoBytes(1, protoVarint(1, 1));
  const named = (side: string): Buffer => protoBytes(1, protoBytes(2, `${prefix}${side}`));
  const shape = Buffer.concat([known, known, named("height"), named("width")]);
  const tensor = Buffer.concat([protoVarint(1, elementType.uint8), protoBytes(2, shape)]);
  return Buffer.concat([protoBytes(1, name), protoBytes(2, protoBytes(1, tensor))]);
}
