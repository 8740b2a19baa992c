import { z } from "zod";

export const scans = ["progressive", "interlaced", "telecined"] as const;
export const fieldOrders = ["top_first", "bottom_first"] as const;
export const cadences = ["every_frame", "duplicates", "on_twos", "on_threes"] as const;

const share = z.number().min(0).max(1);
const sigma = z.number().min(0).max(64);
const side = z.int().min(0).max(8192);

/** What the caller knows of the source, in place of what would be measured. */
export const Assumptions = z.strictObject({
  scan: z.enum(scans).optional(),
  /** Which field of an interlaced or telecined picture is the earlier one. */
  fields: z.enum(fieldOrders).optional(),
  cadence: z.enum(cadences).optional(),
  /** The size from which the picture was enlarged before. */
  enlarged: z.union([z.literal("none"), z.strictObject({ width: z.int().min(1), height: z.int().min(1) })]).optional(),
  compression: share.optional(),
  blockiness: share.optional(),
  ringing: share.optional(),
  /** How far sharp edges shoot over, as a share of their height. */
  halos: share.optional(),
  /** How many dB, up to 1, weights for shared video are expected to gain. */
  shared: share.optional(),
  /** Standard deviation, in 8-bit code values, as grain and flicker. */
  noise: sigma.optional(),
  grain: sigma.optional(),
  banding: share.optional(),
  flicker: sigma.optional(),
  /** Borders to take for no part of the picture, in pixels of the picture standing upright. */
  letterbox: z.union([z.literal("none"), z.strictObject({ top: side, bottom: side, left: side, right: side })]).optional(),
  monochrome: z.boolean().optional(),
  faded: z.boolean().optional(),
  /** Cuts in the samples; 0 says that the video is one shot. */
  cuts: z.int().min(0).optional(),
});
export type Assumptions = z.infer<typeof Assumptions>;
