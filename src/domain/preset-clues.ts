import type { presets } from "./upscale-request.ts";

/** What speaks for one preset or another. Strengths 0..1, noise in 8-bit code values; undefined where it was not measured. */
export type PresetClues = {
  readonly scan: string;
  readonly isMonochrome: boolean | undefined;
  readonly blockiness: number | undefined;
  readonly noiseSigma: number | undefined;
  readonly grainSigma: number | undefined;
  readonly isGrainCoarse: boolean | undefined;
  readonly flicker: number | undefined;
  readonly isFaded: boolean | undefined;
  readonly cadence: string | undefined;
  readonly isUpright: boolean;
  readonly durationSeconds: number;
  /** Of the coded picture. */
  readonly bitsPerPixel: number | undefined;
  readonly codec: string;
  /** What the file says of who made it. */
  readonly madeWith: string;
};

export type PresetProposal = { readonly preset: (typeof presets)[number]; readonly reason: string };

const generators =
  /\b(runway|gen-?[234]|sora|kling|pika|luma|hailuo|minimax|veo|wan ?2|hunyuan|stable ?video|seedance|midjourney)\b/i;
const phones = /\b(iphone|ipad|android|samsung|pixel \d|xiaomi|huawei|oneplus)\b/i;

/** The preset that fits a video best, with the reason. The first rule that holds decides. Pure. */
export function proposePreset(clues: PresetClues): PresetProposal {
  for (const { preset, holds } of rules) {
    const reason = holds(clues);
    if (reason !== undefined) return { preset, reason };
  }
  return { preset: "general", reason: "nothing speaks for a special kind of video" };
}

type Rule = { readonly preset: PresetProposal["preset"]; readonly holds: (clues: PresetClues) => string | undefined };

const rules: readonly Rule[] = [
  {
    preset: "aigc",
    holds: ({ madeWith }) => {
      const [name] = generators.exec(madeWith) ?? [];
      return name === undefined ? undefined : `the file names a generator (${name})`;
    },
  },
  {
    preset: "old_film",
    holds: ({ isMonochrome, flicker = 0, grainSigma = 0, isGrainCoarse, isFaded, scan }) => {
      const signs = [
        ...(isMonochrome === true ? ["it is black and white"] : []),
        ...(flicker >= 1.5 ? [`its brightness flickers (${flicker.toFixed(1)} code values)`] : []),
        ...(isGrainCoarse === true && grainSigma >= 3 ? ["it has coarse grain"] : []),
        ...(isFaded === true ? ["it is faded"] : []),
        ...(scan === "telecined" ? ["it was film, transferred for television"] : []),
      ];
      return signs.length >= 2 ? signs.join(", ") : undefined;
    },
  },
  {
    preset: "short_series",
    holds: ({ isUpright, durationSeconds, blockiness = 0, madeWith }) =>
      isUpright && durationSeconds >= 60 && durationSeconds <= 600 && blockiness < 0.2 && !phones.test(madeWith)
        ? `upright, ${Math.round(durationSeconds)} s long and cleanly coded, as short series are`
        : undefined,
  },
  {
    preset: "ugc",
    holds: ({ blockiness, noiseSigma = 0, grainSigma = 0, bitsPerPixel, codec, madeWith }) => {
      const isModern = /^(hevc|av1|vp9)$/.test(codec);
      const isStarved = bitsPerPixel !== undefined && bitsPerPixel < (isModern ? 0.02 : 0.04);
      const [phone] = phones.exec(madeWith) ?? [];
      const signs = [
        ...((blockiness ?? 0) >= 0.2 ? ["blocks of its codec can be seen"] : []),
        ...(noiseSigma >= 4 && grainSigma < noiseSigma * 0.7 ? [`it is noisy (${noiseSigma.toFixed(1)} code values)`] : []),
        // Screens and drawings need few bits and show no harm.
        ...(isStarved && (blockiness ?? 1) >= 0.08 ? [`it was given few bits (${bitsPerPixel.toFixed(3)} a pixel)`] : []),
        ...(phone === undefined ? [] : [`a phone made it (${phone})`]),
      ];
      return signs.length > 0 ? signs.join(", ") : undefined;
    },
  },
];
