import type { ColorInfo, MediaInfo, Size, VideoStream } from "../domain/media-info.ts";
import type { NetworkDescriptor } from "../domain/model-descriptor.ts";
import { formatRational, type Rational } from "../domain/rational.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { Timeline } from "../media/timeline.ts";
import { laterModel } from "../models/registry.ts";
import type { ChromaChoice } from "./chroma-plan.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import { enlargementOf } from "./network-plan.ts";
import { chooseWeights } from "./weights.ts";
import type { EncoderChoice, WorkingFormat } from "./encoders.ts";
import type { Segment } from "./segments.ts";
import type { Fidelity } from "./fidelity.ts";
import type { PlannedStage } from "./stage-plan.ts";
import type { TimeChoice } from "./time-stages.ts";

/** One line of the printed plan. */
export type Decision = { readonly topic: string; readonly choice: string; readonly reason: string };

export type DecisionFacts = {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly diagnosis: Diagnosis;
  readonly request: UpscaleRequest;
  readonly model: NetworkDescriptor;
  readonly display: Size;
  readonly outputSize: Size;
  readonly sizeReason: string;
  readonly uprightSize: Size;
  readonly passes: number;
  readonly chroma: ChromaChoice | undefined;
  readonly pixels: { readonly chosen: string; readonly format: WorkingFormat };
  readonly color: ColorInfo;
  readonly colorReason: string;
  readonly encoder: EncoderChoice;
  readonly rate: Rational;
  readonly time: TimeChoice;
  readonly stages: readonly PlannedStage[];
  readonly fidelity: Fidelity;
  readonly shiftSeconds: number;
  readonly segments: readonly Segment[];
  readonly streams: readonly StreamDecision[];
  readonly damage: readonly string[];
  readonly macsPerFrame: number;
};

/** Puts what was decided into words. */
export function explain(facts: DecisionFacts): readonly Decision[] {
  const { media, video, diagnosis, request, model, outputSize, uprightSize, passes, pixels, color, encoder } = facts;
  const size = (value: Size): string => `${value.width}x${value.height}`;
  return [
    {
      topic: "video",
      choice: `track ${video.index}, ${video.codec} ${size(video.codedSize)} ${video.pixelFormat.name}`,
      reason: "the main moving picture",
    },
    {
      topic: "scan",
      choice: diagnosis.scan,
      reason: diagnosis.reason,
    },
    ...diagnosis.findings
      .filter(({ topic }) => topic !== "scan")
      .map(({ topic, finding, reason }) => ({ topic, choice: finding, reason })),
    { topic: "geometry", choice: `shown upright as ${size(facts.display)}`, reason: geometryReason(video) },
    { topic: "size", choice: size(outputSize), reason: facts.sizeReason },
    {
      topic: "network",
      choice: passes === 0 ? "none" : describePasses(model, passes),
      reason: networkReason(uprightSize, outputSize, model, passes) + presetReason(facts),
    },
    ...(facts.chroma === undefined
      ? []
      : [{ topic: "chroma", choice: facts.chroma.model?.id ?? "Lanczos", reason: facts.chroma.reason }]),
    ...facts.stages.map((stage) => ({ topic: "stage", choice: describeStage(stage), reason: stage.reason })),
    {
      topic: "fidelity",
      choice: facts.fidelity.boundDb === undefined ? "no bound" : `within ${facts.fidelity.boundDb} dB`,
      reason: facts.fidelity.reason,
    },
    ...(model.kind === "rgb" && passes > 0
      ? [
          {
            topic: "network file",
            choice: `sha256 ${model.file.sha256}`,
            reason: `from ${model.source}; licence: ${model.licence}; it works on R'G'B', converted by the source's own matrix`,
          },
        ]
      : []),
    {
      topic: "pixels",
      choice: pixels.chosen,
      reason:
        pixels.chosen === pixels.format.name ? pixels.format.reason : `${pixels.format.reason}; WebM players take 4:2:0 only`,
    },
    {
      topic: "colour",
      choice: `${color.matrix}/${color.primaries}/${color.transfer}, ${color.range} range, chroma ${color.chromaLocation}`,
      reason: facts.colorReason,
    },
    { topic: "encoder", choice: `${encoder.codec}, CRF ${encoder.crf}`, reason: `${encoder.reason}; quality ${request.quality}` },
    {
      topic: "time",
      choice: timeChoice(facts.time),
      reason: timeReason(facts),
    },
    {
      topic: "segments",
      choice: `${facts.segments.length}`,
      reason: "cut at key frames 5 to 10 s apart; a finished one is never done again",
    },
    ...facts.streams.map((stream) => ({
      topic: `${stream.kind} ${stream.index}`,
      choice: stream.action === "convert" ? `convert to ${stream.to}` : stream.action,
      reason: stream.reason,
    })),
    ...describeChapters(media, request.container),
    ...describeHdr(video),
    ...(video.hasDolbyVision
      ? [
          {
            topic: "Dolby Vision",
            choice: "drop",
            reason: "its per-frame data does not fit a larger picture; the base layer's HDR is kept",
          },
        ]
      : []),
    ...facts.damage.map((reason) => ({ topic: "damage", choice: "partial result", reason })),
    describeCost(facts),
  ];
}

