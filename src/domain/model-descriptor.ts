import { z } from "zod";

const ModelFile = z.object({ name: z.string(), sha256: z.string(), sizeBytes: z.int() });

/** What the engine must know of one of its own networks without opening it.
 *  The network maps uint8 or uint16 luma [1, frames, H, W] to [1, 1, scale·(H − 2·halo), scale·(W − 2·halo)]. */
export const ModelDescriptor = z.object({
  kind: z.literal("luma").optional(),
  id: z.string(),
  title: z.string(),
  scale: z.literal([1, 2, 3, 4]),
  /** Frames that the network sees at once, 1 where left out: the frame itself, then its neighbours laid on it by their motion, in
   *  the order −1, +1, −2, +2 and so on. */
  frames: z.literal([1, 3, 5]).optional(),
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

/** A network that doubles both chroma planes of 4:2:0 video, guided by its luma: uint8 or uint16 luma [1, 1, 2·H, 2·W] and chroma
 *  [1, 2, H, W] to [1, 2, 2·(H − 2·halo), 2·(W − 2·halo)]. Halo and multiple count chroma samples. */
export const ChromaModelDescriptor = z.object({
  kind: z.literal("chroma"),
  id: z.string(),
  title: z.string(),
  scale: z.literal(2),
  /** Where chroma samples lie, in and out. */
  siting: z.enum(["left", "center"]),
  haloPixels: z.int(),
  sizeMultiple: z.int(),
  parameters: z.int(),
  /** By luma sample of the source. */
  macsPerInputPixel: z.number(),
  licence: z.string(),
  files: z.object({ u8: ModelFile, u16: ModelFile }),
});
export type ChromaModelDescriptor = z.infer<typeof ChromaModelDescriptor>;

/** A network that says of a picture how many dB `ugc`'s weights would be nearer to the truth than `general`'s: float32 luma [1, 1, H, W]
 *  in 8-bit code values to float32 [1]. */
export const JudgeModelDescriptor = z.object({
  kind: z.literal("judge"),
  id: z.string(),
  title: z.string(),
  parameters: z.int(),
  macsPerInputPixel: z.number(),
  licence: z.string(),
  file: ModelFile,
});
export type JudgeModelDescriptor = z.infer<typeof JudgeModelDescriptor>;

export const modelIdPattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const largestRgbScale = 8;

/** A network that a user added: float32 [1, 3, H, W] R'G'B' from 0 to `peak`, to
 *  [1, 3, scale·(H − 2·removed), scale·(W − 2·removed)]. */
export const RgbModelDescriptor = z.object({
  kind: z.literal("rgb"),
  id: z.string().regex(modelIdPattern),
  title: z.string(),
  scale: z.int().min(1).max(largestRgbScale),
  /** Source pixels around a tile that are given to the network so that the tile's own result does not feel its cut. */
  haloPixels: z.int().min(0).max(128),
  /** Of the halo, what the network itself leaves out; 0 where it pads. */
  removedPixels: z.int().min(0).max(128),
  /** Sides of a tile without its halo are multiples of this. */
  sizeMultiple: z.int().min(1).max(4096),
  /** Largest side of a tile without its halo. */
  tilePixels: z.int().min(8).max(4096),
  inputName: z.string().min(1),
  outputName: z.string().min(1),
  peak: z.union([z.literal(1), z.literal(255)]),
  parameters: z.int(),
  /** Measured when it was added, on that machine's CPU. */
  secondsPerMegapixel: z.number(),
  licence: z.string(),
  /** Where it came from: a file's name, or a URL without its query. */
  source: z.string(),
  /** Of the file that came from there; for an ncnn network the .bin. */
  sourceSha256: z.string(),
  file: ModelFile,
});
export type RgbModelDescriptor = z.infer<typeof RgbModelDescriptor>;

export type NetworkDescriptor = ModelDescriptor | RgbModelDescriptor;

/** An added network and where its file lies. */
export type InstalledModel = { readonly descriptor: RgbModelDescriptor; readonly path: string };
