import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { codecDamage } from "./diagnosis/compression.ts";
import { type Diagnosis, sharedLook } from "./diagnosis/diagnosis.ts";

type Preset = UpscaleRequest["preset"];
type Damage = Pick<Diagnosis, "compression" | "blockiness" | "noiseSigma" | "halos" | "shared" | "grain">;

/** Whose weights are used, and why where they are not those of the preset asked for. */
export type WeightsChoice = { readonly preset: Preset; readonly reason: string | undefined };

/** From which halos on the source was sharpened. Clips that were only resized or compressed stay below, but for one by a camera
 *  that sharpens, which loses 0.15 dB at most. */
const sharpened = 0.045;
/** Further than phones go that were looked at (0.065 and 0.073): worth taking back whatever else was found. */
const sharpenedHard = 0.09;
/** Fine grain that outlived the codec: from here on the weights for film gain on every clip measured. */
const grainy = { sigma: 2.7 } as const;
/** Video that is shared was compressed: what looks like it and was not may be sharp by nature. */
const leastCoded = 0.1;
/** Weights that take sharpening back take detail from a source without it, and a look that people want from one that is sharpened
 *  but else intact: they are used where one of these is reached. */
const leastShared = { compression: 0.25, blockiness: 0.1, noiseSigma: 2.5 } as const;

/** The weights that fit the source. `ugc` and `old_film` have their own; the others share `general`'s, and leave them where the
 *  source shows what those of `ugc` or `old_film` were made for. */
export function chooseWeights({ preset }: Pick<UpscaleRequest, "preset">, diagnosis: Damage): WeightsChoice {
  if (preset === "old_film") return { preset, reason: undefined };
  const { halos, shared, grain } = diagnosis;
  if (preset === "ugc") {
    if (isDamaged(diagnosis) || halos >= sharpenedHard || shared >= sharedLook) return { preset, reason: undefined };
    return { preset: "general", reason: "the source shows little damage, and ugc's weights would smooth what general's keep" };
  }
  const isGrainy = grain.sigma >= grainy.sigma && !grain.isCoarse;
  if (halos >= (isDamaged(diagnosis) ? sharpened : sharpenedHard)) {
    const shown = `edges shoot over by ${(halos * 100).toFixed(1)} % of their height`;
    return {
      preset: "ugc",
      reason: `ugc's weights: the source was sharpened (${shown}), which general's would make stronger`,
    };
  }
  if (isGrainy) {
    const shown = `noise of ${grain.sigma.toFixed(1)} of 255 that is new in every frame`;
    return {
      preset: "old_film",
      reason: `old_film's weights: they take ${shown} for grain, which general's would keep and enlarge`,
    };
  }
  if (shared >= sharedLook && codecDamage(diagnosis) >= leastCoded) {
    return {
      preset: "ugc",
      reason: "ugc's weights: a network takes the source for shared video, where they are nearer to the truth",
    };
  }
  return { preset: "general", reason: undefined };
}

/** The preset whose weights fit the source. */
export function weightsFor(request: Pick<UpscaleRequest, "preset">, diagnosis: Damage): Preset {
  return chooseWeights(request, diagnosis).preset;
}

function isDamaged({ compression, blockiness, noiseSigma }: Damage): boolean {
  return compression >= leastShared.compression || blockiness >= leastShared.blockiness || noiseSigma >= leastShared.noiseSigma;
}
