import type { Size, VideoStream } from "../domain/media-info.ts";
import type { ModelDescriptor, NetworkDescriptor } from "../domain/model-descriptor.ts";
import { displaySize, type OutputSize, resolveOutputSize } from "../domain/output-size.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { cleanModel, enlargesOnly, laterModel, modelAtScale, selectModel } from "../models/registry.ts";
import { codecDamage } from "./diagnosis/compression.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import { rgbPasses } from "./rgb-plan.ts";
import { weightsFor } from "./weights.ts";

/** What the last resample may have left to do after the last pass. */
const mostResampled = 1.125;
/** Around 1 the size counts as the source's own. */
const ownSize = { from: 0.99, until: 1.01 } as const;
/** What counts as doubled, without a resample. */
const doubled = { from: 1.98, until: 2.02 } as const;
/** From these ratios on one network that gets there at once, or further and is scaled down, is better than doubling, the larger first
 *  (decision 12). */
const atOnce = [
  { scale: 4, fromRatio: 3 * mostResampled },
  { scale: 3, fromRatio: doubled.until },
] as const;
/** Damage below which a source shows hardly anything of its codec. */
export const hardlyCompressed = 0.02;
/** Of which tiers and preset a network of three times, scaled down, is better than doubling below twice too; with others it is no
 *  better and more work (decision 12). */
const belowTwice = { tiers: ["standard", "pro"], preset: "general" };

export type PictureSizes = {
  /** As a player shows it. */
  readonly display: Size;
  /** As stored, turned upright: what networks are given. */
  readonly upright: Size;
  readonly output: OutputSize;
};

/** Throws: AppError `size_limit`. */
export function pictureSizes(video: VideoStream, target: UpscaleRequest["target"]): PictureSizes {
  const { codedSize, orientation } = video;
  const display = displaySize(codedSize, video.sampleAspect, orientation);
  const turned = orientation.quarterTurnsClockwise % 2 === 1;
  const upright = turned ? { width: codedSize.height, height: codedSize.width } : codedSize;
  return { display, upright, output: resolveOutputSize(display, target) };
}

export type NetworkQuestion = {
  readonly request: UpscaleRequest;
  readonly video: VideoStream;
  readonly diagnosis: Diagnosis;
};

/** The network that the request's tier and preset, what was found in the source, and both sizes ask for. Pure.
 *  Throws: AppError `not_available`, `size_limit`. */
export function chooseNetwork({ request, video, diagnosis }: NetworkQuestion): ModelDescriptor {
  const { upright, output } = pictureSizes(video, request.target);
  const doubling = selectModel(request.tier, weightsFor(request, diagnosis));
  const model = fittingModel(doubling, upright, output);
  return comparedSize(upright, output) === "larger" ? forDamage(model, codecDamage(diagnosis)) : model;
}

/** The network, or where it is a general one and the source is hardly compressed, the one trained on such sources alone, if any.
 *  `damage`: see codecDamage. */
export function forDamage(model: ModelDescriptor, damage: number): ModelDescriptor {
  return damage < hardlyCompressed ? (cleanModel(model) ?? model) : model;
}

/** Of the networks of a doubling one's tier and preset, the one made for the step: at the source's own size one that only
 *  cleans, for sizes other than twice one that gets there at once or further; else the doubling one itself. */
export function fittingModel(model: ModelDescriptor, source: Size, output: Size): ModelDescriptor {
  const ratio = largerRatio(source, output);
  const size = comparedSize(source, output);
  if (size === "same") return modelAtScale(model, 1) ?? model;
  if (size === "smaller" || (ratio >= doubled.from && ratio <= doubled.until)) return model;
  const isBetterBelow = belowTwice.tiers.includes(model.tier) && model.preset === belowTwice.preset;
  if (ratio < doubled.from) return (isBetterBelow ? modelAtScale(model, 3) : undefined) ?? model;
  const larger = atOnce.find(({ fromRatio }) => ratio > fromRatio);
  return (larger && modelAtScale(model, larger.scale)) ?? model;
}

/** How often networks run: enough to reach the larger of both ratios, with up to 1/8 left to the last resample; at the
 *  source's own size once where they restore, and never where they only enlarge: doubled by `general`'s and scaled back, sources
 *  lose (decision 12); never when the picture shrinks. What follows the first pass doubles. */
export function networkPasses(source: Size, output: Size, model: NetworkDescriptor): number {
  if (model.kind === "rgb") return rgbPasses(source, output, model.scale);
  const ratio = largerRatio(source, output);
  const size = comparedSize(source, output);
  if (size === "smaller" || (size === "same" && enlargesOnly(model))) return 0;
  return 1 + Math.max(0, Math.ceil(Math.log2(ratio / model.scale / mostResampled)));
}

/** How much larger the picture is after so many passes. */
export function enlargementOf(model: NetworkDescriptor, passes: number): number {
  if (passes === 0) return 1;
  return model.kind === "rgb" ? model.scale ** passes : model.scale * 2 ** (passes - 1);
}

/** Multiply-adds of all passes over a picture; 0 for an added network, of which only its time is known. */
export function networkMacs(source: Size, passes: number, model: NetworkDescriptor): number {
  if (model.kind === "rgb") return 0;
  const later = laterModel(model) ?? model;
  let macs = 0;
  for (let pass = 0; pass < passes; pass += 1) {
    const { macsPerInputPixel } = pass === 0 ? model : later;
    macs += source.width * source.height * enlargementOf(model, pass) ** 2 * macsPerInputPixel;
  }
  return macs;
}

/** Of the output against the source; what differs by less than a hundredth counts as the same. */
export function comparedSize(source: Size, output: Size): "smaller" | "same" | "larger" {
  const ratio = largerRatio(source, output);
  if (ratio < ownSize.from) return "smaller";
  return ratio > ownSize.until ? "larger" : "same";
}

function largerRatio(source: Size, output: Size): number {
  return Math.max(output.width / source.width, output.height / source.height);
}
