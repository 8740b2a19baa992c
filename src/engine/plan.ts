import { AppError } from "../domain/errors.ts";
import type { ColorInfo, HdrMetadata, MediaInfo, Orientation, Size, VideoStream } from "../domain/media-info.ts";
import type { ModelDescriptor } from "../domain/model-descriptor.ts";
import { displaySize, resolveOutputSize } from "../domain/output-size.ts";
import { formatRational, type Rational, ticksToSeconds } from "../domain/rational.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { EncodeSettings } from "../media/encode.ts";
import type { Timeline } from "../media/timeline.ts";
import { resolveColor } from "./color.ts";
import type { Diagnosis } from "./diagnose.ts";
import { chooseEncoder, workingPixelFormat } from "./encoders.ts";
import { planSegments, type Segment } from "./segments.ts";
import { decideStreams } from "./streams.ts";

/** One line of the printed plan. */
export type Decision = { readonly topic: string; readonly choice: string; readonly reason: string };

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
  readonly network: { readonly id: string; readonly passes: number } | undefined;
  readonly outputSize: Size;
  readonly encode: EncodeSettings;
  readonly hdr: HdrMetadata;
  readonly time: {
    readonly timeBase: Rational;
    readonly frames: number;
    readonly durationSeconds: number;
    readonly shiftSeconds: number;
  };
  readonly streams: readonly StreamDecision[];
  readonly segments: readonly Segment[];
  readonly diagnosis: Diagnosis;
  /** Multiply-adds of the networks for one frame. */
  readonly macsPerFrame: number;
  /** Signs of damage known before decoding; the result is then called partial. */
  readonly damage: readonly string[];
  readonly decisions: readonly Decision[];
};

export type PlanQuestion = {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly diagnosis: Diagnosis;
  readonly request: UpscaleRequest;
  readonly model: ModelDescriptor;
  readonly encoderThreads: number;
};

const seekableContainers = /mov|mp4|matroska|webm/;

/** Decides everything about a run. Pure.  Throws: AppError `size_limit`, `not_available`, `no_video`. */
export function makePlan(question: PlanQuestion): Plan {
  const { media, video, timeline, diagnosis, request, model } = question;
  refuseWhatIsNotThere(request);
  if (timeline.frameTicks.length === 0) throw new AppError("no_video", "The video track holds no frames that can be read.");
  const display = displaySize(video.codedSize, video.sampleAspect, video.orientation);
  const { reason: sizeReason, ...outputSize } = resolveOutputSize(display, request.target);
  const turned = video.orientation.quarterTurnsClockwise % 2 === 1;
  const uprightSize = turned ? { width: video.codedSize.height, height: video.codedSize.width } : video.codedSize;
  const passes = networkPasses(uprightSize, outputSize);
  const format = workingPixelFormat(video.pixelFormat);
  const pixelFormat = request.container === "webm" ? format.name.replace("422", "420") : format.name;
  const { color, reason: colorReason } = resolveColor(video.color, video.codedSize, video.pixelFormat);
  const encoder = chooseEncoder({
    ...request,
    pixelFormat,
    bitDepth: format.bitDepth,
    color,
    hdr: video.hdr,
    outputPixels: outputSize.width * outputSize.height,
  });
  const rate = video.averageRate.num > 0 ? video.averageRate : { num: 25, den: 1 };
  const shiftSeconds = media.hasArbitraryClock ? media.startSeconds : 0;
  const firstTicks = timeline.frameTicks[0] ?? 0n;
  const durationSeconds = Math.max(0, ticksToSeconds(timeline.endTicks - firstTicks, timeline.timeBase));
  const canSeek = seekableContainers.test(media.container);
  const segments = planSegments({ ...timeline, canSeek });
  const streams = decideStreams(media, video.index, request.container);
  const damage = describeDamage(timeline, media);
  const macsPerFrame = networkMacs(uprightSize, passes, model);
  const size = (value: Size): string => `${value.width}x${value.height}`;
  const decisions: Decision[] = [
    {
      topic: "video",
      choice: `track ${video.index}, ${video.codec} ${size(video.codedSize)} ${video.pixelFormat.name}`,
      reason: "the main moving picture",
    },
    {
      topic: "scan",
      choice: diagnosis.scan,
      reason: diagnosis.scan === "progressive" ? diagnosis.reason : `${diagnosis.reason}; it is not treated yet: lines may comb`,
    },
    { topic: "geometry", choice: `shown upright as ${size(display)}`, reason: geometryReason(video) },
    { topic: "size", choice: size(outputSize), reason: sizeReason },
    {
      topic: "network",
      choice: passes === 0 ? "none" : `${model.id}, ${passes} time${passes > 1 ? "s" : ""}`,
      reason: networkReason(uprightSize, outputSize, passes),
    },
    {
      topic: "pixels",
      choice: pixelFormat,
      reason: pixelFormat === format.name ? format.reason : `${format.reason}; WebM players take 4:2:0 only`,
    },
    {
      topic: "colour",
      choice: `${color.matrix}/${color.primaries}/${color.transfer}, ${color.range} range, chroma ${color.chromaLocation}`,
      reason: colorReason,
    },
    { topic: "encoder", choice: `${encoder.codec}, CRF ${encoder.crf}`, reason: `${encoder.reason}; quality ${request.quality}` },
    {
      topic: "time",
      choice: `${timeline.frameTicks.length} frames, every timestamp kept`,
      reason: timeReason(rate, shiftSeconds, request.container),
    },
    {
      topic: "segments",
      choice: `${segments.length}`,
      reason: "cut at key frames 5 to 10 s apart; a finished one is never done again",
    },
    ...streams.map((stream) => ({
      topic: `${stream.kind} ${stream.index}`,
      choice: stream.action === "convert" ? `convert to ${stream.to}` : stream.action,
      reason: stream.reason,
    })),
    ...(video.hasDolbyVision
      ? [
          {
            topic: "Dolby Vision",
            choice: "drop",
            reason: "its per-frame data does not fit a larger picture; the base layer's HDR is kept",
          },
        ]
      : []),
    ...damage.map((reason) => ({ topic: "damage", choice: "partial result", reason })),
    {
      topic: "cost",
      choice: `${(macsPerFrame / 1e9).toFixed(1)} G multiply-adds a frame`,
      reason: `${model.macsPerInputPixel} per input pixel of ${model.id}`,
    },
  ];
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
    network: passes === 0 ? undefined : { id: model.id, passes },
    outputSize,
    encode: {
      codec: encoder.codec,
      size: outputSize,
      pixelFormat: encoder.pixelFormat,
      timeBase: timeline.timeBase,
      frameRate: rate,
      color,
      threads: question.encoderThreads,
      gopFrames: Math.max(12, Math.min(300, Math.round((rate.num / rate.den) * 5))),
      options: encoder.options,
    },
    hdr: video.hdr,
    time: { timeBase: timeline.timeBase, frames: timeline.frameTicks.length, durationSeconds, shiftSeconds },
    streams,
    segments,
    diagnosis,
    macsPerFrame,
    damage,
    decisions,
  };
}

