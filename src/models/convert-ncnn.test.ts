import { expect, test } from "vitest";
import { residualNcnn, taggedWeights } from "../../test/support/made-up-networks.ts";
import { convertNcnn } from "./convert-ncnn.ts";
import { inspectOnnx } from "./onnx-reader.ts";

const whole = residualNcnn();
const net = (...lines: readonly string[]): string => ["7767517", `${lines.length} 9`, ...lines].join("\n");
const input = "Input in 0 1 data";
const none = Buffer.alloc(0);
const withNaN = Buffer.from(whole.bin);
withNaN.writeUInt16LE(0x7e00, 4);

test("a converted network holds all of its weights", () => {
  const onnx = convertNcnn(whole.param, whole.bin);
  const weights = Object.values(whole.weights).reduce((sum, values) => sum + values.length, 0);
  expect(inspectOnnx(onnx).parameters).toBe(weights + 4); // and the scales of the resize
});

test.each<[string, string, Buffer, RegExp]>([
  ["another magic number", whole.param.replace("7767517", "7767518"), whole.bin, /does not begin with 7767517/],
  ["nothing", "", none, /does not begin with/],
  ["an announced layer that is missing", whole.param.replace("8 9", "9 9"), whole.bin, /announces 9 layers and holds 8/],
  ["a huge announced number", whole.param.replace("8 9", "4000000000 9"), whole.bin, /announces 4000000000/],
  ["a layer that is not known", net(input, "Einsum e 1 1 data out"), none, /type Einsum \(e\), which cannot be converted/],
  ["a name from JavaScript", net(input, "constructor e 1 1 data out"), none, /type constructor/],
  ["a line that counts more than it has", net(input, "ReLU r 900 1 data out"), none, /layer r cannot be read/],
  ["a parameter that is no number", net(input, "ReLU r 1 1 data out 0=zero"), none, /0=zero of layer r/],
  ["a list that is shorter than it says", net(input, "Crop c 1 1 data out -23309=3,1"), none, /-23309=3,1 of layer c/],
  ["an input that nothing makes", net(input, "ReLU r 1 1 date out"), none, /takes date, which nothing before it makes/],
  ["an output made twice", net(input, "ReLU r 1 1 data data"), none, /data is made twice/],
  [
    "a huge convolution",
    net(input, "Convolution c 1 1 data out 0=60000 1=3 6=2147460000"),
    Buffer.alloc(64),
    /cannot be converted|ends within layer c/,
  ],
  ["weights that do not fit the kernel", net(input, "Convolution c 1 1 data out 0=4 1=3 6=100"), none, /does not fit its kernel/],
  ["8-bit weights", net(input, "Convolution c 1 1 data out 0=3 1=1 6=9"), tagOnly(0x000d4b38), /8-bit \(0xd4b38\)/],
  ["a table of weights", net(input, "Convolution c 1 1 data out 0=3 1=1 6=9"), tagOnly(0x12345678), /quantized/],
  ["weights that end too soon", whole.param, whole.bin.subarray(0, -1), /ends within layer second/],
  ["weights that are left over", whole.param, Buffer.concat([whole.bin, Buffer.alloc(3)]), /3 bytes more/],
  ["weights that are no numbers", whole.param, withNaN, /layer first hold values that are no numbers/],
  ["two outputs", net(input, "Split s 1 2 data a b"), none, /1 inputs and 2 outputs/],
  ["no input", net("Convolution c 0 1 out 0=1 1=1 6=1"), taggedWeights(Float32Array.of(1), "float32"), /takes 0 inputs/],
  [
    "an activation that is not known",
    net(input, "Convolution c 1 1 data out 0=1 1=1 6=3 9=5"),
    taggedWeights(Float32Array.of(1, 1, 1), "float32"),
    /activation 5/,
  ],
])("%s is refused by name", (_what, param, bin, message) => {
  const failure = expect.objectContaining({ code: "model_invalid", message: expect.stringMatching(message) });
  expect(() => convertNcnn(param, bin)).toThrow(failure);
});

test("files cut anywhere are refused with an error of ours and nothing else", () => {
  const failure = expect.objectContaining({ code: "model_invalid" });
  for (let length = 0; length < whole.bin.length; length += 7) {
    expect(() => convertNcnn(whole.param, whole.bin.subarray(0, length))).toThrow(failure);
  }
  for (let length = 0; length < whole.param.indexOf("BinaryOp"); length += 3) {
    expect(() => convertNcnn(whole.param.slice(0, length), whole.bin)).toThrow(failure);
  }
  const onnx = convertNcnn(whole.param, whole.bin);
  for (let length = 0; length < onnx.length - 30; length += 11) {
    expect(() => inspectOnnx(onnx.subarray(0, length))).toThrow(failure);
  }
});

function tagOnly(tag: number): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.writeUInt32LE(tag);
  return bytes;
}
