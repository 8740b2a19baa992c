import { Worker } from "node:worker_threads";
import { AppError } from "../domain/errors.ts";
import type { ChromaModelDescriptor, NetworkDescriptor } from "../domain/model-descriptor.ts";
import { planesOf, type TensorFormat, type Tile, type TileReply, type TileTask, type WorkerSetup } from "./tile-protocol.ts";

/** Samples in shared memory, rows without padding, plane after plane: the luma of one frame or of several, little-endian when
 *  two bytes wide, or R, G and B. For chroma networks both sizes are the chroma's: luma of twice its sides lies before it. */
export type SharedPicture = { readonly data: SharedArrayBuffer; readonly width: number; readonly height: number };

export type TilePoolOptions = {
  readonly descriptor: NetworkDescriptor | ChromaModelDescriptor;
  readonly modelPath: string;
  readonly provider: string;
  readonly workers: number;
  /** Threads within one tile; 1 where left out. */
  readonly threadsPerWorker?: number;
  readonly bitDepth: number;
};

export type TileCounts = {
  readonly computed: number;
  readonly reused: number;
  /** Processor time of the inference threads, without starting them. */
  readonly cpuSeconds: number;
};

type Pending = { readonly resolve: (reused: boolean) => void; readonly reject: (error: unknown) => void };

/** Runs one network over tiles on several threads, each with a session of its own: a single-threaded one keeps a small
 *  network's tile in one core's cache. A tile always goes to the same thread, so that unchanged ones are recognised.
 *  Owns: the threads. */
export class TilePool implements AsyncDisposable {
  readonly #workers: Worker[];
  readonly #bytesPerSample: number;
  readonly #scale: number;
  readonly #planes: { readonly input: number; readonly output: number };
  readonly #pending = new Map<number, Pending>();
  readonly #free: SharedArrayBuffer[] = [];
  #nextId = 0;
  #failure: AppError | undefined;
  #computed = 0;
  #reused = 0;
  readonly #cpuSeconds = new Map<Worker, number>();
  readonly #stopFlag: Int32Array;
  #onIdle: (() => void) | undefined;

  private constructor(workers: Worker[], { bytesPerSample, scale, stopFlag, format }: WorkerSetup) {
    this.#workers = workers;
    this.#bytesPerSample = bytesPerSample;
    this.#scale = scale;
    this.#planes = planesOf(format);
    this.#stopFlag = new Int32Array(stopFlag);
    for (const worker of workers) {
      worker.on("message", (reply: TileReply) => this.#receive(worker, reply));
      worker.on("error", (cause) => this.#fail(failure("An inference thread failed", cause)));
      worker.on("exit", () => this.#fail(failure("An inference thread ended")));
    }
  }

  /** Throws: AppError `provider_unavailable` or `model_invalid` when a session cannot be created. */
  static async create(options: TilePoolOptions): Promise<TilePool> {
    const { descriptor, modelPath, provider, workers, threadsPerWorker = 1, bitDepth } = options;
    const bytesPerSample = bitDepth > 8 ? 2 : 1;
    const workerData: WorkerSetup = {
      modelPath,
      provider,
      intraOpThreads: threadsPerWorker,
      scale: descriptor.scale,
      halo: descriptor.haloPixels,
      multiple: descriptor.sizeMultiple,
      bytesPerSample,
      format: tensorFormat(descriptor),
      peak: 2 ** bitDepth - 1,
      stopFlag: new SharedArrayBuffer(4),
    };
    const entry = new URL(`./tile-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
    const threads = Array.from({ length: workers }, () => new Worker(entry, { workerData }));
    try {
      await Promise.all(threads.map(waitUntilReady));
    } catch (cause) {
      await Promise.all(threads.map((thread) => thread.terminate()));
      throw new AppError(
        provider === "cpu" ? "model_invalid" : "provider_unavailable",
        `The network ${descriptor.id} cannot be started on ${provider}: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { cause },
      );
    }
    return new TilePool(threads, workerData);
  }

  get counts(): TileCounts {
    const cpuSeconds = this.#cpuSeconds.values().reduce((sum, seconds) => sum + seconds, 0);
    return { computed: this.#computed, reused: this.#reused, cpuSeconds };
  }

  /** A picture for `upscale` with undefined content. Owns: give it back with `release`. */
  allocate(width: number, height: number): SharedPicture {
    return this.#take(width, height, this.#planes.input);
  }

  #take(width: number, height: number, planes: number): SharedPicture {
    const bytes = width * height * planes * this.#bytesPerSample;
    const index = this.#free.findIndex((buffer) => buffer.byteLength === bytes);
    const [reused] = index < 0 ? [] : this.#free.splice(index, 1);
    return { data: reused ?? new SharedArrayBuffer(bytes), width, height };
  }

  release(plane: SharedPicture): void {
    this.#free.push(plane.data);
  }

  /** Upscales the picture tile by tile. Owns: takes `source`; the caller releases the result. */
  async upscale(source: SharedPicture, tiles: readonly Tile[]): Promise<SharedPicture> {
    const output = this.#take(source.width * this.#scale, source.height * this.#scale, this.#planes.output);
    const results = await Promise.allSettled(
      tiles.map((tile, tileIndex) =>
        this.#run(tileIndex, { tileIndex, tile, ...source, source: source.data, destination: output.data }),
      ),
    );
    this.release(source);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      this.release(output);
      throw failed.reason;
    }
    return output;
  }

  #run(tileIndex: number, task: Omit<TileTask, "id">): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const worker = this.#workers[tileIndex % this.#workers.length];
      if (worker === undefined || this.#failure !== undefined) {
        reject(this.#failure ?? new RangeError("a tile pool needs a worker"));
        return;
      }
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      const { tile, width, height, source, destination } = task;
      worker.postMessage({ id, tileIndex, tile, width, height, source, destination } satisfies TileTask);
    });
  }

  #receive(worker: Worker, reply: TileReply): void {
    if ("ready" in reply) return;
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#onIdle?.();
    if ("error" in reply) pending?.reject(failure(`The network failed on a tile: ${reply.error}`));
    else {
      if (reply.reused) this.#reused += 1;
      else this.#computed += 1;
      this.#cpuSeconds.set(worker, reply.cpuSeconds);
      pending?.resolve(reply.reused);
    }
  }

  #fail(error: AppError): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#onIdle?.();
  }

  /** Lets each thread finish the tile it is at and refuses all others. */
  stop(): void {
    Atomics.store(this.#stopFlag, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    // ONNX Runtime ends the whole process when its thread is terminated in the middle of a tile.
    while (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function tensorFormat(descriptor: TilePoolOptions["descriptor"]): TensorFormat {
  if (descriptor.kind === "chroma") return { kind: "chroma" };
  if (descriptor.kind !== "rgb") return { kind: "luma", frames: descriptor.frames ?? 1 };
  const { inputName, outputName, peak, removedPixels } = descriptor;
  return { kind: "rgb", inputName, outputName, peak, removed: removedPixels };
}

function failure(message: string, cause?: unknown): AppError {
  const detail = cause instanceof Error ? `: ${cause.message}` : "";
  return new AppError("internal", `${message}${detail}.`, cause === undefined ? {} : { cause });
}

function waitUntilReady(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the inference thread ended at its start")));
  });
}