function refuseWhatIsNotThere(request: UpscaleRequest): void {
  if (request.fps !== "keep") {
    throw new AppError(
      "not_available",
      `Changing the frame rate (--fps ${request.fps}) is not there yet; leave it out to keep the source's.`,
    );
  }
  if (request.preset !== "general") {
    throw new AppError("not_available", `The preset ${request.preset} is not there yet; use --preset general.`);
  }
  if (request.fidelity !== "high") {
    throw new AppError("not_available", `Fidelity ${request.fidelity} is not there yet; use --fidelity high.`);
  }
}

/** How often the ×2 network runs: enough to reach the larger of both ratios, with up to 1/8 left to the last resample;
 *  once at the source's own size, where it restores; never when the picture shrinks. */
export function networkPasses(source: Size, output: Size): number {
  const ratio = Math.max(output.width / source.width, output.height / source.height);
  if (ratio < 0.99) return 0;
  return Math.max(1, Math.ceil(Math.log2(ratio / 1.125)));
}

function networkReason(source: Size, output: Size, passes: number): string {
  const ratio = Math.max(output.width / source.width, output.height / source.height);
  if (passes === 0) return `the picture shrinks to ${ratio.toFixed(3)}: plain resampling keeps all that fits`;
  const reached = 2 ** passes;
  const rest = Math.abs(reached - ratio) < 1e-3 ? "exactly" : `then one resample from ${reached} to ${ratio.toFixed(3)}`;
  return ratio < 1.01 ? "same size: doubled, cleaned and scaled back" : `each pass doubles; ${rest}`;
}

function networkMacs(source: Size, passes: number, model: ModelDescriptor): number {
  let pixels = 0;
  for (let pass = 0; pass < passes; pass += 1) pixels += source.width * source.height * 4 ** pass;
  return pixels * model.macsPerInputPixel;
}

function geometryReason({ codedSize, sampleAspect, orientation }: VideoStream): string {
  const parts = [`${codedSize.width}x${codedSize.height} stored`];
  if (sampleAspect.num !== sampleAspect.den) parts.push(`pixels ${formatRational(sampleAspect)} wide, made square`);
  if (orientation.mirrored) parts.push("mirrored back");
  if (orientation.quarterTurnsClockwise !== 0) parts.push(`turned ${orientation.quarterTurnsClockwise * 90}° clockwise`);
  return parts.join(", ");
}

function timeReason(rate: Rational, shiftSeconds: number, container: string): string {
  const parts = [`source averages ${formatRational(rate)} frames a second`];
  if (shiftSeconds !== 0) parts.push(`the transport clock's start (${shiftSeconds.toFixed(6)} s) is taken off every track alike`);
  if (container === "webm") parts.push("WebM counts whole milliseconds");
  return parts.join("; ");
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
