import { z } from "zod";
import type { EncodeSettings } from "../../src/media/encode.ts";

const Rational = z.object({ num: z.int(), den: z.int() });

const Settings = z.object({
  codec: z.string(),
  size: z.object({ width: z.int(), height: z.int() }),
  pixelFormat: z.string(),
  timeBase: Rational,
  frameRate: Rational,
  color: z.object({
    range: z.enum(["limited", "full", "unknown"]),
    matrix: z.string(),
    primaries: z.string(),
    transfer: z.string(),
    chromaLocation: z.string(),
  }),
  threads: z.int(),
  gopFrames: z.int(),
  options: z.record(z.string(), z.string()),
}) satisfies z.ZodType<EncodeSettings>;

/** What a measured helper process is told: the product's own encoder settings, and where to read and write. */
export const BaselineJob = z.object({
  inputPath: z.string(),
  streamIndex: z.int(),
  outputPath: z.string(),
  encode: Settings,
});
export type BaselineJob = z.infer<typeof BaselineJob>;
