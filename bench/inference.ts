import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { planTiles } from "../src/engine/tiles.ts";
import type { ModelDescriptor } from "../src/domain/model-descriptor.ts";
import type { Size } from "../src/domain/media-info.ts";
import { TilePool } from "../src/inference/tile-pool.ts";
import { locateModel } from "../src/models/locate.ts";
import { bundledModels } from "../src/models/registry.ts";
import { describeMachine, machineFacts } from "./machine.ts";
import { formatTable } from "./table.ts";

// Times the bundled networks over tile sizes and thread counts on one plane, to choose the engine's tile size.

const { values } = parseArgs({
  options: {
    widths: { type: "string", default: "128,192,256,320,480,960" },
    heights: { type: "string", default: "64,90,108,136,180,270" },
    workers: { type: "string", default: [1, availableParallelism()].join(",") },
    model: { type: "string", default: "fast,standard" },
    seconds: { type: "string", default: "1.5" },
  },
});
const plane: Size = { width: 960, height: 540 };
const minimumSeconds = Number(values.seconds);

console.log(describeMachine(machineFacts()));
for (const tier of values.model.split(",")) {
  const descriptor = bundledModels.find((model) => model.tier === tier);
  if (descriptor === undefined) throw new RangeError(`there is no network of tier ${tier}`);
  for (const workers of numbers(values.workers)) await timeNetwork(descriptor, workers);
}

async function timeNetwork(descriptor: ModelDescriptor, workers: number): Promise<void> {
  const modelPath = await locateModel(descriptor, 8);
  await using pool = await TilePool.create({ descriptor, modelPath, provider: "cpu", workers, bitDepth: 8 });
  const rows: { text: string[]; cpuMsPerFrame: number }[] = [];
  for (const width of numbers(values.widths)) {
    for (const height of numbers(values.heights)) {
      const tiles = planTiles(plane, { width, height }, descriptor.sizeMultiple);
      const { msPerFrame, cpuMsPerFrame } = await timeTiles(pool, { width, height }, descriptor.sizeMultiple);
      const [first] = tiles;
      const gmacPerCpuSecond = (plane.width * plane.height * descriptor.macsPerInputPixel) / cpuMsPerFrame / 1e6;
      rows.push({
        text: [
          `${width}x${height}`,
          `${first?.width ?? 0}x${first?.height ?? 0}`,
          `${tiles.length}`,
          msPerFrame.toFixed(1),
          cpuMsPerFrame.toFixed(1),
          gmacPerCpuSecond.toFixed(1),
        ],
        cpuMsPerFrame,
      });
    }
  }
  console.log(
    `\n${descriptor.id}, ${workers} thread${workers > 1 ? "s" : ""}, ${plane.width}x${plane.height}, least processor time first\n`,
  );
  rows.sort((a, b) => a.cpuMsPerFrame - b.cpuMsPerFrame);
  const head = ["largest tile", "tile", "tiles", "ms a frame", "CPU ms a frame", "GMAC/CPU s"];
  console.log(formatTable([head, ...rows.map((row) => row.text)]));
}

/** The fastest of several frames, each different from the last, so that no tile is recognised as unchanged. */
async function timeTiles(pool: TilePool, side: Size, multiple: number): Promise<{ msPerFrame: number; cpuMsPerFrame: number }> {
  let msPerFrame = Infinity;
  let cpuMsPerFrame = Infinity;
  const started = performance.now();
  for (let frame = 0; frame < 3 || performance.now() - started < minimumSeconds * 1000; frame += 1) {
    const source = pool.allocate(plane.width, plane.height);
    fill(new Uint8Array(source.data), frame);
    const before = performance.now();
    const cpuBefore = pool.counts.cpuSeconds;
    pool.release(await pool.upscale(source, planTiles(plane, side, multiple)));
    msPerFrame = Math.min(msPerFrame, performance.now() - before);
    cpuMsPerFrame = Math.min(cpuMsPerFrame, (pool.counts.cpuSeconds - cpuBefore) * 1000);
  }
  return { msPerFrame, cpuMsPerFrame };
}

function fill(samples: Uint8Array, frame: number): void {
  for (let i = 0; i < samples.length; i += 1) samples[i] = (i * 7 + frame * 31 + ((i >> 5) & 63)) & 255;
}

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}
