import { AppError } from "../domain/errors.ts";
import { ModelDescriptor } from "../domain/model-descriptor.ts";
import type { Tier } from "../domain/upscale-request.ts";
import cleanPro from "../../models/clean-pro-x2.json" with { type: "json" };
import cleanStandard from "../../models/clean-standard-x2.json" with { type: "json" };
import cleanStandardFourfold from "../../models/clean-standard-x4.json" with { type: "json" };
import generalFast from "../../models/general-fast-x2.json" with { type: "json" };
import generalFastThreefold from "../../models/general-fast-x3.json" with { type: "json" };
import generalPro from "../../models/general-pro-x2.json" with { type: "json" };
import generalProThreefold from "../../models/general-pro-x3.json" with { type: "json" };
import generalStandard from "../../models/general-standard-x2.json" with { type: "json" };
import generalStandardThreefold from "../../models/general-standard-x3.json" with { type: "json" };
import generalStandardFourfold from "../../models/general-standard-x4.json" with { type: "json" };
import oldFilmFast from "../../models/old-film-fast-x2.json" with { type: "json" };
import oldFilmFastCleaner from "../../models/old-film-fast-x1.json" with { type: "json" };
import oldFilmStandard from "../../models/old-film-standard-x2.json" with { type: "json" };
import oldFilmStandardCleaner from "../../models/old-film-standard-x1.json" with { type: "json" };
import oldFilmStandardThreefold from "../../models/old-film-standard-x3.json" with { type: "json" };
import ugcFast from "../../models/ugc-fast-x2.json" with { type: "json" };
import ugcFastCleaner from "../../models/ugc-fast-x1.json" with { type: "json" };
import ugcStandard from "../../models/ugc-standard-x2.json" with { type: "json" };
import ugcStandardCleaner from "../../models/ugc-standard-x1.json" with { type: "json" };
import ugcStandardThreefold from "../../models/ugc-standard-x3.json" with { type: "json" };

/** The networks that ship with Upres. */
export const bundledModels: readonly ModelDescriptor[] = [
  generalFast,
  generalFastThreefold,
  generalStandard,
  generalStandardThreefold,
  generalStandardFourfold,
  generalPro,
  generalProThreefold,
  cleanStandard,
  cleanStandardFourfold,
  cleanPro,
  ugcFast,
  ugcFastCleaner,
  ugcStandard,
  ugcStandardCleaner,
  ugcStandardThreefold,
  oldFilmFast,
  oldFilmFastCleaner,
  oldFilmStandard,
  oldFilmStandardCleaner,
  oldFilmStandardThreefold,
].map((json) => ModelDescriptor.parse(json));

/** The doubling network for a tier and preset. Where a preset has none of its own in `pro`, its one in `standard` comes before `pro`'s general
 *  one: what the source suffers from counts more than the network's size; else the tier's general one.  Throws: AppError
 *  `not_available` naming what there is, with the `option` in its details. */
export function selectModel(tier: Tier, preset: string): ModelDescriptor {
  const find = (wantedTier: Tier, wantedPreset: string): ModelDescriptor | undefined =>
    bundledModels.find(({ tier: ownTier, preset: own, scale }) => ownTier === wantedTier && own === wantedPreset && scale === 2);
  const general = find(tier, "general");
  if (general === undefined) {
    const available = [...new Set(bundledModels.map((candidate) => candidate.tier))].join(", ");
    throw new AppError("not_available", `There is no network for the tier ${tier} yet; available: ${available}.`, {
      details: { option: "tier" },
    });
  }
  return find(tier, preset) ?? (tier === "pro" ? find("standard", preset) : undefined) ?? general;
}

/** The network of the same tier and preset made for another scale, where there is one. */
export function modelAtScale({ tier, preset, frames }: ModelDescriptor, scale: 1 | 3 | 4): ModelDescriptor | undefined {
  return bundledModels.find(
    (candidate) =>
      candidate.tier === tier && candidate.preset === preset && candidate.frames === frames && candidate.scale === scale,
  );
}

/** Whether it restores nothing but what a codec took. */
export function enlargesOnly({ preset, scale }: Pick<ModelDescriptor, "preset" | "scale">): boolean {
  return (preset === "general" || preset === "clean") && scale > 1;
}

/** What a tier's general network is replaced by where hardly anything of a codec shows: it knows nothing else and flickers less.
 *  Undefined for other networks and for tiers and scales without one. */
export function cleanModel({ tier, preset, scale }: ModelDescriptor): ModelDescriptor | undefined {
  if (preset !== "general") return undefined;
  return bundledModels.find((candidate) => candidate.tier === tier && candidate.preset === "clean" && candidate.scale === scale);
}

/** What doubles after the first pass: the source's own damage is gone then, and its neighbouring frames are known at its own size
 *  only. Undefined where the network itself goes on. */
export function laterModel({ tier, preset, scale, frames = 1 }: ModelDescriptor): ModelDescriptor | undefined {
  if (enlargesOnly({ preset, scale }) && frames === 1 && scale === 2) return undefined;
  return selectModel(tier === "pro" ? "standard" : tier, "general");
}
