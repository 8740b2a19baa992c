import type { Assumptions } from "../domain/assumptions.ts";
import { AppError } from "../domain/errors.ts";
import type { MediaInfo, VideoStream } from "../domain/media-info.ts";
import { type PresetClues, proposePreset } from "../domain/preset-clues.ts";
import { type Tier, tiers, type UpscaleRequest } from "../domain/upscale-request.ts";
import type { Diagnosis } from "../engine/diagnosis/diagnosis.ts";
import { chooseNetwork } from "../engine/network-plan.ts";
import { makePlan, type Plan, type PlanQuestion } from "../engine/plan.ts";
import type { OpenedVideo } from "./opened-video.ts";
import type { Findings, FoundTier, LookAnswer, ViewerTask } from "./viewer-messages.ts";

type Base = Pick<PlanQuestion, "media" | "video" | "timeline" | "diagnosis">;

/** What a video is, what was found in it, and what each tier would make of it.
 *  Throws: AppError, where no tier can do anything with it. */
export async function lookAt(
  { request, threads }: Extract<ViewerTask, { type: "look" }>,
  opened: OpenedVideo,
): Promise<LookAnswer> {
  const { timeline, video, media } = opened;
  const base: Base = { media, video, timeline, diagnosis: await opened.diagnosis(request.assume) };
  const demanding = await opened.demanding();
  const videoBytes = timeline.extents.get(video.index)?.bytes ?? 0;
  const picture = opened.facts();
  const clues = readClues(base, videoBytes, picture.durationSeconds);
  const { preset: proposed } = proposePreset(clues);
  const withProposed = planTiers(base, { ...request, preset: proposed }, threads);
  const isProposalAvailable = withProposed.some((tier) => "output" in tier);
  const usedPreset = request.preset ?? (isProposalAvailable ? proposed : "general");
  return {
    picture,
    source: {
      sizeBytes: media.sizeBytes,
      container: media.container,
      bitDepth: video.pixelFormat.bitDepth,
      pixelFormat: video.pixelFormat.name,
      hdr: video.color.transfer === "smpte2084" ? "hdr10" : video.color.transfer === "arib-std-b67" ? "hlg" : "sdr",
      interlaced: base.diagnosis.scan !== "progressive",
      audioTracks: countKind(media, "audio"),
      subtitleTracks: countKind(media, "subtitle"),
      chapters: media.chapters.length,
      bitsPerSecond: picture.durationSeconds > 0 ? (videoBytes * 8) / picture.durationSeconds : undefined,
    },
    findings: findingsOf(base.diagnosis),
    clues,
    assume: assumptionsOf(base.diagnosis),
    usedPreset,
    isProposalAvailable,
    demanding,
    tiers: planTiers(base, { ...request, preset: usedPreset }, threads),
  };
}

function planTiers(base: Base, request: Omit<UpscaleRequest, "tier">, threads: number): readonly FoundTier[] {
  return tiers.map((tier) => planTier(base, { ...request, tier }, threads));
}

function planTier(base: Base, request: UpscaleRequest, threads: number): FoundTier {
  const { tier } = request;
  try {
    const model = chooseNetwork({ ...base, request });
    const plan = makePlan({ ...base, request, model, encoderThreads: threads });
    return describePlan(tier, plan, base);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { tier, failure: { code: error.code, message: error.message } };
  }
}

function describePlan(tier: Tier, plan: Plan, { timeline }: Base): FoundTier {
  const { num, den } = plan.encode.frameRate;
  const copied = plan.streams.filter(({ action }) => action !== "drop");
  return {
    tier,
    network: plan.network?.id,
    output: { ...plan.outputSize, frames: plan.time.frames, frameRate: num / den },
    segments: plan.segments.length,
    multiplyAdds: plan.macsPerFrame * plan.time.frames,
    encoder: { codec: plan.encode.codec, crf: Number(plan.encode.options["crf"] ?? 0) },
    copiedBytes: copied.reduce((sum, { index }) => sum + (timeline.extents.get(index)?.bytes ?? 0), 0),
    decisions: plan.decisions,
  };
}

function findingsOf({ findings, scan, reason }: Diagnosis): Findings {
  if (findings.length === 0) return [{ topic: "scan", finding: scan, reason }];
  return findings.map((finding) => ({ ...finding }));
}

/** A part of the video is then treated as the whole would be. */
function assumptionsOf(diagnosis: Diagnosis): Assumptions {
  const {
    scan,
    fieldOrder,
    cadence,
    trueSize,
    compression,
    blockiness,
    ringing,
    halos,
    shared,
    noiseSigma,
    grain,
    banding,
    flicker,
  } = diagnosis;
  return {
    scan,
    ...(fieldOrder !== undefined && { fields: fieldOrder }),
    cadence: cadence.kind,
    enlarged: trueSize === undefined ? "none" : { ...trueSize },
    compression,
    blockiness,
    ringing,
    halos,
    shared,
    noise: Math.min(64, noiseSigma),
    grain: Math.min(64, grain.sigma),
    banding,
    flicker: Math.min(64, flicker),
    monochrome: diagnosis.isMonochrome,
    faded: diagnosis.fading.isFaded,
  };
}

function readClues({ media, video, timeline, diagnosis }: Base, videoBytes: number, durationSeconds: number): PresetClues {
  const { width, height } = video.codedSize;
  const turned = video.orientation.quarterTurnsClockwise % 2 === 1;
  const pixels = width * height * timeline.frameTicks.length;
  return {
    scan: diagnosis.scan,
    isMonochrome: diagnosis.isMonochrome,
    blockiness: diagnosis.blockiness,
    noiseSigma: diagnosis.noiseSigma,
    grainSigma: diagnosis.grain.sigma,
    isGrainCoarse: diagnosis.grain.isCoarse,
    flicker: diagnosis.flicker,
    isFaded: diagnosis.fading.isFaded,
    cadence: diagnosis.cadence.kind,
    isUpright: turned ? width > height : height > width,
    durationSeconds,
    bitsPerPixel: pixels > 0 ? (videoBytes * 8) / pixels : undefined,
    codec: video.codec,
    madeWith: describeMaker(media, video),
  };
}

function describeMaker(media: MediaInfo, video: VideoStream): string {
  return Object.values({ ...media.metadata, ...video.metadata })
    .join(" ")
    .slice(0, 4000);
}

function countKind({ streams }: MediaInfo, kind: "audio" | "subtitle"): number {
  return streams.filter((stream) => stream.kind === kind).length;
}
