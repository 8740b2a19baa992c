import { AppError } from "../domain/errors.ts";
import type { ColorInfo, HdrMetadata, MediaInfo, Orientation, Size, VideoStream } from "../domain/media-info.ts";
import type { NetworkDescriptor } from "../domain/model-descriptor.ts";
import { type Rational, ticksToSeconds } from "../domain/rational.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { EncodeSettings } from "../media/encode.ts";
import type { Timeline } from "../media/timeline.ts";
import { laterModel } from "../models/registry.ts";
import { chooseChroma } from "./chroma-plan.ts";
import { resolveColor } from "./color.ts";
import { type Decision, explain } from "./decisions.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import { chooseEncoder, workingPixelFormat } from "./encoders.ts";
import { chooseFidelity, type Fidelity } from "./fidelity.ts";
import { enlargementOf, networkMacs, networkPasses, pictureSizes } from "./network-plan.ts";
import { chooseStages } from "./recipes.ts";
import { planSegments, type Segment } from "./segments.ts";
import { type PlannedStage, stagePlaces } from "./stage-plan.ts";
import { refuseForRgb } from "./rgb-plan.ts";
import { decideStreams } from "./streams.ts";
import type { RateGrid, TimeRule } from "./time.ts";
import { chooseTimeStages, frameRateOf, gridOf } from "./time-stages.ts";

/** Everything that is decided before work starts; plain data, printed by `upres plan`, the same for the same input. */
export type Plan = {
  readonly request: UpscaleRequest;
  readonly source: {
    readonly streamIndex: number;
    readonly codedSize: Size;
    readonly uprightSize: Size;
    readonly orientation: Orientation;
    readonly canSeek: boolean;
    readonly isRgb: boolean;
    readonly color: ColorInfo;
  };
  readonly work: { readonly pixelFormat: string; readonly bitDepth: 8 | 10 };
  readonly network: PlannedNetwork | undefined;
  readonly outputSize: Size;
  readonly encode: EncodeSettings;
  readonly hdr: HdrMetadata;
  readonly time: {
    readonly rule: TimeRule;
    /** Of the output's frames. */
    readonly timeBase: Rational;
    readonly sourceTimeBase: Rational;
    /** The output's. */
    readonly frames: number;
    /** The output's frames where a rate was asked for, in its time base. */
    readonly grid: RateGrid | undefined;
    readonly durationSeconds: number;
    readonly shiftSeconds: number;
  };
  /** In running order. */
  readonly stages: readonly PlannedStage[];
  readonly fidelity: Fidelity;
  readonly streams: readonly StreamDecision[];
  readonly segments: readonly Segment[];
  readonly diagnosis: Diagnosis;
  /** Multiply-adds of the networks for one frame's luma; 0 for an added network, of which only its time is known. */
  readonly macsPerFrame: number;
  /** Signs of damage known before decoding; the result is then called partial. */
  readonly damage: readonly string[];
  readonly decisions: readonly Decision[];
};

export type PlannedNetwork = {
  readonly id: string;
  readonly passes: number;
  /** What doubles after the first pass, where another network does. */
  readonly laterId?: string;
  /** What doubles the chroma, where a network does. */
  readonly chromaId?: string;
  /** With `sha256`: of a network that a user added. */
  readonly licence?: string;
  readonly sha256?: string;
};

export type PlanQuestion = {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly diagnosis: Diagnosis;
  readonly request: UpscaleRequest;
  readonly model: NetworkDescriptor;
  readonly encoderThreads: number;
};

const seekableContainers = /mov|mp4|matroska|webm/;

