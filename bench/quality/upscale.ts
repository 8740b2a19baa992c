import type { MediaInfo, VideoStream } from "../../src/domain/media-info.ts";
import type { InstalledModel, ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { defaultRequest, UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { measureCompression } from "../../src/engine/diagnosis/compression.ts";
import { nothingFound } from "../../src/engine/diagnosis/diagnosis.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { makePlan, type Plan } from "../../src/engine/plan.ts";
import type { Network } from "../../src/engine/stages/enhance.ts";
import { Enlarger } from "../../src/engine/stages/enlarge.ts";
import type { Timeline } from "../../src/media/timeline.ts";
import { describePixelFormat } from "../../src/media/pixel-format.ts";
import type { Upscaled } from "./contenders.ts";
import type { CodedVideo } from "./h264.ts";
import { copyFrames, gather, Pictures } from "./material.ts";
import { Stopwatch } from "./stopwatch.ts";

export type UpscaleOptions = {
  readonly model: ModelDescriptor | InstalledModel;
  /** What the source was decoded from, by whose size the engine tells how hard it was compressed; undefined: not at all. */
  readonly video: CodedVideo | undefined;
  readonly factor: number;
  readonly threads: number;
};

const timeBase = { num: 1, den: 25 } as const;

/** Pictures that the engine makes at once. */
export const framesInFlight = 2;

/** Upscales every picture as the command would where nothing but compression was found: its plan, its network, with the
 *  neighbours where the network sees them, and its average over time; only the encoder is left out. */
export async function upscaleWithModel(source: Pictures, { model, video, factor, threads }: UpscaleOptions): Promise<Upscaled> {
  const plan = planFor(source, { model, video, factor });
  await using opened = await openNetwork(plan, model, { provider: "cpu", threads });
  using enlarger = new Enlarger(plan, opened.network);
  const stopwatch = new Stopwatch();
  const range = { fromTicks: undefined, untilTicks: undefined };
  const made = enlarger.run(copyFrames(source.frames), { range, framesInFlight, onSource: () => undefined });
  const result = await gather(made);
  return {
    pictures: new Pictures(result, source.color),
    ...stopwatch.perFrame(result.length),
    networkSecondsPerFrame: networkSeconds(opened.network) / result.length,
    way: describeWay(plan),
  };
}

/** Processor time of all inference threads. */
export function networkSeconds(network: Network | undefined): number {
  if (network === undefined) return 0;
  const beside = network.kind === "luma" ? [network.later?.pool, network.chroma?.pool] : [];
  return [network.pool, ...beside].reduce((sum, pool) => sum + (pool?.counts.cpuSeconds ?? 0), 0);
}

/** The networks that ran and how often, and the stages beside them. */
export function describeWay({ decisions, stages }: Plan): string {
  const networks = decisions.filter(({ topic }) => topic === "network" || topic === "chroma").map(({ choice }) => choice);
  return [...networks.filter((choice) => choice !== "Lanczos"), ...stages.map(({ name }) => name.replaceAll("_", " "))].join(
    "; ",
  );
}

/** As the engine tells it from the size of what the source was decoded from; 0 where it was never encoded. */
export function compressionOf(source: Pictures, coded: CodedVideo | undefined): number {
  return measureCompression({ ...streamOf(source), codec: "h264" }, timelineOf(source, coded)) ?? 0;
}

function planFor(source: Pictures, { model, video: coded, factor }: Omit<UpscaleOptions, "threads">): Plan {
  const added = "descriptor" in model;
  const video = streamOf(source);
  const media: MediaInfo = {
    container: "frames in memory",
    sizeBytes: 0,
    durationSeconds: source.frames.length / 25,
    startSeconds: 0,
    hasArbitraryClock: false,
    metadata: {},
    chapters: [],
    streams: [video],
  };
  const compression = added ? 0 : compressionOf(source, coded);
  return makePlan({
    media,
    video,
    timeline: timelineOf(source, coded),
    diagnosis: { ...nothingFound, compression, reason: "the clips are progressive" },
    request: {
      ...defaultRequest,
      ...(!added && { tier: model.tier, preset: presetOf(model) }),
      target: { kind: "scale", factor },
    },
    model: added ? model.descriptor : model,
    encoderThreads: 1,
  });
}

function presetOf({ preset }: ModelDescriptor): UpscaleRequest["preset"] {
  return preset === "clean" ? "general" : UpscaleRequest.shape.preset.parse(preset);
}

function streamOf({ first, color }: Pictures): VideoStream {
  return {
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
}

function timelineOf({ frames }: Pictures, coded: CodedVideo | undefined): Timeline {
  return {
    timeBase,
    frameTicks: frames.map((frame) => frame.pts),
    keyTicks: [0n],
    endTicks: BigInt(frames.length),
    extents: extentsOf(coded, frames.length),
    corruptPackets: 0,
    discardedFrames: 0,
    declaredFrames: frames.length,
    declaredSeconds: undefined,
    readError: undefined,
  };
}

function extentsOf(video: CodedVideo | undefined, frames: number): Timeline["extents"] {
  if (video === undefined) return new Map();
  const bytes = video.packets.reduce((sum, { data }) => sum + data.length, 0);
  return new Map([[0, { packets: video.packets.length, bytes, startSeconds: 0, endSeconds: frames / 25 }]]);
}