function describeCost({ model, uprightSize, passes, macsPerFrame }: DecisionFacts): Decision {
  if (model.kind !== "rgb") {
    return {
      topic: "cost",
      choice: `${(macsPerFrame / 1e9).toFixed(1)} G multiply-adds a frame`,
      reason: `${model.macsPerInputPixel} per input pixel of ${model.id}`,
    };
  }
  let pixels = 0;
  for (let pass = 0; pass < passes; pass += 1) pixels += uprightSize.width * uprightSize.height * model.scale ** (2 * pass);
  return {
    topic: "cost",
    choice: `about ${((pixels / 1e6) * model.secondsPerMegapixel).toFixed(1)} s a frame`,
    reason: `${model.secondsPerMegapixel.toFixed(1)} s a megapixel, measured on the CPU when ${model.id} was added`,
  };
}

function describePasses(model: NetworkDescriptor, passes: number): string {
  if (passes === 1) return `${model.id}, once`;
  const later = model.kind === "rgb" ? undefined : laterModel(model);
  if (later === undefined) return `${model.id}, ${passes} times`;
  return `${model.id}, then ${later.id}${passes === 2 ? "" : `, ${passes - 1} times`}`;
}

function networkReason(source: Size, output: Size, model: NetworkDescriptor, passes: number): string {
  const ratio = Math.max(output.width / source.width, output.height / source.height);
  if (passes === 0 && ratio >= 0.99) return "same size: there is nothing to enlarge, and general's networks mend nothing";
  if (passes === 0) return `the picture shrinks to ${ratio.toFixed(3)}: plain resampling keeps all that fits`;
  const reached = enlargementOf(model, passes);
  const rest = Math.abs(reached - ratio) < 1e-3 ? "exactly" : `then one resample from ${reached} to ${ratio.toFixed(3)}`;
  if (ratio < 1.01 && model.scale > 1) return "same size: enlarged, cleaned and scaled back";
  if (ratio < 1.01) return model.kind === "rgb" ? "same size" : "same size: cleaned by a network made for it";
  if (model.kind !== "rgb" && model.scale !== 2)
    return `${firstPass(model.scale, ratio)}${passes > 1 ? ", then doubled" : ""}; ${rest}`;
  return `each pass ${model.scale === 2 ? "doubles" : `makes it ${model.scale} times larger`}; ${rest}`;
}

/** Below this ratio the network of three times makes clearly more than is kept. */
const moreThanNeededUntil = 2.6;

function firstPass(scale: number, ratio: number): string {
  if (scale === 1) return "cleaned at the source's size";
  if (scale === 3 && ratio < moreThanNeededUntil)
    return `made ${scale} times larger at once, more than is needed: better than doubling`;
  return `made ${scale} times larger at once, better than doubling twice and a quarter of the work`;
}

