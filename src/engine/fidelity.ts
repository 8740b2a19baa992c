import type { UpscaleRequest } from "../domain/upscale-request.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import { weightsFor } from "./weights.ts";

/** How near an enlarged picture, scaled down again, must be to the cleaned picture it was made of, before it is encoded. */
export type Fidelity = {
  /** dB of luma, of every frame; undefined: nothing is held. */
  readonly boundDb: number | undefined;
  readonly reason: string;
};

/** The general networks give 41 dB and more on each of the test clips; what gives less is brought there. */
const faithful = { high: 40, medium: 34 } as const;
/** Networks for damaged sources leave a part of the source out on purpose. */
const restoring = { high: 34, medium: 30 } as const;
const boundsDb = {
  general: faithful,
  ugc: restoring,
  short_series: faithful,
  aigc: faithful,
  old_film: restoring,
} as const satisfies Record<UpscaleRequest["preset"], Record<UpscaleRequest["fidelity"], number>>;
/** From here on the source is no longer the truth. */
const junkBlockiness = 0.5;
const junkNoiseSigma = 10;

export type FidelityQuestion = {
  readonly request: Pick<UpscaleRequest, "fidelity" | "preset">;
  readonly diagnosis: Pick<Diagnosis, "compression" | "blockiness" | "noiseSigma" | "halos" | "shared" | "grain">;
  /** Of the network. */
  readonly passes: number;
  /** Whether the network is one that the user added. */
  readonly isAdded: boolean;
};

/** Decides how far the network may go: as far as the weights that fit the source leave it on purpose. Pure. */
export function chooseFidelity({ request, diagnosis, passes, isAdded }: FidelityQuestion): Fidelity {
  if (passes === 0) return { boundDb: undefined, reason: "no network takes part" };
  if (isAdded) return { boundDb: undefined, reason: "an added network is taken as it is" };
  const { blockiness, noiseSigma } = diagnosis;
  if (blockiness >= junkBlockiness || noiseSigma >= junkNoiseSigma) {
    return { boundDb: undefined, reason: "the source is too damaged to be held to" };
  }
  const boundDb = boundsDb[weightsFor(request, diagnosis)][request.fidelity];
  return {
    boundDb,
    reason: `fidelity ${request.fidelity}: each frame scaled down again, against its cleaned source; corrected where it is further`,
  };
}
