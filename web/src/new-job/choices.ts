import type { Choices } from "../api/endpoints.ts";
import type { Box, Estimate, TierEstimate } from "../api/types.ts";

export const sizes = ["1080p", "2k", "4k", "2×", "3×", "4×"] as const;
export type SizeChoice = (typeof sizes)[number];

const shortSides: Readonly<Record<Box, number>> = { "1080p": 1080, "2k": 1440, "4k": 2160 };

/** The size that is asked for; the next one above the source, as the server takes it, when nothing was chosen. */
export function sizeOf({ to, scale }: Choices, source: Estimate["source"]): SizeChoice {
  if (scale !== undefined) return sizes.find((size) => size === `${scale}×`) ?? "2×";
  if (to !== undefined) return to;
  const short = Math.min(source.width, source.height);
  return (["1080p", "2k", "4k"] as const).find((box) => shortSides[box] > short) ?? "4k";
}

export function withSize({ to: _to, scale: _scale, ...others }: Choices, size: SizeChoice): Choices {
  switch (size) {
    case "1080p":
    case "2k":
    case "4k":
      return { ...others, to: size };
    case "2×":
      return { ...others, scale: 2 };
    case "3×":
      return { ...others, scale: 3 };
    case "4×":
      return { ...others, scale: 4 };
  }
}

export type AvailableTier = Extract<TierEstimate, { available: true }>;

/** The tier that was chosen, as far as it can be had; else the best that can. */
export function availableTier(tiers: readonly TierEstimate[], wanted: string): AvailableTier | undefined {
  const available = tiers.filter((tier) => tier.available);
  return available.find(({ tier }) => tier === wanted) ?? available.find(({ tier }) => tier === "standard") ?? available.at(-1);
}

/** A name for one click, so that a request that is sent twice makes one job. */
export function onceKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
