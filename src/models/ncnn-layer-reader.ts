import { invalidNcnn, type NcnnLayer } from "./ncnn-param.ts";
import type { NcnnWeights } from "./ncnn-weights.ts";
import type { OnnxNode } from "./onnx-writer.ts";

/** What a layer may add to the graph. */
export type LayerTarget = {
  readonly weights: NcnnWeights;
  readonly node: (node: OnnxNode) => void;
  /** Stores a tensor and returns its name. */
  readonly floats: (data: Float32Array | readonly number[], dims: readonly number[]) => string;
  readonly integers: (data: readonly number[]) => string;
};

/** Writes a layer of one type into the graph.  Throws: AppError `model_invalid` for what it cannot express. */
export type Translate = (layer: LayerReader, target: LayerTarget) => void;

/** A layer with its parameters by number, each with ncnn's value where the file gives none. */
export class LayerReader {
  readonly layer: NcnnLayer;

  constructor(layer: NcnnLayer) {
    this.layer = layer;
  }

  number(key: number, otherwise: number): number {
    return this.layer.parameters.get(key)?.[0] ?? otherwise;
  }

  /** A whole number within limits.  Throws: AppError `model_invalid`. */
  whole(key: number, otherwise: number, [least, most]: readonly [number, number] = [0, 65_536]): number {
    const value = this.number(key, otherwise);
    if (!Number.isInteger(value) || value < least || value > most) throw this.unsupported(`parameter ${key} is ${value}`);
    return value;
  }

  list(key: number): readonly number[] {
    return this.layer.parameters.get(key) ?? [];
  }

  get input(): string {
    const [input, ...more] = this.layer.inputs;
    if (input === undefined || more.length > 0) throw this.unsupported(`it takes ${this.layer.inputs.length} inputs`);
    return input;
  }

  get output(): string {
    const [output, ...more] = this.layer.outputs;
    if (output === undefined || more.length > 0) throw this.unsupported(`it makes ${this.layer.outputs.length} outputs`);
    return output;
  }

  unsupported(why: string): Error {
    return invalidNcnn(`the layer ${this.layer.name} (${this.layer.type}) cannot be converted: ${why}`);
  }
}
