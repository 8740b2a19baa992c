import { FrameInterpolator, FramePair } from "../../src/engine/stages/interpolate.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { copyFrame } from "../quality/material.ts";

/** Pictures by their number in the clip, and the processor time that making them took. Owns: the pictures. */
export class Rebuilt implements Disposable {
  readonly frames: ReadonlyMap<number, VideoFrame>;
  readonly seconds: number;

  constructor(frames: ReadonlyMap<number, VideoFrame>, seconds: number) {
    this.frames = frames;
    this.seconds = seconds;
  }

  [Symbol.dispose](): void {
    for (const frame of this.frames.values()) frame[Symbol.dispose]();
  }
}

/** Makes the odd pictures of a clip from the even ones. Owns: leaves the pictures as they are. */
export type Contender = { readonly name: string; rebuild(truth: readonly VideoFrame[]): Promise<Rebuilt> };

const bestSettings = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:vsbmc=1";

export const ours = { name: "upres", rebuild: interpolate } as const satisfies Contender;
export const minterpolate = { name: "minterpolate", rebuild: (truth) => filter(truth, bestSettings) } satisfies Contender;
export const blend = { name: "blend", rebuild: (truth) => filter(truth, "mi_mode=blend") } satisfies Contender;

async function interpolate(truth: readonly VideoFrame[]): Promise<Rebuilt> {
  const [first] = truth;
  if (first === undefined) throw new RangeError("there are no pictures");
  const size = { width: first.width, height: first.height };
  using stage = new FrameInterpolator({ sourceSize: size, outputSize: size, bitDepth: 8 });
  const before = process.cpuUsage();
  const frames = await keepOdd(
    stage.run(
      evenPairs(truth),
      truth.slice(0, -1).map((_, index) => BigInt(index)),
    ),
    1n,
  );
  return new Rebuilt(frames, secondsSince(before));
}

/** Processor time of all threads: what else the machine does counts for little. */
function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function* evenPairs(truth: readonly VideoFrame[]): AsyncGenerator<FramePair> {
  for await (const frame of evenFrames(truth, 1n)) yield new FramePair(frame, copyFrame(frame));
}

async function filter(truth: readonly VideoFrame[], settings: string): Promise<Rebuilt> {
  // Filters of this build count microseconds: two pictures of the clip are 40 ms apart.
  using chain = new FrameFilter(() => `minterpolate=fps=50:${settings}`);
  const before = process.cpuUsage();
  const frames = await keepOdd(chain.stream(evenFrames(truth, 20_000n)), 1n);
  return new Rebuilt(frames, secondsSince(before));
}

async function* evenFrames(truth: readonly VideoFrame[], ticksPerFrame: bigint): AsyncGenerator<VideoFrame> {
  for (const [index, frame] of truth.entries()) {
    if (index % 2 === 1) continue;
    const copy = copyFrame(frame);
    copy.pts = BigInt(index) * ticksPerFrame;
    yield copy;
  }
}

async function keepOdd(made: AsyncIterable<VideoFrame>, ticksPerFrame: bigint): Promise<Map<number, VideoFrame>> {
  const frames = new Map<number, VideoFrame>();
  for await (const frame of made) {
    const index = Number(frame.pts / ticksPerFrame);
    if (index % 2 === 1) frames.set(index, frame);
    else frame[Symbol.dispose]();
  }
  return frames;
}
