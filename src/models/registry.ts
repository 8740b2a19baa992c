import { AppError } from "../domain/errors.ts";
import { ModelDescriptor } from "../domain/model-descriptor.ts";
import type { Tier } from "../domain/upscale-request.ts";
import generalFast from "../../models/general-fast-x2.json" with { type: "json" };
import generalStandard from "../../models/general-standard-x2.json" with { type: "json" };
import oldFilmFast from "../../models/old-film-fast-x2.json" with { type: "json" };
import oldFilmStandard from "../../models/old-film-standard-x2.json" with { type: "json" };
import ugcFast from "../../models/ugc-fast-x2.json" with { type: "json" };
import ugcStandard from "../../models/ugc-standard-x2.json" with { type: "json" };

/** The networks that ship with Upres. */
export const bundledModels: readonly ModelDescriptor[] = [
  generalFast,
  generalStandard,
  ugcFast,
  ugcStandard,
  oldFilmFast,
  oldFilmStandard,
].map((json) => ModelDescriptor.parse(json));

/** The network for a tier and preset; the tier's general one where a preset has none of its own.  Throws: AppError
 *  `not_available` naming what there is, with the `option` in its details. */
export function selectModel(tier: Tier, preset: string): ModelDescriptor {
  const ofTier = bundledModels.filter((candidate) => candidate.tier === tier);
  const model = [preset, "general"]
    .map((name) => ofTier.find((candidate) => candidate.preset === name))
    .find((found) => found !== undefined);
  if (model !== undefined) return model;
  const available = [...new Set(bundledModels.map((candidate) => candidate.tier))].join(", ");
  throw new AppError("not_available", `There is no network for the tier ${tier} yet; available: ${available}.`, {
    details: { option: "tier" },
  });
}
