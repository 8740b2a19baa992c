import { z } from "zod";
import { Assumptions } from "./assumptions.ts";
import type { Rational } from "./rational.ts";

export const presets = ["general", "ugc", "short_series", "aigc", "old_film"] as const;
export const tiers = ["fast", "standard", "pro"] as const;
export const boxes = ["1080p", "2k", "4k"] as const;
export const containers = ["mp4", "webm", "mov"] as const;

const maxFrameRate = 240;

/** Frames a second: a whole number, or a fraction such as 24000/1001. */
const FrameRate = z.union([
  z.int().min(1).max(maxFrameRate),
  z
    .strictObject({ num: z.int().min(1).max(1_000_000), den: z.int().min(1).max(1_000_000) })
    .refine(({ num, den }) => num >= den && num <= maxFrameRate * den, `a frame rate is 1 to ${maxFrameRate}`),
]);
export type FrameRate = z.infer<typeof FrameRate>;

export function rateOf(fps: FrameRate): Rational {
  return typeof fps === "number" ? { num: fps, den: 1 } : fps;
}

/** The one canonical request that every dialect and the CLI decode to. */
export const UpscaleRequest = z.object({
  target: z.discriminatedUnion("kind", [
    z.object({
      kind: z.literal("box"),
      box: z.enum(boxes),
      /** A source that is larger already keeps its size. */
      keepsLarger: z.boolean().optional(),
    }),
    /** The next box above the source: what is done when nobody says. */
    z.object({ kind: z.literal("next_box") }),
    z.object({ kind: z.literal("scale"), factor: z.number().min(1.1).max(10) }),
    /** Up to `factor` times, the long side at most `maxSide`: a larger source is scaled down to it. */
    z.object({ kind: z.literal("scale_within"), factor: z.number().min(1.1).max(10), maxSide: z.int().min(256).max(8192) }),
    /** Doubled until the long side is at least `atLeast`, then brought down to `atMost` where it is over. */
    z.object({ kind: z.literal("doubled"), atLeast: z.int().min(256).max(8192), atMost: z.int().min(256).max(8192) }),
  ]),
  fps: z.union([z.literal("keep"), FrameRate]),
  preset: z.enum(presets),
  tier: z.enum(tiers),
  fidelity: z.enum(["high", "medium"]),
  container: z.enum(containers),
  /** 20..99, mapped to a CRF by the encoder settings. */
  quality: z.int().min(20).max(99),
  /** Findings that the caller states, in place of what the diagnosis would find. */
  assume: Assumptions.optional(),
});
export type UpscaleRequest = z.infer<typeof UpscaleRequest>;
export type Container = UpscaleRequest["container"];
export type Tier = UpscaleRequest["tier"];

export const defaultRequest: UpscaleRequest = {
  target: { kind: "next_box" },
  fps: "keep",
  preset: "general",
  tier: "standard",
  fidelity: "high",
  container: "mp4",
  quality: 90,
};
