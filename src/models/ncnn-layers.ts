import { convolution, deconvolution } from "./ncnn-convolutions.ts";
import { LayerReader, type LayerTarget, type Translate } from "./ncnn-layer-reader.ts";
import { invalidNcnn, type NcnnLayer } from "./ncnn-param.ts";
import type { OnnxAttribute } from "./onnx-writer.ts";

const endOfAxis = 0x7fffffff;

const prelu: Translate = (layer, { weights, node, floats }) => {
  const count = layer.whole(0, 0, [1, 65_536]);
  const slope = floats(weights.plain(count, layer.layer.name), [count, 1, 1]);
  node({ type: "PRelu", inputs: [layer.input, slope], outputs: [layer.output] });
};

const relu: Translate = (layer, { node }) => {
  const attributes = { alpha: { float: layer.number(0, 0) } };
  node({ type: "LeakyRelu", inputs: [layer.input], outputs: [layer.output], attributes });
};

const split: Translate = ({ layer, input }, { node }) => {
  for (const output of layer.outputs) node({ type: "Identity", inputs: [input], outputs: [output] });
};

const concat: Translate = (layer, { node }) => {
  const axis = layer.whole(0, 0, [-3, 2]);
  node({
    type: "Concat",
    inputs: layer.layer.inputs,
    outputs: [layer.output],
    attributes: { axis: { int: axis < 0 ? axis : axis + 1 } }, // ncnn counts without the batch
  });
};

const binaryTypes = ["Add", "Sub", "Mul", "Div", "Max", "Min"] as const;

const binary: Translate = (layer, { node, floats }) => {
  const type = binaryTypes[layer.number(0, 0)];
  if (type === undefined) throw layer.unsupported(`its operation ${layer.number(0, 0)} is unknown`);
  const isScalar = layer.number(1, 0) !== 0;
  const [a, b] = isScalar ? [layer.input, floats([layer.number(2, 0)], [])] : layer.layer.inputs;
  if (a === undefined || b === undefined || layer.layer.inputs.length > 2) throw layer.unsupported("it needs two inputs");
  node({ type, inputs: [a, b], outputs: [layer.output] });
};

const eltwise: Translate = (layer, { node, floats }) => {
  const type = (["Mul", "Add", "Max"] as const)[layer.number(0, 0)];
  const factors = layer.list(1);
  const { inputs } = layer.layer;
  if (type === undefined || inputs.length < 2) throw layer.unsupported("its operation is unknown");
  if (factors.length > 0 && (type !== "Add" || factors.length !== inputs.length))
    throw layer.unsupported("its factors do not fit");
  const terms = inputs.map((input, index) => {
    const factor = factors[index] ?? 1;
    if (factor === 1) return input;
    const scaled = `${layer.output}/term${index}`;
    node({ type: "Mul", inputs: [input, floats([factor], [])], outputs: [scaled] });
    return scaled;
  });
  terms.slice(1).reduce((sum, term, index) => {
    const output = index === terms.length - 2 ? layer.output : `${layer.output}/sum${index}`;
    node({ type, inputs: [sum, term], outputs: [output] });
    return output;
  }, terms[0] ?? "");
};

const interpolations: Readonly<Record<number, Readonly<Record<string, OnnxAttribute>>>> = {
  1: { mode: { text: "nearest" }, coordinate_transformation_mode: { text: "asymmetric" }, nearest_mode: { text: "floor" } },
  2: { mode: { text: "linear" }, coordinate_transformation_mode: { text: "half_pixel" } },
  3: { mode: { text: "cubic" }, coordinate_transformation_mode: { text: "half_pixel" }, cubic_coeff_a: { float: -0.75 } },
};

const interp: Translate = (layer, { node, floats }) => {
  const attributes = interpolations[layer.number(0, 0)];
  const [height, width] = [layer.number(1, 1), layer.number(2, 1)];
  if (attributes === undefined) throw layer.unsupported(`its kind ${layer.number(0, 0)} is unknown`);
  const fixes = [3, 4, 5, 6].some((key) => layer.number(key, 0) !== 0);
  if (fixes || !(height > 0 && height <= 16 && width > 0 && width <= 16))
    throw layer.unsupported("only scales up to 16 are read");
  node({ type: "Resize", inputs: [layer.input, "", floats([1, 1, height, width], [4])], outputs: [layer.output], attributes });
};

