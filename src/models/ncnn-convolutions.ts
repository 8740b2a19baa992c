import type { LayerReader, LayerTarget, Translate } from "./ncnn-layer-reader.ts";
import type { OnnxAttribute } from "./onnx-writer.ts";

const pair = (first: number, second: number): OnnxAttribute => ({ ints: [first, second] });

/** The activation that ncnn merges into a layer, written after it. */
function activate(layer: LayerReader, { node }: LayerTarget, from: string): void {
  const kind = layer.number(9, 0);
  const [first = 0, second = 0] = layer.list(10);
  const outputs = [layer.output];
  if (kind === 0) node({ type: "Identity", inputs: [from], outputs });
  else if (kind === 1) node({ type: "Relu", inputs: [from], outputs });
  else if (kind === 2) node({ type: "LeakyRelu", inputs: [from], outputs, attributes: { alpha: { float: first } } });
  else if (kind === 4) node({ type: "Sigmoid", inputs: [from], outputs });
  else throw layer.unsupported(`its activation ${kind} (${first}, ${second}) is unknown`);
}

type Kernel = { readonly count: number; readonly inputs: number; readonly width: number; readonly height: number };

function readKernel(layer: LayerReader): Kernel {
  const count = layer.whole(0, 0, [1, 65_536]);
  const width = layer.whole(1, 0, [1, 64]);
  const height = layer.whole(11, width, [1, 64]);
  const inputs = layer.whole(6, 0, [1, 2 ** 31]) / (count * width * height);
  if (!Number.isInteger(inputs)) throw layer.unsupported("the number of its weights does not fit its kernel");
  return { count, inputs, width, height };
}

function readPads(layer: LayerReader): OnnxAttribute {
  const left = layer.whole(4, 0, [0, 1024]);
  const top = layer.whole(14, left, [0, 1024]);
  return { ints: [top, left, layer.whole(16, top, [0, 1024]), layer.whole(15, left, [0, 1024])] };
}

function strides(layer: LayerReader): Record<string, OnnxAttribute> {
  const [dilation, stride] = [layer.whole(2, 1, [1, 64]), layer.whole(3, 1, [1, 64])];
  return {
    dilations: pair(layer.whole(12, dilation, [1, 64]), dilation),
    strides: pair(layer.whole(13, stride, [1, 64]), stride),
  };
}

export const convolution: Translate = (layer, target) => {
  const { count, inputs, width, height } = readKernel(layer);
  if (layer.number(8, 0) !== 0 || layer.number(18, 0) !== 0 || layer.number(19, 0) !== 0) {
    throw layer.unsupported("8-bit, padded with a value, or with weights from another layer");
  }
  const isDepthWise = layer.layer.type === "ConvolutionDepthWise";
  const group = isDepthWise ? layer.whole(7, 1, [1, 65_536]) : 1;
  const data = target.weights.tagged(count * inputs * width * height, layer.layer.name);
  const names = [target.floats(data, [count, inputs, height, width])];
  if (layer.number(5, 0) !== 0) names.push(target.floats(target.weights.plain(count, layer.layer.name), [count]));
  const made = `${layer.output}/before`;
  target.node({
    type: "Conv",
    inputs: [layer.input, ...names],
    outputs: [made],
    attributes: { kernel_shape: pair(height, width), ...strides(layer), pads: readPads(layer), group: { int: group } },
  });
  activate(layer, target, made);
};

export const deconvolution: Translate = (layer, target) => {
  const { count, inputs, width, height } = readKernel(layer);
  if (layer.number(20, 0) !== 0 || layer.number(21, 0) !== 0) throw layer.unsupported("it fixes its output's size");
  const stored = target.weights.tagged(count * inputs * width * height, layer.layer.name);
  const area = width * height;
  const turned = new Float32Array(stored.length); // ncnn stores [outputs, inputs], ONNX [inputs, outputs]
  for (let output = 0; output < count; output += 1) {
    for (let input = 0; input < inputs; input += 1) {
      const from = (output * inputs + input) * area;
      turned.set(stored.subarray(from, from + area), (input * count + output) * area);
    }
  }
  const names = [target.floats(turned, [inputs, count, height, width])];
  if (layer.number(5, 0) !== 0) names.push(target.floats(target.weights.plain(count, layer.layer.name), [count]));
  const made = `${layer.output}/before`;
  const extra = layer.whole(18, 0, [0, 64]);
  const attributes = {
    kernel_shape: pair(height, width),
    ...strides(layer),
    pads: readPads(layer),
    output_padding: pair(layer.whole(19, extra, [0, 64]), extra),
  };
  target.node({ type: "ConvTranspose", inputs: [layer.input, ...names], outputs: [made], attributes });
  activate(layer, target, made);
};
