import type { Size } from "../domain/media-info.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { contrastCurve, describeTones } from "./contrast-curve.ts";
import { codecDamage } from "./diagnosis/compression.ts";
import type { Diagnosis } from "./diagnosis/diagnosis.ts";
import { comparedSize, hardlyCompressed } from "./network-plan.ts";
import type { PlannedStage, StageName } from "./stage-plan.ts";
import { weightsFor } from "./weights.ts";

export type RecipeQuestion = {
  readonly request: UpscaleRequest;
  readonly diagnosis: Diagnosis;
  /** Of the upright source pictures in the working format. */
  readonly picture: Size & { readonly range: "limited" | "full" };
  readonly outputSize: Size;
};

/** From which finding on a stage is taken, and how far it goes. Units: see Diagnosis; sigma in 8-bit code values. */
type Recipe = {
  /** Blockiness or ringing. */
  readonly deblockFrom: number;
  /** `share` of the measured noise is taken out; `spatial` as in the plan. */
  readonly denoise: { readonly from: number; readonly share: number; readonly spatial: number; readonly most: number };
  readonly debandFrom: number;
  /** Deviation of the brightness; Infinity: never. */
  readonly deflickerFrom: number;
  readonly isFilm: boolean;
  /** Share of the grain taken out that is put back. */
  readonly regrainShare: number;
};

const recipes: Record<UpscaleRequest["preset"], Recipe> = {
  general: {
    deblockFrom: 0.2,
    denoise: { from: 6, share: 0.6, spatial: 0.6, most: 12 },
    debandFrom: 0.5,
    deflickerFrom: Infinity,
    isFilm: false,
    regrainShare: 0,
  },
  ugc: {
    deblockFrom: 0.08,
    denoise: { from: 2, share: 0.8, spatial: 0.6, most: 16 },
    debandFrom: 0.3,
    deflickerFrom: Infinity,
    isFilm: false,
    regrainShare: 0,
  },
  // Text and skin keep all that neighbouring frames share.
  short_series: {
    deblockFrom: 0.2,
    denoise: { from: 2.5, share: 0.7, spatial: 0, most: 6 },
    debandFrom: 0.3,
    deflickerFrom: Infinity,
    isFilm: false,
    regrainShare: 0,
  },
  // What boils is drawn anew in each frame: the frames' own share of it counts, not the picture's detail.
  aigc: {
    deblockFrom: 0.2,
    denoise: { from: 1, share: 1.2, spatial: 0, most: 10 },
    debandFrom: 0.3,
    deflickerFrom: 0.35,
    isFilm: false,
    regrainShare: 0,
  },
  old_film: {
    deblockFrom: 0.2,
    denoise: { from: 1.5, share: 0.9, spatial: 0.6, most: 20 },
    debandFrom: 0.5,
    deflickerFrom: 0.35,
    isFilm: true,
    regrainShare: 0.4,
  },
};

/** Crisper than a plain enlargement and no less like the original, on the mean of six clips (docs/presets.md). */
const mediumSharpening = 0.3;

/** Damage by the codec from which on a codec's own marks are averaged away, and from which on fully: below it what differs from frame to
 *  frame is the camera's noise, which belongs to the picture unless its weights take it out. */
const averaging = { from: hardlyCompressed, until: 0.12 } as const;
/** Neighbours on each side. */
const reaches = { fast: 1, standard: 2, pro: 3 } as const;
/** What neighbours may differ in, where the weights keep all detail and where they clean. */
const averagingDistance = { kept: 9, cleaned: 12 } as const;

/** The cleaning and finishing stages that a preset takes for what was found, in running order: source stages, then output
 *  stages. Stages of time (deinterlace, inverse telecine, interpolation) are added by the plan. Pure. */
export function chooseStages(question: RecipeQuestion): readonly PlannedStage[] {
  const recipe = recipes[question.request.preset];
  const clean = [
    ...chooseDeflicker(recipe, question),
    ...chooseFilm(recipe),
    ...chooseDeblock(recipe, question),
    ...chooseDenoise(recipe, question),
    ...chooseDeband(recipe, question),
    ...chooseContrast(recipe, question),
  ];
  return [...clean, ...chooseAverage(question), ...chooseSharpen(question), ...chooseRegrain(recipe, question, clean)];
}

function chooseDeflicker({ deflickerFrom }: Recipe, { diagnosis: { flicker } }: RecipeQuestion): readonly PlannedStage[] {
  if (flicker < deflickerFrom) return [];
  const reason = `the brightness swings by ${flicker.toFixed(1)} of 255 from frame to frame`;
  return [{ name: "deflicker", strength: 1, reason }];
}