const pixelShuffle: Translate = (layer, { node }) => {
  const mode = layer.whole(1, 0, [0, 1]) === 0 ? "CRD" : "DCR";
  const attributes = { blocksize: { int: layer.whole(0, 1, [1, 16]) }, mode: { text: mode } };
  node({ type: "DepthToSpace", inputs: [layer.input], outputs: [layer.output], attributes });
};

const padding: Translate = (layer, { node, integers, floats }) => {
  const [top, bottom, left, right] = [0, 1, 2, 3].map((key) => layer.whole(key, 0, [0, 1024]));
  const mode = (["constant", "edge", "reflect"] as const)[layer.number(4, 0)];
  if (mode === undefined || layer.number(7, 0) !== 0 || layer.number(8, 0) !== 0) throw layer.unsupported("its kind is unknown");
  const pads = integers([0, 0, top ?? 0, left ?? 0, 0, 0, bottom ?? 0, right ?? 0]);
  const inputs = [layer.input, pads, ...(mode === "constant" ? [floats([layer.number(5, 0)], [])] : [])];
  node({ type: "Pad", inputs, outputs: [layer.output], attributes: { mode: { text: mode } } });
};

/** Borders to cut off: by offsets on both sides, or as starts, ends and axes. */
const crop: Translate = (layer, { node, integers }) => {
  const starts = layer.list(9);
  const sides = [0, 1, 6, 7].map((key) => layer.whole(key, 0, [0, 1024]));
  const [left = 0, top = 0, right = 0, bottom = 0] = sides;
  const isToEnd = [3, 4].every((key) => [0, -233].includes(layer.number(key, 0)));
  const keepsChannels = [2, 8].every((key) => layer.number(key, 0) === 0) && [0, -233].includes(layer.number(5, 0));
  if (starts.length === 0 && !(isToEnd && keepsChannels)) throw layer.unsupported("it cuts to a fixed size");
  const axes = layer.list(11).length > 0 ? layer.list(11) : starts.map((_, index) => index);
  const ends = layer.list(10);
  if (starts.length > 0 && (ends.length !== starts.length || axes.length !== starts.length))
    throw layer.unsupported("its lists differ");
  const lists =
    starts.length > 0
      ? [starts, ends.map((end) => (end === -233 ? endOfAxis : end)), axes.map((axis) => (axis < 0 ? axis : axis + 1))]
      : [[top, left], [bottom, right].map((border) => (border === 0 ? endOfAxis : -border)), [2, 3]];
  node({ type: "Slice", inputs: [layer.input, ...lists.map((list) => integers(list))], outputs: [layer.output] });
};

const globalAverage: Translate = (layer, { node }) => {
  if (layer.number(0, 0) !== 1 || layer.number(4, 0) !== 1) throw layer.unsupported("only the average of everything is read");
  node({ type: "GlobalAveragePool", inputs: [layer.input], outputs: [layer.output] });
};

const alone =
  (type: string): Translate =>
  (layer, { node }) =>
    node({ type, inputs: [layer.input], outputs: [layer.output] });

const translations: Readonly<Record<string, Translate>> = {
  Convolution: convolution,
  ConvolutionDepthWise: convolution,
  Deconvolution: deconvolution,
  PReLU: prelu,
  ReLU: relu,
  LeakyReLU: relu,
  Sigmoid: alone("Sigmoid"),
  TanH: alone("Tanh"),
  Noop: alone("Identity"),
  Dropout: alone("Identity"),
  Split: split,
  Concat: concat,
  BinaryOp: binary,
  Eltwise: eltwise,
  Interp: interp,
  PixelShuffle: pixelShuffle,
  Padding: padding,
  Crop: crop,
  Pooling: globalAverage,
};

/** Writes one layer into the graph.  Throws: AppError `model_invalid` naming a layer that is not known. */
export function translateLayer(layer: NcnnLayer, target: LayerTarget): void {
  const translate = Object.hasOwn(translations, layer.type) ? translations[layer.type] : undefined;
  if (translate === undefined) {
    throw invalidNcnn(
      `it has a layer of type ${layer.type.slice(0, 60)} (${layer.name.slice(0, 60)}), which cannot be converted`,
    );
  }
  translate(new LayerReader(layer), target);
}