function geometryReason({ codedSize, sampleAspect, orientation }: VideoStream): string {
  const parts = [`${codedSize.width}x${codedSize.height} stored`];
  if (sampleAspect.num !== sampleAspect.den) parts.push(`pixels ${formatRational(sampleAspect)} wide, made square`);
  if (orientation.mirrored) parts.push("mirrored back");
  if (orientation.quarterTurnsClockwise !== 0) parts.push(`turned ${orientation.quarterTurnsClockwise * 90}° clockwise`);
  return parts.join(", ");
}

/** A stage's name with its strength. */
export function describeStage(stage: PlannedStage): string {
  const name = stage.name.replaceAll("_", " ");
  if ("strength" in stage) return `${name}, strength ${stage.strength}`;
  if ("sigma" in stage) return `${name}, sigma ${stage.sigma} of 255`;
  switch (stage.name) {
    case "deinterlace":
      return `${name}, ${stage.output === "fields" ? "a frame for each field" : "a frame for each frame"}`;
    case "interpolate":
      return `${name} to ${formatRational(stage.rate)} frames a second`;
    case "restore_contrast":
      return `${name}, ${stage.curve.length} points in time`;
    case "temporal_average":
      return `${name} of ${2 * stage.reach + 1} frames, distance ${stage.distance} of 255`;
    case "inverse_telecine":
      return `${name} to ${formatRational(stage.grid.filmRate)} frames a second`;
  }
}

function presetReason({ model, passes, request, diagnosis }: DecisionFacts): string {
  if (model.kind === "rgb" || passes === 0) return "";
  const { preset, reason } = chooseWeights(request, diagnosis);
  const why = reason === undefined ? "" : `; ${reason}`;
  if (model.tier !== request.tier) {
    return `${why}; there is no network for the preset ${preset} in the tier ${request.tier}, so that of ${model.tier} is used`;
  }
  if (model.preset === "clean") return `${why}; hardly anything of a codec shows, so weights trained on such video`;
  if (model.preset === request.preset || why !== "") return why;
  return `; there is no network for the preset ${request.preset}, so the one for ${model.preset} is used`;
}

function timeChoice({ rule, times }: TimeChoice): string {
  const frames = `${times.frameTicks.length} frames`;
  if (rule.rate !== undefined) return `${frames}, exactly ${formatRational(rule.rate)} a second`;
  if (rule.scan === "film") return `${frames}, film's steady cadence`;
  return rule.scan === "fields" ? `${frames}, one for each field` : `${frames}, every timestamp kept`;
}

function timeReason({ video, time, timeline, shiftSeconds, request: { container } }: DecisionFacts): string {
  const known = video.averageRate.num > 0;
  const parts = [
    known ? `source averages ${formatRational(video.averageRate)} frames a second` : "the source states no frame rate",
  ];
  if (time.rule.scan === "film") parts.push(`four frames for five of the source's ${timeline.frameTicks.length}`);
  if (time.rule.rate !== undefined && time.interpolate === undefined) parts.push("each time shows the source's nearest frame");
  if (shiftSeconds !== 0) parts.push(`the transport clock's start (${shiftSeconds.toFixed(6)} s) is taken off every track alike`);
  if (container === "webm") parts.push("WebM counts whole milliseconds");
  return parts.join("; ");
}

function describeChapters({ chapters }: MediaInfo, container: string): readonly Decision[] {
  if (chapters.length === 0) return [];
  const kept = container !== "webm";
  return [
    {
      topic: "chapters",
      choice: kept ? `keep ${chapters.length}` : "drop",
      reason: kept ? "written with their titles" : "chapters are not written to WebM yet",
    },
  ];
}

function describeHdr({ color, hdr }: VideoStream): readonly Decision[] {
  const kind = { smpte2084: "PQ (HDR10)", "arib-std-b67": "HLG" }[color.transfer];
  if (kind === undefined) return [];
  const data = [...(hdr.mastering ? ["mastering display"] : []), ...(hdr.contentLight ? ["light levels"] : [])];
  const reason = data.length === 0 ? "the source carries no mastering or light-level data" : `with ${data.join(" and ")}`;
  return [{ topic: "HDR", choice: `keep ${kind}`, reason }];
}