/** What cannot be told from samples is looked for in every frame, where it does nothing if there is nothing. */
function chooseFilm({ isFilm }: Recipe): readonly PlannedStage[] {
  if (!isFilm) return [];
  return [
    { name: "stabilise", strength: 1, reason: "film weaves in its gate; pans and shaken cameras stay" },
    { name: "remove_dirt", strength: 1, reason: "dirt and scratches show in one frame only and not in its neighbours" },
  ];
}

function chooseContrast({ isFilm }: Recipe, { diagnosis: { fading }, picture }: RecipeQuestion): readonly PlannedStage[] {
  const curve = isFilm
    ? contrastCurve(fading, picture.range === "full" ? { black: 0, white: 255 } : { black: 16, white: 235 })
    : [];
  return curve.length === 0 ? [] : [{ name: "restore_contrast", curve, reason: describeTones(fading.places) }];
}

function chooseDeblock({ deblockFrom }: Recipe, { diagnosis }: RecipeQuestion): readonly PlannedStage[] {
  const { blockiness, ringing } = diagnosis;
  const damage = Math.max(blockiness, ringing);
  if (damage < deblockFrom) return [];
  const strength = rounded(Math.min(1, 0.15 + 0.7 * damage));
  return [
    { name: "deblock", strength, reason: `the codec left blocks (${percent(blockiness)}) or ripples (${percent(ringing)})` },
  ];
}

function chooseDenoise({ denoise }: Recipe, { diagnosis: { noiseSigma } }: RecipeQuestion): readonly PlannedStage[] {
  if (noiseSigma < denoise.from) return [];
  const sigma = rounded(Math.min(denoise.most, noiseSigma * denoise.share));
  const how =
    denoise.spatial === 0 ? "only what differs from frame to frame is taken out" : "first over time, the rest in the picture";
  return [{ name: "denoise", sigma, spatial: denoise.spatial, reason: `noise of ${noiseSigma.toFixed(1)} of 255; ${how}` }];
}

function chooseDeband({ debandFrom }: Recipe, { diagnosis: { banding } }: RecipeQuestion): readonly PlannedStage[] {
  if (banding < debandFrom) return [];
  return [{ name: "deband", strength: rounded(banding), reason: `${percent(banding)} of the smooth areas stand in steps` }];
}

/** What `fast` has time for only where its weights clean. */
function chooseAverage({ request, diagnosis, picture, outputSize }: RecipeQuestion): readonly PlannedStage[] {
  const isCleaned = weightsFor(request, diagnosis) !== "general";
  const damage = codecDamage(diagnosis);
  const coded = Math.min(1, (damage - averaging.from) / (averaging.until - averaging.from));
  const size = comparedSize(picture, outputSize);
  const isWanted = isCleaned ? size !== "smaller" : size === "larger" && coded > 0 && request.tier !== "fast";
  if (!isWanted) return [];
  const distance = isCleaned ? averagingDistance.cleaned : averagingDistance.kept * coded;
  const reach = reaches[request.tier];
  const reason = isCleaned
    ? "what differs at random from frame to frame is taken out, as the network's weights do within each"
    : `${describeDamage(diagnosis)} marks that change with every frame`;
  return [{ name: "temporal_average", reach, distance: rounded(distance), reason }];
}

function describeDamage({ compression, blockiness }: Diagnosis): string {
  const isByBits = codecDamage({ compression, blockiness }) === compression;
  return isByBits ? `compression of ${compression.toFixed(2)} of 1 leaves` : `blocks (${percent(blockiness)}) tell of`;
}

function chooseSharpen({ request }: RecipeQuestion): readonly PlannedStage[] {
  if (request.fidelity === "high") return [];
  return [{ name: "sharpen", strength: mediumSharpening, reason: "fidelity medium: crisper than the source shows" }];
}

function chooseRegrain(
  { regrainShare }: Recipe,
  { diagnosis: { grain }, picture, outputSize }: RecipeQuestion,
  chosen: readonly PlannedStage[],
): readonly PlannedStage[] {
  const isDenoised = chosen.some(({ name }) => name === ("denoise" satisfies StageName));
  if (!isDenoised || regrainShare === 0 || grain.sigma < 0.5) return [];
  const sigma = rounded(grain.sigma * regrainShare);
  const spotPixels = rounded((grain.isCoarse ? 2 : 1) * Math.max(1, outputSize.height / picture.height));
  const reason = `${percent(regrainShare)} of the film's grain (${grain.sigma.toFixed(1)} of 255) put back at the new size`;
  return [{ name: "regrain", sigma, spotPixels, reason }];
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