/** Decides everything about a run. Pure.  Throws: AppError `size_limit`, `not_available`, `no_video`, `unsupported_input`. */
export function makePlan(question: PlanQuestion): Plan {
  const { media, video, timeline, diagnosis, request, model } = question;
  if (timeline.frameTicks.length === 0) throw new AppError("no_video", "The video track holds no frames that can be read.");
  const { display, upright: uprightSize, output } = pictureSizes(video, request.target);
  const { reason: sizeReason, ...outputSize } = output;
  const passes = networkPasses(uprightSize, outputSize, model);
  const format = workingPixelFormat(video.pixelFormat);
  const pixelFormat = request.container === "webm" ? format.name.replace("422", "420") : format.name;
  const { color, reason: colorReason } = resolveColor(video.color, video.codedSize, video.pixelFormat);
  if (model.kind === "rgb" && passes > 0) {
    const enlargement = enlargementOf(model, passes);
    refuseForRgb({ id: model.id, bitDepth: format.bitDepth, color, source: uprightSize, enlargement });
  }
  const chroma = chooseChroma({
    model,
    passes,
    pixelFormat,
    chromaLocation: color.chromaLocation,
    source: uprightSize,
    output: outputSize,
  });
  const encoder = chooseEncoder({
    ...request,
    pixelFormat,
    bitDepth: format.bitDepth,
    color,
    hdr: video.hdr,
    outputPixels: outputSize.width * outputSize.height,
  });
  const time = chooseTimeStages({ video, timeline, diagnosis, fps: request.fps });
  const rate = frameRateOf(time, video.averageRate);
  const shiftSeconds = media.hasArbitraryClock ? media.startSeconds : 0;
  const firstTicks = timeline.frameTicks[0] ?? 0n;
  const durationSeconds = Math.max(0, ticksToSeconds(timeline.endTicks - firstTicks, timeline.timeBase));
  const canSeek = seekableContainers.test(media.container);
  const segments = planSegments(timeline);
  const streams = decideStreams(media, video.index, request.container);
  const damage = describeDamage(timeline, media);
  const picture = { ...uprightSize, range: color.range === "full" ? "full" : "limited" } as const;
  const fidelity = chooseFidelity({ request, diagnosis, passes, isAdded: model.kind === "rgb" });
  const cleaning = chooseStages({ request, diagnosis, picture, outputSize });
  const stages = inOrder([time.scan, ...cleaning, time.interpolate]);
  const macsPerFrame = networkMacs(uprightSize, passes, model);
  const decisions = explain({
    ...question,
    display,
    outputSize,
    sizeReason,
    uprightSize,
    passes,
    chroma,
    pixels: { chosen: pixelFormat, format },
    color,
    colorReason,
    encoder,
    rate,
    time,
    stages,
    fidelity,
    shiftSeconds,
    segments,
    streams,
    damage,
    macsPerFrame,
  });
  return {
    request,
    source: {
      streamIndex: video.index,
      codedSize: video.codedSize,
      uprightSize,
      orientation: video.orientation,
      canSeek,
      isRgb: video.pixelFormat.isRgb,
      color: video.color,
    },
    work: { pixelFormat, bitDepth: format.bitDepth },
    network: passes === 0 ? undefined : describeNetwork(model, passes, chroma?.model?.id),
    outputSize,
    encode: {
      codec: encoder.codec,
      size: outputSize,
      pixelFormat: encoder.pixelFormat,
      timeBase: time.times.timeBase,
      frameRate: rate,
      color,
      threads: question.encoderThreads,
      gopFrames: Math.max(12, Math.min(300, Math.round((rate.num / rate.den) * 5))),
      options: encoder.options,
    },
    hdr: video.hdr,
    time: {
      rule: time.rule,
      timeBase: time.times.timeBase,
      sourceTimeBase: timeline.timeBase,
      frames: time.times.frameTicks.length,
      grid: gridOf(time),
      durationSeconds,
      shiftSeconds,
    },
    stages,
    fidelity,
    streams,
    segments,
    diagnosis,
    macsPerFrame,
    damage,
    decisions,
  };
}

/** Scan, source, interpolation, output; within each as given. */
function inOrder(stages: readonly (PlannedStage | undefined)[]): readonly PlannedStage[] {
  const order = ["scan", "source", "interpolation", "output"];
  const place = ({ name }: PlannedStage): number => order.indexOf(stagePlaces[name]);
  return stages.filter((stage) => stage !== undefined).toSorted((a, b) => place(a) - place(b));
}

function describeNetwork(model: NetworkDescriptor, passes: number, chromaId: string | undefined): PlannedNetwork {
  const { id } = model;
  if (model.kind === "rgb") return { id, passes, licence: model.licence, sha256: model.file.sha256 };
  const later = passes > 1 ? laterModel(model) : undefined;
  return { id, passes, ...(later !== undefined && { laterId: later.id }), ...(chromaId !== undefined && { chromaId }) };
}

function describeDamage(timeline: Timeline, media: MediaInfo): readonly string[] {
  const damage: string[] = [];
  if (timeline.readError !== undefined) damage.push(timeline.readError);
  if (timeline.corruptPackets > 0) damage.push(`${timeline.corruptPackets} packets are marked as damaged`);
  const held = timeline.frameTicks.length + timeline.discardedFrames;
  const missing = timeline.declaredFrames - held;
  if (timeline.declaredFrames > 0 && missing > Math.max(2, timeline.declaredFrames * 0.02)) {
    damage.push(`the index announces ${timeline.declaredFrames} frames, the file holds ${held}`);
  }
  const known = Math.max(...[...timeline.extents.values()].map((extent) => extent.endSeconds - media.startSeconds), 0);
  if (media.durationSeconds !== undefined && known < media.durationSeconds - Math.max(1, media.durationSeconds * 0.05)) {
    damage.push(`the container announces ${media.durationSeconds.toFixed(2)} s, the file holds ${known.toFixed(2)} s`);
  }
  return damage;
}
