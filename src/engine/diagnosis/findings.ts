import type { Assumptions } from "../../domain/assumptions.ts";
import type { VideoStream } from "../../domain/media-info.ts";
import { type Diagnosis, type Finding, sharedLook, type Topic } from "./diagnosis.ts";

const cadenceWords = {
  every_frame: "every frame is new",
  duplicates: "some frames are shown again",
  on_twos: "each picture is shown twice",
  on_threes: "each picture is shown three times",
} as const satisfies Record<Diagnosis["cadence"]["kind"], string>;

/** Puts a diagnosis into lines for people. A topic in `assume` has no measurement behind it. */
export function describe(diagnosis: Diagnosis, video: VideoStream, assume: Assumptions = {}): readonly Finding[] {
  const line = (topic: Topic, finding: string, reason: string): Finding => {
    if (assume[topic] !== undefined) return { topic, finding, reason: "as told" };
    if (diagnosis.sampledFrames === 0) return { topic, finding: "unknown", reason: "no frame could be looked at" };
    if (diagnosis.unmeasured.includes(topic)) return { topic, finding: "unknown", reason: tooLittle(topic) };
    return { topic, finding, reason };
  };
  const { cadence, grain, letterbox, fading, cuts, trueSize, fieldOrder } = diagnosis;
  const borders = Object.values(letterbox).some((lines) => lines > 0);
  return [
    line("scan", diagnosis.scan, diagnosis.reason),
    ...(fieldOrder === undefined
      ? []
      : [line("fields", fieldOrder === "top_first" ? "top field first" : "bottom field first", "as the fields move")]),
    line("cadence", cadenceWords[cadence.kind], cadenceReason(diagnosis)),
    line(
      "enlarged",
      trueSize === undefined ? "no sign of it" : `from about ${trueSize.width}x${trueSize.height}`,
      trueSize === undefined ? "no sharp end of the fine detail" : "the fine detail ends abruptly, as after a resize",
    ),
    line("compression", grade(diagnosis.compression), `${diagnosis.compression.toFixed(2)} of 1, by its bits for each pixel`),
    line("blockiness", grade(diagnosis.blockiness), `${diagnosis.blockiness.toFixed(2)} of 1, by the edges of 8x8 blocks`),
    line("ringing", grade(diagnosis.ringing), `${diagnosis.ringing.toFixed(2)} of 1, by the ripples beside strong edges`),
    line("halos", haloWord(diagnosis.halos), `sharp edges shoot over by ${(diagnosis.halos * 100).toFixed(1)} % of their height`),
    line("shared", sharedWord(diagnosis.shared), sharedReason(diagnosis)),
    line("noise", noiseWord(diagnosis.noiseSigma), `sigma ${diagnosis.noiseSigma.toFixed(1)} of 255 in flat areas`),
    line("grain", grain.sigma === 0 ? "none" : grain.isCoarse ? "coarse" : "fine", grainReason(diagnosis)),
    line("banding", grade(diagnosis.banding), `${percent(diagnosis.banding)} of the smooth areas stand in visible steps`),
    line(
      "flicker",
      flickerWord(diagnosis.flicker),
      `brightness varies by ${diagnosis.flicker.toFixed(2)} of 255 from frame to frame`,
    ),
    line(
      "letterbox",
      borders ? `top ${letterbox.top}, bottom ${letterbox.bottom}, left ${letterbox.left}, right ${letterbox.right}` : "none",
      borders ? "lines that are black in every bright sample" : "the picture fills the frame",
    ),
    line(
      "monochrome",
      diagnosis.isMonochrome ? "black and white" : "in colour",
      diagnosis.isMonochrome ? "one tint at each brightness" : "more than one tint",
    ),
    line("faded", fading.isFaded ? "faded" : "no", fadingReason(diagnosis, video)),
    line("cuts", String(cuts.count), `in ${cuts.pairs} pairs of neighbouring frames of the samples`),
  ];
}

function tooLittle(topic: Topic): string {
  if (topic === "cadence") return "nothing moves in the samples";
  const isDark = topic === "monochrome" || topic === "faded" || topic === "letterbox";
  return isDark ? "the samples are all dark" : "the samples hold too little to tell by";
}

function cadenceReason({ scan, cadence }: Diagnosis): string {
  if (scan !== "progressive") return "not looked for while frames are woven of fields";
  return `${percent(cadence.uniqueShare)} of the frames in motion are new`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function grade(strength: number): string {
  if (strength < 0.1) return "none to speak of";
  return strength < 0.3 ? "light" : strength < 0.6 ? "noticeable" : "strong";
}

function haloWord(overshoot: number): string {
  if (overshoot < 0.03) return "none to speak of";
  return overshoot < 0.06 ? "light" : "sharpened";
}

function sharedWord(gain: number): string {
  return gain < sharedLook ? "no sign of it" : "as phones and services leave it";
}

function sharedReason({ shared }: Diagnosis): string {
  const expected = shared === 0 ? "no gain" : shared === 1 ? "1 dB or more" : `${shared.toFixed(1)} dB`;
  return `a network expects ${expected} from weights for shared video`;
}

function noiseWord(sigma: number): string {
  if (sigma < 0.8) return "clean";
  return sigma < 2.5 ? "light" : sigma < 6 ? "noticeable" : "strong";
}

function flickerWord(deviation: number): string {
  if (deviation < 0.4) return "steady";
  return deviation < 1.5 ? "light" : "strong";
}

function grainReason({ grain, noiseSigma }: Diagnosis): string {
  if (grain.sigma > 0) return `sigma ${grain.sigma.toFixed(1)} of 255, new in every frame`;
  return noiseSigma < 0.8 ? "too little noise to be grain" : "what noise there is looks like the codec's";
}

function fadingReason({ fading }: Diagnosis, { color }: VideoStream): string {
  const { places } = fading;
  if (color.transfer === "smpte2084" || color.transfer === "arib-std-b67") return "not judged in HDR";
  if (places.length === 0) return "no place was bright enough";
  const black = Math.min(...places.map((tones) => tones.black));
  const white = Math.max(...places.map((tones) => tones.white));
  return `luma from ${black.toFixed(0)} to ${white.toFixed(0)} in ${places.length} ${places.length === 1 ? "place" : "places"}`;
}
