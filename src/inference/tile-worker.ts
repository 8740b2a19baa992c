import { InferenceSession, Tensor } from "onnxruntime-node";
import { parentPort, workerData } from "node:worker_threads";
import type { Size } from "../domain/media-info.ts";
import { bytesToTensorData, tensorDataToBytes } from "./rgb-samples.ts";
import { inputLayout, planesOf, type TileReply, type TileTask, type WorkerSetup } from "./tile-protocol.ts";
import { readWindow } from "./tile-window.ts";

// The entry point of one inference thread: a session of its own, tiles one after the other.

type RgbFormat = Extract<WorkerSetup["format"], { kind: "rgb" }>;
type CachedTile = { readonly window: Buffer; readonly output: Buffer };

const setup = workerData as WorkerSetup; // sent by TilePool
const port = parentPort;
if (port === null) throw new Error("tile-worker runs as a worker thread only");

const session = await InferenceSession.create(setup.modelPath, {
  executionProviders: [setup.provider],
  intraOpNumThreads: setup.intraOpThreads,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
  logSeverityLevel: setup.format.kind === "rgb" ? 4 : 2, // what strangers' files are warned about helps nobody
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
  const place = { x: task.tile.x - halo, y: task.tile.y - halo, width: windowWidth, height: windowHeight };
  const planes = inputLayout(setup.format, task).map((plane) => readWindow(source, plane, place, bytesPerSample));
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

async function run(window: Buffer, width: number, height: number): Promise<Buffer> {
  const { format } = setup;
  switch (format.kind) {
    case "rgb":
      return await runRgb(format, window, { width, height });
    case "luma":
      return await runOwn({ luma: integers(window, [1, format.frames, height, width]) });
    case "chroma":
      return await runChroma(window, { width, height });
  }
}

/** Plain chroma stays what it is, whatever the luma: the networks are made so, and need not be asked. */
async function runChroma(window: Buffer, { width, height }: Size): Promise<Buffer> {
  const { bytesPerSample, halo, scale } = setup;
  const planeBytes = width * height * bytesPerSample;
  const planes = [4, 5].map((index) => window.subarray(index * planeBytes, (index + 1) * planeBytes));
  if (planes.every((plane) => plane.subarray(bytesPerSample).equals(plane.subarray(0, planeBytes - bytesPerSample)))) {
    const samples = (width - 2 * halo) * (height - 2 * halo) * scale ** 2;
    return Buffer.concat(planes.map((plane) => Buffer.alloc(samples * bytesPerSample, plane.subarray(0, bytesPerSample))));
  }
  return await runOwn({
    luma: integers(window.subarray(0, 4 * planeBytes), [1, 1, 2 * height, 2 * width]),
    chroma: integers(window.subarray(4 * planeBytes), [1, 2, height, width]),
  });
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

/** One of our own networks: integers in and out, and the peak where they are 16 bits wide. */
async function runOwn(planes: Readonly<Record<string, Tensor>>): Promise<Buffer> {
  const peak = setup.bytesPerSample === 1 ? {} : { peak: new Tensor("float32", Float32Array.of(setup.peak), [1]) };
  const { upscaled } = await session.run({ ...planes, ...peak });
  if (upscaled === undefined) throw new Error("the network has no output named upscaled");
  const data = upscaled.data as Uint8Array | Uint16Array; // the output type of our networks
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function integers(window: Buffer, shape: readonly number[]): Tensor {
  if (setup.bytesPerSample === 1) return new Tensor("uint8", window, shape);
  return new Tensor("uint16", new Uint16Array(window.buffer, window.byteOffset, window.byteLength / 2), shape);
}

function cpuSecondsSince(from: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1e6;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
