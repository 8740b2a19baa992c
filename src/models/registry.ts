import { AppError } from "../domain/errors.ts";
import { ModelDescriptor } from "../domain/model-descriptor.ts";
import type { Tier } from "../domain/upscale-request.ts";
import generalFast from "../../models/general-fast-x2.json" with { type: "json" };
import generalStandard from "../../models/general-standard-x2.json" with { type: "json" };

/** The networks that ship with Upres. */
export const bundledModels: readonly ModelDescriptor[] = [generalFast, generalStandard].map((json) =>
  ModelDescriptor.parse(json),
);

/** The network for a tier and preset.  Throws: AppError `not_available` naming what there is, and in its details which
 *  `option`, tier or preset, there is nothing for. */
export function selectModel(tier: Tier, preset: string): ModelDescriptor {
  const model = bundledModels.find((candidate) => candidate.tier === tier && candidate.preset === preset);
  if (model !== undefined) return model;
  const available = bundledModels.map((candidate) => `${candidate.preset}/${candidate.tier}`).join(", ");
  const option = bundledModels.some((candidate) => candidate.preset === preset) ? "tier" : "preset";
  throw new AppError("not_available", `There is no network for preset ${preset} in tier ${tier} yet; available: ${available}.`, {
    details: { option },
  });
}
