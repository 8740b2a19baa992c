import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";

type Preset = UpscaleRequest["preset"];
type Damage = Pick<Diagnosis, "compression" | "blockiness" | "noiseSigma">;

/** Weights that mend damage take detail from a source without it: they are used where one of these is reached. */
const leastDamage: Partial<Record<Preset, Damage>> = {
  ugc: { compression: 0.25, blockiness: 0.1, noiseSigma: 2.5 },
};

/** The preset whose weights fit the source: the one asked for, or `general` where its damage was not found. */
export function weightsFor({ preset }: Pick<UpscaleRequest, "preset">, diagnosis: Damage): Preset {
  const least = leastDamage[preset];
  if (least === undefined) return preset;
  const { compression, blockiness, noiseSigma } = diagnosis;
  const isDamaged = compression >= least.compression || blockiness >= least.blockiness || noiseSigma >= least.noiseSigma;
  return isDamaged ? preset : "general";
}
