import type { LayerTarget } from "./ncnn-layer-reader.ts";
import { translateLayer } from "./ncnn-layers.ts";
import { invalidNcnn, parseNcnnParam } from "./ncnn-param.ts";
import { NcnnWeights } from "./ncnn-weights.ts";
import { encodeOnnx, type OnnxNode, type OnnxTensor } from "./onnx-writer.ts";

/** Writes an ncnn network (.param text and .bin weights) as an ONNX file of the same layers.
 *  Throws: AppError `model_invalid` naming what is damaged or not known. */
export function convertNcnn(param: string, bin: Buffer): Buffer {
  const layers = parseNcnnParam(param);
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const store = (data: OnnxTensor["data"], dims: readonly number[]): string => {
    const name = `upres/tensor${tensors.length}`;
    tensors.push({ name, dims, data });
    return name;
  };
  const weights = new NcnnWeights(bin);
  const target: LayerTarget = {
    weights,
    node: (node) => nodes.push(node),
    floats: (data, dims) => store(Float32Array.from(data), dims),
    integers: (data) => store(BigInt64Array.from(data, BigInt), [data.length]),
  };
  for (const layer of layers) if (layer.type !== "Input") translateLayer(layer, target);
  weights.finish();
  const inputs = layers.flatMap(({ type, outputs }) => (type === "Input" ? outputs : []));
  const taken = new Set(layers.flatMap((layer) => layer.inputs));
  const ends = layers.flatMap(({ outputs }) => outputs.filter((output) => !taken.has(output)));
  const [input] = inputs;
  const [output] = ends;
  if (input === undefined || output === undefined || inputs.length !== 1 || ends.length !== 1) {
    throw invalidNcnn(`it has ${inputs.length} inputs and ${ends.length} outputs instead of one each`);
  }
  return encodeOnnx({ nodes, tensors, input, output });
}
