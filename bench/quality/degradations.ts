import type { UpscaleRequest } from "../../src/domain/upscale-request.ts";
import type { StageName } from "../../src/engine/stage-plan.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { wearFilm, wornReference, type Overlay } from "./film.ts";
import { type CodedVideo, throughH264 } from "./h264.ts";
import { copyFrame, mapSamples, Pictures, scale } from "./material.ts";
import { seededRandom } from "./random.ts";

/** What a degradation makes of a clip: the pictures to upscale, the same as the video that they were decoded from where there
 *  is one, and what the results are compared with where it is not the ground truth itself. Owns: the pictures. */
export type Degraded = { readonly source: Pictures; readonly video?: CodedVideo; readonly reference?: Pictures };

export type DegradeOptions = {
  readonly factor: number;
  /** Together with the degradation's name, what all chance depends on. */
  readonly clip: string;
  /** Dirt and scratches; undefined when their pictures are not there. */
  readonly overlays: readonly Overlay[] | undefined;
};

type Degrade = (truth: Pictures, options: DegradeOptions) => Promise<Degraded>;

/** How the picture is spoiled, by name. Each brings it to 1/`factor` by area (FFmpeg's `area`); 1 leaves its size. */
export const degradations = {
  clean: async (truth, { factor }) => ({ source: await reduce(truth, factor) }),
  crf23: (truth, { factor }) => coded(truth, factor, 23),
  crf28: (truth, { factor }) => coded(truth, factor, 28),
  ugc: shareVideo,
  oldfilm: projectFilm,
} as const satisfies Record<string, Degrade>;
export type DegradationName = keyof typeof degradations;

/** Where a preset is made for such sources; elsewhere `general` is the one that fits. */
export const fittingPresets: Partial<Record<DegradationName, UpscaleRequest["preset"]>> = { ugc: "ugc", oldfilm: "old_film" };

/** What the reference suffers from as the source does, by the stages that would mend it. */
export const sharedDamage: Partial<Record<DegradationName, readonly StageName[]>> = {
  oldfilm: ["stabilise", "restore_contrast"],
};

/** Why a degradation is left out at a factor; undefined where it is not. */
export function reasonToLeaveOut(degradation: DegradationName, factor: number): string | undefined {
  return degradation === "clean" && factor === 1 ? "at its own size a clean picture is the ground truth" : undefined;
}

export function isDegradation(name: string): name is DegradationName {
  return Object.hasOwn(degradations, name);
}

async function coded(truth: Pictures, factor: number, crf: number): Promise<Degraded> {
  using reduced = await reduce(truth, factor);
  const { pictures, video } = await throughH264(reduced, { crf, preset: "medium" });
  return { source: pictures, video };
}

/** As shared from a phone: sensor noise that grows with brightness and is coarser in chroma, sharpened by the camera,
 *  encoded by the camera and once more by the service. */
async function shareVideo(truth: Pictures, { factor, clip }: DegradeOptions): Promise<Degraded> {
  using reduced = await reduce(truth, factor);
  const { normal } = seededRandom(`ugc ${clip}`);
  using noisy = mapSamples(reduced, ({ plane, sample }) => {
    if (plane === 0) return (x, y) => sample(x, y) + normal() * Math.sqrt(2 + sample(x, y) * 0.06);
    return (x, y) => sample(x, y) + normal() * 2;
  });
  using sharp = await filtered(noisy, "unsharp=5:5:0.6:5:5:0");
  using recorded = (await throughH264(sharp, { crf: 26, preset: "veryfast" })).pictures;
  const { pictures, video } = await throughH264(recorded, { crf: 29, preset: "medium" });
  return { source: pictures, video };
}

/** A worn print, transferred with care. Weave and fading are in the reference as well: where the picture stood and how it was
 *  graded cannot be known; grain, dirt, scratches and flicker are not. */
async function projectFilm(truth: Pictures, { factor, clip, overlays }: DegradeOptions): Promise<Degraded> {
  if (overlays === undefined) throw new RangeError("old film needs the pictures of dirt and scratches");
  const reference = wornReference(truth, seededRandom(`oldfilm weave ${clip}`));
  using worn = wearFilm(reference, overlays, seededRandom(`oldfilm wear ${clip}`));
  using reduced = await reduce(worn, factor);
  const { pictures, video } = await throughH264(reduced, { crf: 18, preset: "medium" });
  return { source: pictures, video, reference };
}

async function reduce(truth: Pictures, factor: number): Promise<Pictures> {
  if (factor === 1) return new Pictures(truth.frames.map(copyFrame), truth.color);
  const { width, height } = truth.size;
  return await scale(truth, { width: width / factor, height: height / factor }, "area");
}

async function filtered({ frames, color }: Pictures, chain: string): Promise<Pictures> {
  using filter = new FrameFilter(() => chain);
  const result = [];
  for (const frame of frames) {
    const output = await filter.apply(copyFrame(frame));
    output.takeProperties(frame);
    result.push(output);
  }
  return new Pictures(result, color);
}
