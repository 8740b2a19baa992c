import { InferenceSession, Tensor } from "onnxruntime-node";
import { parentPort, workerData } from "node:worker_threads";
import type { TileReply, TileTask, WorkerSetup } from "./tile-protocol.ts";

// The entry point of one inference thread: a session of its own, tiles one after the other.

type CachedTile = { readonly window: Buffer; readonly output: Buffer };
type Reading = { readonly source: Buffer; readonly task: TileTask; readonly windowWidth: number; readonly windowHeight: number };

const setup = workerData as WorkerSetup; // sent by TilePool
const port = parentPort;
if (port === null) throw new Error("tile-worker runs as a worker thread only");

const session = await InferenceSession.create(setup.modelPath, {
  executionProviders: [setup.provider],
  intraOpNumThreads: setup.intraOpThreads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
});
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
  const window = readWindow({ source: Buffer.from(task.source), task, windowWidth, windowHeight });
  const cached = cache.get(task.tileIndex);
  const reused = cached !== undefined && cached.window.equals(window);
  const output = reused ? cached.output : await run(window, windowWidth, windowHeight);
  if (!reused) cache.set(task.tileIndex, { window, output });
  const rowBytes = task.tile.width * scale * bytesPerSample;
  const outputRowBytes = (windowWidth - 2 * halo) * scale * bytesPerSample;
  const destination = Buffer.from(task.destination);
  const destinationRowBytes = task.width * scale * bytesPerSample;
  for (let row = 0; row < task.tile.height * scale; row += 1) {
    const at = (task.tile.y * scale + row) * destinationRowBytes + task.tile.x * scale * bytesPerSample;
    output.copy(destination, at, row * outputRowBytes, row * outputRowBytes + rowBytes);
  }
  return reused;
}

/** Cuts the tile with its halo out of the plane, repeating the plane's border where the window leaves it. */
function readWindow({ source, task, windowWidth, windowHeight }: Reading): Buffer {
  const { bytesPerSample: size, halo } = setup;
  const { width, height, tile } = task;
  const window = Buffer.allocUnsafeSlow(windowWidth * windowHeight * size);
  const left = tile.x - halo;
  const from = Math.max(0, left);
  const to = Math.min(width, left + windowWidth);
  for (let row = 0; row < windowHeight; row += 1) {
    const line = Math.min(height - 1, Math.max(0, tile.y - halo + row)) * width;
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
  const shape = [1, 1, height, width];
  const feeds: Record<string, Tensor> =
    setup.bytesPerSample === 1
      ? { luma: new Tensor("uint8", window, shape) }
      : {
          luma: new Tensor("uint16", new Uint16Array(window.buffer, window.byteOffset, width * height), shape),
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
