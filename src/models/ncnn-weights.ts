import { invalidNcnn } from "./ncnn-param.ts";

const float16Tag = 0x01306b47;
const float32Tag = 0x0002c056;
const int8Tag = 0x000d4b38;

/** Reads a .bin file from its beginning to its end, in the order of the layers.
 *  Source: https://github.com/Tencent/ncnn/blob/master/src/modelbin.cpp */
export class NcnnWeights {
  readonly #file: Buffer;
  #at = 0;

  constructor(file: Buffer) {
    this.#file = file;
  }

  /** Weights with a tag before them that says how they are stored.  Throws: AppError `model_invalid`. */
  tagged(count: number, layer: string): Float32Array {
    const tag = this.#take(4, layer).readUInt32LE();
    if (tag === float16Tag) {
      const bytes = this.#take(Math.ceil((count * 2) / 4) * 4, layer);
      return finite(
        Float32Array.from({ length: count }, (_, index) => float16(bytes.readUInt16LE(index * 2))),
        layer,
      );
    }
    if (tag === 0 || tag === float32Tag) return this.plain(count, layer);
    const kind = tag === int8Tag ? "8-bit" : "quantized";
    throw invalidNcnn(`the weights of layer ${layer} are ${kind} (0x${tag.toString(16)}); float32 and float16 are read`);
  }

  /** Float32 values without a tag. */
  plain(count: number, layer: string): Float32Array {
    const bytes = this.#take(count * 4, layer);
    return finite(
      Float32Array.from({ length: count }, (_, index) => bytes.readFloatLE(index * 4)),
      layer,
    );
  }

  /** Throws: AppError `model_invalid` when something is left over. */
  finish(): void {
    const left = this.#file.length - this.#at;
    if (left !== 0) throw invalidNcnn(`the .bin file holds ${left} bytes more than its .param file describes`);
  }

  #take(bytes: number, layer: string): Buffer {
    if (!(bytes <= this.#file.length - this.#at)) throw invalidNcnn(`the .bin file ends within layer ${layer}`);
    const part = this.#file.subarray(this.#at, this.#at + bytes);
    this.#at += bytes;
    return part;
  }
}

function finite(values: Float32Array, layer: string): Float32Array {
  if (!values.every(Number.isFinite)) throw invalidNcnn(`the weights of layer ${layer} hold values that are no numbers`);
  return values;
}

function float16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
