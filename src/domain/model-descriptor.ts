import { z } from "zod";

const ModelFile = z.object({ name: z.string(), sha256: z.string(), sizeBytes: z.int() });

/** What the engine must know of a network without opening it.
 *  The network maps uint8 or uint16 luma [1, 1, H, W] to [1, 1, scale·(H − 2·halo), scale·(W − 2·halo)]. */
export const ModelDescriptor = z.object({
  id: z.string(),
  title: z.string(),
  scale: z.literal(2),
  tier: z.enum(["fast", "standard", "pro"]),
  preset: z.string(),
  /** Source pixels around a window that the network reads but does not return. */
  haloPixels: z.int(),
  /** Window sides must be multiples of this. */
  sizeMultiple: z.int(),
  parameters: z.int(),
  macsPerInputPixel: z.number(),
  licence: z.string(),
  files: z.object({ u8: ModelFile, u16: ModelFile }),
});
export type ModelDescriptor = z.infer<typeof ModelDescriptor>;
