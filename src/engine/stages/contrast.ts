import { type Rational, ticksToSeconds } from "../../domain/rational.ts";
import type { ContrastPoint } from "../stage-plan.ts";

/** What a faded picture's tones become at one moment, in 8-bit code values. */
export type Contrast = Omit<ContrastPoint, "ticks">;

/** Most that luma and chroma are stretched, whatever the plan says. */
const mostGain = 1.8;
const mostChromaGain = 1.35;
/** Share of the luma's gain that chroma gets. */
const chromaShare = 0.6;

export const ranges = { limited: { black: 16, white: 235, most: 235 }, full: { black: 0, white: 255, most: 255 } } as const;
export type Range = keyof typeof ranges;

/** How far a place's own black may lie above the film's darkest, and its white below the film's brightest: further, the
 *  scene is bright or dark, not faded. */
const mostLiftedBlack = 20;
const fewestWhiteShare = 0.85;

/** The curve, held back where a scene is dark or bright by itself: fading changes slowly over a film, scenes do not. */
export function withoutScenes(curve: readonly ContrastPoint[]): readonly ContrastPoint[] {
  const darkest = Math.min(...curve.map(({ black }) => black));
  const brightest = Math.max(...curve.map(({ white }) => white));
  return curve.map((point) => ({
    ...point,
    black: Math.min(point.black, darkest + mostLiftedBlack),
    white: Math.max(point.white, brightest * fewestWhiteShare),
  }));
}

/** The correction at a moment: between points everything changes linearly, outside the nearest one holds. */
export function contrastAt(curve: readonly ContrastPoint[], seconds: number, timeBase: Rational): Contrast | undefined {
  const placed = curve.map((point) => ({ point, at: ticksToSeconds(point.ticks, timeBase) }));
  const next = placed.find(({ at }) => at > seconds);
  const last = placed.findLast(({ at }) => at <= seconds);
  if (last === undefined) return next?.point;
  if (next === undefined) return last.point;
  const share = (seconds - last.at) / (next.at - last.at);
  const mix = (name: "black" | "white" | "gamma" | "cb" | "cr"): number =>
    last.point[name] * (1 - share) + next.point[name] * share;
  return { black: mix("black"), white: mix("white"), gamma: mix("gamma"), cb: mix("cb"), cr: mix("cr") };
}

/** Whether the correction leaves every sample as it is. */
export function isNeutral({ black, white, gamma, cb, cr }: Contrast, range: Range): boolean {
  const { black: darkest, white: brightest } = ranges[range];
  return black === darkest && white === brightest && gamma === 1 && cb === 0 && cr === 0;
}

/** Entries in 64ths for each luma sample value. What is below black or above white keeps its distance, stretched. */
export function lumaTable({ black, white, gamma }: Contrast, range: Range, bitDepth: number): Uint16Array {
  const { black: darkest, white: brightest } = ranges[range];
  const { low, gain } = lumaStretch({ black, white }, range);
  const span = brightest - darkest;
  return table(bitDepth, (value) => {
    const share = ((value - low) * gain) / span;
    return darkest + span * (share > 0 && share < 1 ? share ** gamma : share);
  });
}

/** As `lumaTable`, for a chroma plane: around grey, moved by `offset`, stretched less than luma. */
export function chromaTable(contrast: Contrast, offset: number, range: Range, bitDepth: number): Uint16Array {
  const { gain: lumaGain } = lumaStretch(contrast, range);
  const gain = Math.min(mostChromaGain, 1 + (lumaGain - 1) * chromaShare);
  return table(bitDepth, (value) => 128 + (value + offset - 128) * gain);
}

/** Where black is taken from and how far tones are pulled apart; never pushed together. A stretch that goes too far is
 *  held back around the tones' middle. */
function lumaStretch({ black, white }: Pick<Contrast, "black" | "white">, range: Range): { low: number; gain: number } {
  const { black: darkest, white: brightest } = ranges[range];
  const span = brightest - darkest;
  const wanted = span / Math.max(1, white - black);
  const gain = Math.min(mostGain, Math.max(1, wanted));
  if (gain === wanted) return { low: black, gain };
  // The tone that stays where it is must be the same as with the stretch wanted.
  const fixed = wanted === 1 ? black : (darkest - black * wanted) / (1 - wanted);
  const low = gain === 1 ? darkest : fixed - (fixed - darkest) / gain;
  return { low, gain };
}

function table(bitDepth: number, of: (value: number) => number): Uint16Array {
  const scale = 2 ** (bitDepth - 8);
  const most = (2 ** bitDepth - 1) * 64;
  return Uint16Array.from({ length: 2 ** bitDepth }, (_, sample) =>
    Math.min(most, Math.max(0, Math.round(of(sample / scale) * scale * 64))),
  );
}
