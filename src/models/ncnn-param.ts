import { AppError } from "../domain/errors.ts";

/** One layer of an ncnn network: its place among the others and its numbered parameters. */
export type NcnnLayer = {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly parameters: ReadonlyMap<number, readonly number[]>;
};

const magic = "7767517";
const mostLayers = 20_000;
const mostListItems = 4096;
const listKeyStart = -23_300;

/** Reads the text of a .param file.  Throws: AppError `model_invalid`.
 *  Source: https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure */
export function parseNcnnParam(text: string): readonly NcnnLayer[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (lines[0]?.trim() !== magic) throw invalidNcnn(`the .param file does not begin with ${magic}`);
  const [declared = NaN] = words(lines[1] ?? "").map(Number);
  const described = lines.slice(2);
  if (!Number.isInteger(declared) || declared !== described.length) {
    throw invalidNcnn(`the .param file announces ${words(lines[1] ?? "")[0] ?? "no"} layers and holds ${described.length}`);
  }
  if (declared > mostLayers) throw invalidNcnn(`it has more than ${mostLayers} layers`);
  const layers = described.map(parseLayer);
  const known = new Set<string>();
  for (const { name, inputs, outputs } of layers) {
    const missing = inputs.find((input) => !known.has(input));
    if (missing !== undefined) throw invalidNcnn(`the layer ${name} takes ${missing}, which nothing before it makes`);
    for (const output of outputs) {
      if (known.has(output)) throw invalidNcnn(`${output} is made twice`);
      known.add(output);
    }
  }
  return layers;
}

function parseLayer(line: string): NcnnLayer {
  const [type = "", name = "", inputText, outputText, ...rest] = words(line);
  const [inputs, outputs] = [Number(inputText), Number(outputText)];
  if (!Number.isInteger(inputs) || !Number.isInteger(outputs) || inputs < 0 || outputs < 0 || inputs + outputs > rest.length) {
    throw invalidNcnn(`the line of layer ${shorten(name)} cannot be read`);
  }
  const parameters = new Map(rest.slice(inputs + outputs).map((word) => parseParameter(word, name)));
  return { type, name, inputs: rest.slice(0, inputs), outputs: rest.slice(inputs, inputs + outputs), parameters };
}

/** "0=64" one number, "-23309=2,4,4" a list for parameter 9 with its length first. */
function parseParameter(word: string, layer: string): [number, readonly number[]] {
  const match = /^(-?\d{1,6})=([-+.\deE,]{1,65536})$/.exec(word);
  const values = (match?.[2] ?? "").split(",").map((value) => (value === "" ? NaN : Number(value)));
  const key = Number(match?.[1]);
  const isList = key <= listKeyStart;
  const items = isList ? values.slice(1) : values;
  const isRight = isList ? values[0] === items.length && items.length <= mostListItems : items.length === 1;
  if (match === null || !isRight || !items.every(Number.isFinite)) {
    throw invalidNcnn(`the parameter ${shorten(word)} of layer ${shorten(layer)} cannot be read`);
  }
  return [isList ? listKeyStart - key : key, items];
}

function words(line: string): string[] {
  return line.trim().split(/\s+/);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

export function invalidNcnn(what: string): AppError {
  return new AppError("model_invalid", `The ncnn network cannot be used: ${what}.`);
}
