import { createHash } from "node:crypto";
import { defaultRequest, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { PictureWay } from "../../src/engine/picture-way.ts";
import type { Plan } from "../../src/engine/plan.ts";
import type { Network } from "../../src/engine/stages/enhance.ts";
import { Restorer } from "../../src/engine/stages/restored.ts";
import { noContext } from "../../src/engine/stages/stage.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { readTimeline } from "../../src/media/timeline.ts";

// The pictures that a plan makes, before they are encoded.

/** The plan for a file, in the fast tier at 1.1 times the size. */
export async function planOf(path: string, request: Partial<UpscaleRequest>): Promise<Plan> {
  const whole: UpscaleRequest = { ...defaultRequest, tier: "fast", target: { kind: "scale", factor: 1.1 }, ...request };
  return (await inspect(path, whole, 2)).plan;
}

/** A frame's time and the hash of its samples. */
export type FrameHash = { readonly ticks: bigint; readonly hash: string };

/** What the encoder would get, with segments beginning at the frames of these numbers; plainly resampled without a network. */
export async function picturesOf(
  path: string,
  plan: Plan,
  cuts: readonly number[],
  network?: Network,
): Promise<readonly FrameHash[]> {
  const timeline = await readTimeline(path, plan.source.streamIndex);
  const starts = [0, ...cuts].map((frame) => timeline.frameTicks[frame] ?? 0n);
  const hashes: FrameHash[] = [];
  for (const [index, fromTicks] of starts.entries()) {
    using way = new PictureWay(plan, network);
    const segment = { index, fromTicks, untilTicks: starts[index + 1] };
    const frames = way.run({
      inputPath: path,
      timeline,
      segment,
      framesInFlight: 2,
      decodeThreads: 2,
      onSource: () => undefined,
    });
    for await (const frame of frames) hashes.push(hashOf(frame));
  }
  return hashes;
}

function hashOf(frame: VideoFrame): FrameHash {
  using owned = frame;
  const hash = createHash("sha1");
  const bytes = owned.formatName.endsWith("10le") ? 2 : 1;
  for (const index of [0, 1, 2]) {
    const { data, strideBytes, width, height } = owned.plane(index);
    for (let y = 0; y < height; y += 1) hash.update(data.subarray(y * strideBytes, y * strideBytes + width * bytes));
  }
  return { ticks: owned.pts, hash: hash.digest("hex") };
}

export type RestoredPicture = { readonly ticks: bigint; readonly luma: Uint8Array };

/** The source's 8-bit pictures as the network gets them, with their times. */
export async function restoredOf(path: string, plan: Plan): Promise<readonly RestoredPicture[]> {
  const timeline = await readTimeline(path, plan.source.streamIndex);
  using restorer = new Restorer(plan);
  const range = { fromTicks: undefined, untilTicks: undefined };
  const pictures: RestoredPicture[] = [];
  for await (const frame of restorer.run({ path, timeline, range, margin: noContext, threads: 2, canSeek: true })) {
    pictures.push({ ticks: frame.pts, luma: takeLuma(frame) });
  }
  return pictures;
}

/** 8-bit luma of every picture, row by row without padding. */
export async function lumaOf(frames: AsyncIterable<VideoFrame>): Promise<readonly Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  for await (const frame of frames) pictures.push(takeLuma(frame));
  return pictures;
}

function takeLuma(frame: VideoFrame): Uint8Array {
  using owned = frame;
  const { data, strideBytes, width, height } = owned.plane(0);
  const luma = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) luma.set(data.subarray(y * strideBytes, y * strideBytes + width), y * width);
  return luma;
}

/** dB on the 8-bit scale; 100 for identical pictures. */
export function psnrOf(a: Uint8Array, b: Uint8Array): number {
  let squares = 0;
  for (let i = 0; i < a.length; i += 1) squares += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  return squares === 0 ? 100 : 10 * Math.log10((255 ** 2 * a.length) / squares);
}
