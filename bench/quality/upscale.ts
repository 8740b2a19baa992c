import { mapConcurrent } from "../../src/core/async.ts";
import type { MediaInfo, VideoStream } from "../../src/domain/media-info.ts";
import type { InstalledModel, ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { defaultRequest, UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { nothingFound } from "../../src/engine/diagnosis/diagnosis.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { makePlan, type Plan } from "../../src/engine/plan.ts";
import { Enhancer, type Network } from "../../src/engine/stages/enhance.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { describePixelFormat } from "../../src/media/pixel-format.ts";
import type { Upscaled } from "./contenders.ts";
import { copyFrames, Pictures } from "./material.ts";

export type UpscaleOptions = {
  readonly model: ModelDescriptor | InstalledModel;
  readonly factor: number;
  readonly threads: number;
};

/** Upscales every picture as the command would: its plan, its network, its stage; only the encoder is left out. */
export async function upscaleWithModel(source: Pictures, { model, factor, threads }: UpscaleOptions): Promise<Upscaled> {
  const plan = planFor(source, model, factor);
  await using opened = await openNetwork(plan, model, { provider: "cpu", threads });
  using enhancer = new Enhancer(plan, opened.network);
  const started = performance.now();
  const result: VideoFrame[] = [];
  for await (const frame of mapConcurrent(copyFrames(source.frames), 2, (copy) => enhancer.enhance(copy))) result.push(frame);
  const seconds = (performance.now() - started) / 1000;
  return {
    pictures: new Pictures(result, source.color),
    secondsPerFrame: seconds / result.length,
    networkSecondsPerFrame: networkSeconds(opened.network) / result.length,
  };
}

function networkSeconds(network: Network | undefined): number {
  return network?.pool.counts.cpuSeconds ?? 0;
}

function planFor({ frames, first, color }: Pictures, model: ModelDescriptor | InstalledModel, factor: number): Plan {
  const timeBase = { num: 1, den: 25 };
  const added = "descriptor" in model;
  const video: VideoStream = {
    kind: "video",
    index: 0,
    codec: "rawvideo",
    codedSize: { width: first.width, height: first.height },
    pixelFormat: describePixelFormat(first.formatName),
    sampleAspect: { num: 1, den: 1 },
    orientation: { mirrored: false, quarterTurnsClockwise: 0 },
    color,
    hdr: {},
    hasDolbyVision: false,
    fieldOrder: "progressive",
    timeBase,
    averageRate: { num: 25, den: 1 },
    startTicks: 0n,
    isCoverArt: false,
    isDefault: true,
    metadata: {},
  };
  const media: MediaInfo = {
    container: "frames in memory",
    sizeBytes: 0,
    durationSeconds: frames.length / 25,
    startSeconds: 0,
    hasArbitraryClock: false,
    metadata: {},
    chapters: [],
    streams: [video],
  };
  return makePlan({
    media,
    video,
    timeline: {
      timeBase,
      frameTicks: frames.map((frame) => frame.pts),
      keyTicks: [0n],
      endTicks: BigInt(frames.length),
      extents: new Map(),
      corruptPackets: 0,
      discardedFrames: 0,
      declaredFrames: frames.length,
      declaredSeconds: undefined,
      readError: undefined,
    },
    diagnosis: { ...nothingFound, reason: "the clips are progressive" },
    request: {
      ...defaultRequest,
      ...(!added && { tier: model.tier, preset: UpscaleRequest.shape.preset.parse(model.preset) }),
      target: { kind: "scale", factor },
    },
    model: added ? model.descriptor : model,
    encoderThreads: 1,
  });
}
