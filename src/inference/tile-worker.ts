import { InferenceSession, Tensor } from "onnxruntime-node";
import { parentPort, workerData } from "node:worker_threads";
import type { Size } from "../domain/media-info.ts";
import { bytesToTensorData, tensorDataToBytes } from "./rgb-samples.ts";
import { planesOf, type TileReply, type TileTask, type WorkerSetup } from "./tile-protocol.ts";

// The entry point of one inference thread: a session of its own, tiles one after the other.

type RgbFormat = Extract<WorkerSetup["format"], { kind: "rgb" }>;
type CachedTile = { readonly window: Buffer; readonly output: Buffer };
type Reading = {
  readonly source: Buffer;
  readonly task: TileTask;
  readonly plane: number;
  readonly windowWidth: number;
  readonly windowHeight: number;
};

const setup = workerData as WorkerSetup; // sent by TilePool
const port = parentPort;
if (port === null) throw new Error("tile-worker runs as a worker thread only");

const session = await InferenceSession.create(setup.modelPath, {
  executionProviders: [setup.provider],
  intraOpNumThreads: setup.intraOpThreads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
  logSeverityLevel: setup.format.kind === "luma" ? 2 : 4, // what strangers' files are warned about helps nobody
});
const planeCounts = planesOf(setup.format);
const cache = new Map<number, CachedTile>();
const stopFlag = new Int32Array(setup.stopFlag);
const start = process.threadCpuUsage();

let earlier: Promise<void> = Promise.resolve();
port.on("message", (task: TileTask) => {
  earlier = earlier.then(async () => port.postMessage(await answer(task)));
});
port.postMessage({ ready: true } satisfies TileReply);

async function answer(task: TileTask): Promise<TileReply> {
  if (Atomics.load(stopFlag, 0) !== 0) return { id: task.id, error: "it was stopped" };
  try {
    const reused = await upscaleTile(task);
    return { id: task.id, reused, cpuSeconds: cpuSecondsSince(start) };
  } catch (error) {
    return { id: task.id, error: error instanceof Error ? error.message : String(error) };
  }
}

/** Upscales one tile into the output plane; true when the window equals the last one at this place and its output was reused. */
async function upscaleTile(task: TileTask): Promise<boolean> {
  const { bytesPerSample, halo, multiple, scale } = setup;
  const windowWidth = roundUp(task.tile.width, multiple) + 2 * halo;
  const windowHeight = roundUp(task.tile.height, multiple) + 2 * halo;
  const source = Buffer.from(task.source);
  const planes = Array.from({ length: planeCounts.input }, (_, plane) =>
    readWindow({ source, task, plane, windowWidth, windowHeight }),
  );
  const [first] = planes;
  const window = planes.length === 1 && first !== undefined ? first : Buffer.concat(planes);
  const cached = cache.get(task.tileIndex);
  const reused = cached !== undefined && cached.window.equals(window);
  const output = reused ? cached.output : await run(window, windowWidth, windowHeight);
  if (!reused) cache.set(task.tileIndex, { window, output });
  const rowBytes = task.tile.width * scale * bytesPerSample;
  const outputRowBytes = (windowWidth - 2 * halo) * scale * bytesPerSample;
  const outputRows = (windowHeight - 2 * halo) * scale;
  const destination = Buffer.from(task.destination);
  const destinationRowBytes = task.width * scale * bytesPerSample;
  for (let plane = 0; plane < planeCounts.output; plane += 1) {
    const top = (plane * task.height + task.tile.y) * scale;
    for (let row = 0; row < task.tile.height * scale; row += 1) {
      const at = (top + row) * destinationRowBytes + task.tile.x * scale * bytesPerSample;
      const from = (plane * outputRows + row) * outputRowBytes;
      output.copy(destination, at, from, from + rowBytes);
    }
  }
  return reused;
}

/** Cuts the tile with its halo out of the plane, repeating the plane's border where the window leaves it. */
function readWindow({ source, task, plane, windowWidth, windowHeight }: Reading): Buffer {
  const { bytesPerSample: size, halo } = setup;
  const { width, height, tile } = task;
  const window = Buffer.allocUnsafeSlow(windowWidth * windowHeight * size);
  const left = tile.x - halo;
  const from = Math.max(0, left);
  const to = Math.min(width, left + windowWidth);
  for (let row = 0; row < windowHeight; row += 1) {
    const line = Math.min(height - 1, Math.max(0, tile.y - halo + row)) * width + plane * width * height;
    const at = row * windowWidth * size;
    source.copy(window, at + (from - left) * size, (line + from) * size, (line + to) * size);
    const first = source.subarray((line + from) * size, (line + from + 1) * size);
    const last = source.subarray((line + to - 1) * size, (line + to) * size);
    if (from > left) window.fill(first, at, at + (from - left) * size);
    if (to < left + windowWidth) window.fill(last, at + (to - left) * size, at + windowWidth * size);
  }
  return window;
}

async function run(window: Buffer, width: number, height: number): Promise<Buffer> {
  const { format } = setup;
  return format.kind === "rgb"
    ? await runRgb(format, window, { width, height })
    : await runLuma(window, [1, format.frames, height, width]);
}

async function runRgb(format: RgbFormat, window: Buffer, { width, height }: Size): Promise<Buffer> {
  const { halo, scale } = setup;
  const input = new Tensor("float32", bytesToTensorData(window, format.peak), [1, 3, height, width]);
  const output = (await session.run({ [format.inputName]: input }))[format.outputName];
  const expected = { width: (width - 2 * format.removed) * scale, height: (height - 2 * format.removed) * scale };
  if (output?.type !== "float32" || output.dims.join("x") !== `1x3x${expected.height}x${expected.width}`) {
    throw new Error(`the network answers ${output?.type ?? "nothing"} ${output?.dims.join("x") ?? ""}`);
  }
  const margin = (halo - format.removed) * scale;
  // the tensor's type is checked above
  return tensorDataToBytes(output.data as Float32Array, { ...expected, margin, peak: format.peak });
}

async function runLuma(window: Buffer, shape: readonly number[]): Promise<Buffer> {
  const feeds: Record<string, Tensor> =
    setup.bytesPerSample === 1
      ? { luma: new Tensor("uint8", window, shape) }
      : {
          luma: new Tensor("uint16", new Uint16Array(window.buffer, window.byteOffset, window.byteLength / 2), shape),
          peak: new Tensor("float32", Float32Array.of(setup.peak), [1]),
        };
  const { upscaled } = await session.run(feeds);
  if (upscaled === undefined) throw new Error("the network has no output named upscaled");
  const data = upscaled.data as Uint8Array | Uint16Array; // the output type of our networks
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function cpuSecondsSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1e6;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
