import { z } from "zod";
import { presets, tiers } from "../../domain/upscale-request.ts";
import { modelId } from "./names.ts";

/** Longest address that is taken. */
export const longestUrl = 8_192;

/** An absolute http(s) address, as it is sent to: what may not stand in one is percent-encoded. */
const HttpUrl = z
  .string()
  .max(longestUrl)
  .transform((text, context) => {
    const url = /^\s*https?:/i.test(text) ? URL.parse(text) : null;
    if (url !== null && url.href.length <= longestUrl) return url.href;
    context.addIssue({ code: "custom", message: "not an address" });
    return z.NEVER;
  });

/** One of the words, in upper or lower case. */
function word<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z
    .string()
    .max(20)
    .transform((text) => text.toUpperCase())
    .pipe(z.enum(words));
}

export const outputFormats = ["MP4", "WEBM", "MOV"] as const;
export const targetResolutions = ["1080p", "2k", "4k"] as const;

/** Fields beyond the model's own, which names neither a size nor a way to work. */
export const Extension = z.object({
  targetResolution: z.enum(targetResolutions).optional(),
  scale: z.number().min(1.1).max(10).optional(),
  tier: z.enum(tiers).optional(),
  preset: z.enum(presets).optional(),
  fidelity: z.enum(["high", "medium"]).optional(),
  fps: z.union([z.literal(30), z.literal(60)]).optional(),
});

/** An `upscale` task without its type, its UUID and whatever is null. */
export const UpscaleTask = z.object({
  model: z.literal(modelId),
  inputs: z.object({ video: z.string().min(1) }),
  outputType: word(["URL"]).optional(),
  outputFormat: word(outputFormats).optional(),
  outputQuality: z.int().min(20).max(99).optional(),
  webhookURL: HttpUrl.optional(),
  deliveryMethod: z.enum(["async", "sync"]).optional(),
  uploadEndpoint: HttpUrl.optional(),
  ttl: z.int().min(60).optional(),
  includeCost: z.boolean().optional(),
  upres: Extension.optional(),
});
export type UpscaleTask = z.infer<typeof UpscaleTask>;

/** Further keys that are taken without effect, with the only value they may have. */
export const ignoredKeys: Readonly<Record<string, unknown>> = { numberResults: 1 };

/** The other task types; unknown keys do no harm there. */
export const MediaTask = z.object({ operation: z.enum(["upload", "delete"]).default("upload"), media: z.string().min(1) });
export const ImageTask = z.object({ image: z.string().min(1) });
export const AuthenticationTask = z.object({
  apiKey: z.string().max(1_000).optional().catch(undefined),
  connectionSessionUUID: z.string().max(100).optional().catch(undefined),
});
