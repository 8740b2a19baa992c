import type { Assumptions } from "../../domain/assumptions.ts";
import type { VideoStream } from "../../domain/media-info.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { describe } from "./findings.ts";

/** Puts what the caller states in place of what was found; the findings say so. */
export function applyAssumptions(found: Diagnosis, assume: Assumptions | undefined, video: VideoStream): Diagnosis {
  if (assume === undefined || Object.values(assume).every((value) => value === undefined)) return found;
  const scan = assume.scan ?? found.scan;
  const flagged = video.fieldOrder === "bottom_first" ? "bottom_first" : "top_first";
  const told: Diagnosis = {
    ...found,
    scan,
    fieldOrder: scan === "progressive" ? undefined : (assume.fields ?? found.fieldOrder ?? flagged),
    reason: assume.scan === undefined ? found.reason : "as told",
    cadence:
      assume.cadence === undefined ? found.cadence : { kind: assume.cadence, uniqueShare: uniqueShare(assume.cadence, found) },
    trueSize: assume.enlarged === undefined ? found.trueSize : assume.enlarged === "none" ? undefined : assume.enlarged,
    compression: assume.compression ?? found.compression,
    blockiness: assume.blockiness ?? found.blockiness,
    ringing: assume.ringing ?? found.ringing,
    halos: assume.halos ?? found.halos,
    shared: assume.shared ?? found.shared,
    noiseSigma: assume.noise ?? found.noiseSigma,
    grain: { ...found.grain, sigma: assume.grain ?? found.grain.sigma },
    banding: assume.banding ?? found.banding,
    flicker: assume.flicker ?? found.flicker,
    letterbox:
      assume.letterbox === undefined
        ? found.letterbox
        : assume.letterbox === "none"
          ? { top: 0, bottom: 0, left: 0, right: 0 }
          : assume.letterbox,
    isMonochrome: assume.monochrome ?? found.isMonochrome,
    fading: { ...found.fading, isFaded: assume.faded ?? found.fading.isFaded },
    unmeasured: found.unmeasured.filter((topic) => assume[topic] === undefined),
    cuts: { ...found.cuts, count: assume.cuts ?? found.cuts.count },
  };
  return { ...told, findings: describe(told, video, assume) };
}

function uniqueShare(kind: Diagnosis["cadence"]["kind"], found: Diagnosis): number {
  if (kind === "duplicates") return Math.min(found.cadence.uniqueShare, 0.95);
  return { every_frame: 1, on_twos: 1 / 2, on_threes: 1 / 3 }[kind];
}
