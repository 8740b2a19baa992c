import { readFileSync } from "node:fs";

/** Samples in rows, as in a frame's plane: one byte each, or two (little-endian) with up to 12 bits. */
export type Samples = {
  readonly data: Uint8Array;
  readonly strideBytes: number;
  readonly width: number;
  readonly height: number;
};

type CompiledKernels = object;
type Kernel = (...values: number[]) => number;
type KernelExports = Readonly<Record<string, Kernel>> & {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly heap_start: Kernel;
};

/** The parts in use of the global that Node's types leave out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => CompiledKernels;
  readonly Instance: new (compiled: CompiledKernels) => { readonly exports: unknown };
};

let compiled: CompiledKernels | undefined;

/** One running copy of the kernels with its own memory, which goes with it. */
export class Kernels {
  readonly #exports: KernelExports;
  #next: number;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL("kernels.wasm", import.meta.url)));
    this.#exports = new WebAssembly.Instance(compiled).exports as KernelExports; // what kernels/build.sh makes
    this.#next = this.#exports.heap_start();
  }

  /** Calls a kernel; pointers are offsets in the memory. */
  call(name: string, ...values: number[]): number {
    const kernel = this.#exports[name];
    if (kernel === undefined) throw new RangeError(`there is no kernel called ${name}`);
    return kernel(...values);
  }

  /** Memory that is kept until the end.  Shape: 64-aligned offset.  Throws: RangeError where there is no more. */
  reserve(bytes: number): number {
    const offset = Math.ceil(this.#next / 64) * 64;
    this.#next = offset + bytes;
    const missing = this.#next - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / 65536));
    return offset;
  }

  get reservedBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** A view of the memory, until the next `reserve`. */
  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, offset, length);
  }

  shorts(offset: number, length: number): Int16Array {
    return new Int16Array(this.#exports.memory.buffer, offset, length);
  }

  /** Copies a plane's rows into the memory. */
  write(from: Samples, bytesPerSample: number, offset: number, strideBytes: number): void {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const rowBytes = from.width * bytesPerSample;
    if (from.strideBytes === rowBytes && strideBytes === rowBytes) {
      memory.set(from.data.subarray(0, rowBytes * from.height), offset);
      return;
    }
    for (let row = 0; row < from.height; row += 1) {
      const start = row * from.strideBytes;
      memory.set(from.data.subarray(start, start + rowBytes), offset + row * strideBytes);
    }
  }

  /** Copies rows out of the memory into a plane. */
  read(offset: number, strideBytes: number, bytesPerSample: number, to: Samples): void {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const rowBytes = to.width * bytesPerSample;
    if (to.strideBytes === rowBytes && strideBytes === rowBytes) {
      to.data.set(memory.subarray(offset, offset + rowBytes * to.height));
      return;
    }
    for (let row = 0; row < to.height; row += 1) {
      const start = offset + row * strideBytes;
      to.data.set(memory.subarray(start, start + rowBytes), row * to.strideBytes);
    }
  }
}

/** Throws: RangeError for planes of another size or samples that the kernels do not take. */
export function checkSamples(samples: Samples, width: number, height: number, bytesPerSample: number): void {
  const { data, strideBytes } = samples;
  const isWhole = data.length >= (height - 1) * strideBytes + width * bytesPerSample;
  if (samples.width !== width || samples.height !== height || !isWhole) {
    throw new RangeError(`a plane of ${samples.width}x${samples.height} is not one of ${width}x${height}`);
  }
}

export function bytesPerSampleOf(bitDepth: number): number {
  if (bitDepth < 8 || bitDepth > 12) throw new RangeError(`the kernels take 8 to 12 bits, not ${bitDepth}`);
  return bitDepth > 8 ? 2 : 1;
}
