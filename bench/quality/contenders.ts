import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InstalledModel, ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { fittingModel, forDamage } from "../../src/engine/network-plan.ts";
import { bundledChromaModels } from "../../src/models/chroma.ts";
import { listInstalled } from "../../src/models/installed.ts";
import { bundledModels, cleanModel, laterModel } from "../../src/models/registry.ts";
import type { DegradationName } from "./degradations.ts";
import type { CodedVideo } from "./h264.ts";
import { copyFrame, Pictures, scale } from "./material.ts";
import { leastProductFrames, parseProduct, type ProductRequest, presetFor, upscaleAsProduct } from "./product.ts";
import { Stopwatch } from "./stopwatch.ts";
import { compressionOf, upscaleWithModel } from "./upscale.ts";
import { upscaleWithWebsr } from "./websr.ts";

/** Upscaled pictures and what they took. Owns: the pictures. */
export type Upscaled = {
  readonly pictures: Pictures;
  /** From the source's samples to the result's, without starting the network. */
  readonly secondsPerFrame: number;
  /** Processor time of all threads meanwhile. */
  readonly cpuSecondsPerFrame: number;
  /** Processor time of the inference threads alone; 0 where there are none. */
  readonly networkSecondsPerFrame: number;
  /** What ran, where the name does not tell all. */
  readonly way: string;
};

/** One degraded clip to upscale. Owns: whoever made it keeps the pictures. */
export type UpscaleTask = {
  readonly source: Pictures;
  /** What the source was decoded from, if anything. */
  readonly video?: CodedVideo | undefined;
  /** The file that the ground truth is from. */
  readonly clipPath: string;
  readonly degradation: DegradationName;
  readonly factor: number;
};

/** Which tasks are meant. */
export type TaskKind = Pick<UpscaleTask, "degradation" | "factor"> & { readonly frames: number };

/** Something that brings pictures to `factor` times their size. */
export type Contender = {
  readonly name: string;
  /** Changes when its weights do. */
  readonly identity: string;
  /** Why it takes no part in such a task; undefined where it does. */
  readonly refuses?: (kind: TaskKind) => string | undefined;
  readonly upscale: (task: UpscaleTask) => Promise<Upscaled>;
};

export type ContenderChoice = {
  readonly names: readonly string[];
  readonly threads: number;
  /** Where networks that a user added lie. */
  readonly modelsFolder: string;
  /** The folder of websr's weights; undefined for that of the installed package. */
  readonly websrFolder: string | undefined;
  /** Told why a named network does not take part. */
  readonly onSkip: (name: string, reason: string) => void;
};

const websrNames = /^websr-(rl|an|3d)$/;

/** What the others are measured against where the picture grows. */
export const lanczos: Contender = {
  name: "lanczos",
  identity: "FFmpeg",
  refuses: ({ factor }) => (factor === 1 ? "at its own size the source stands in its place" : undefined),
  upscale: async ({ source, factor }) => {
    const { width, height } = source.size;
    const stopwatch = new Stopwatch();
    const pictures = await scale(source, { width: width * factor, height: height * factor }, "lanczos");
    return { pictures, ...stopwatch.perFrame(source.frames.length), networkSecondsPerFrame: 0, way: "" };
  },
};

/** What the others are measured against where the picture keeps its size. */
export const untouched: Contender = {
  name: "source",
  identity: "source",
  refuses: ({ factor }) => (factor === 1 ? undefined : "it is smaller than the result"),
  upscale: ({ source }) => {
    const pictures = new Pictures(source.frames.map(copyFrame), source.color);
    return Promise.resolve({ pictures, secondsPerFrame: 0, cpuSecondsPerFrame: 0, networkSecondsPerFrame: 0, way: "" });
  },
};

/** The named ones that can be had: tiers of the general preset and `preset/tier`, by which the product chooses the network for the
 *  factor; ids of ours and of added networks, which run as often as it takes; `product` (see `parseProduct`); and websr's `cnn-2x-l` with its weights for real life (`websr-rl`), animation (`websr-an`) or rendered
 *  scenes (`websr-3d`). */
export async function chooseContenders(choice: ContenderChoice): Promise<readonly Contender[]> {
  const { names, threads, modelsFolder, websrFolder, onSkip } = choice;
  const added = await listInstalled(modelsFolder);
  return names.flatMap((name): Contender[] => {
    const variant = websrNames.exec(name)?.[1];
    if (variant !== undefined) {
      const weights = join(websrFolder ?? installedWebsr() ?? "", `cnn-2x-l-${variant}.json`);
      if (existsSync(weights)) return [websr(name, weights, threads)];
      onSkip(name, "the weights of @websr/websr are not there; install the package or name their folder with --websr");
      return [];
    }
    const asked = parseProduct(name);
    if (asked !== undefined) return [product(name, asked, threads)];
    const tier = bundledModels.find(({ scale: by, ...model }) => by === 2 && tierNames(model).includes(name));
    if (tier !== undefined) return [tierNetworks(name, tier, threads)];
    const model = bundledModels.find(({ id }) => id === name) ?? added.find(({ descriptor }) => descriptor.id === name);
    if (model !== undefined) return [network(name, model, threads)];
    const known = [...bundledModels.map(({ id }) => id), ...added.map(({ descriptor }) => descriptor.id)];
    onSkip(name, `no such network is installed; there are ${known.join(", ")}`);
    return [];
  });
}

function tierNames({ tier, preset }: Pick<ModelDescriptor, "tier" | "preset">): readonly string[] {
  return preset === "general" ? [tier, `general/${tier}`] : [`${preset}/${tier}`];
}

/** Of a tier's networks for a preset the one that the product takes for the factor and the source's compression. */
function tierNetworks(name: string, doubling: ModelDescriptor, threads: number): Contender {
  const { tier, preset } = doubling;
  const ofTier = bundledModels.filter((model) => model.tier === tier && model.preset === preset);
  const own = [...ofTier, ...ofTier.map(cleanModel)].filter((model) => model !== undefined);
  return {
    name,
    identity: identityOf(own),
    upscale: ({ source, video, factor }) => {
      const { width, height } = source.size;
      const fitting = fittingModel(doubling, source.size, { width: width * factor, height: height * factor });
      const model = forDamage(fitting, compressionOf(source, video));
      return upscaleWithModel(source, { model, video, factor, threads });
    },
  };
}

function network(name: string, model: ModelDescriptor | InstalledModel, threads: number): Contender {
  const identity = "descriptor" in model ? model.descriptor.file.sha256 : identityOf([model]);
  return { name, identity, upscale: ({ source, video, factor }) => upscaleWithModel(source, { model, video, factor, threads }) };
}

/** Of these networks, of what doubles after them and of what makes the chroma. */
function identityOf(models: readonly ModelDescriptor[]): string {
  const all = [...models, ...models.map(laterModel), ...bundledChromaModels];
  return digest(all.flatMap((model) => model?.files.u8.sha256 ?? []));
}

function product(name: string, request: ProductRequest, threads: number): Contender {
  return {
    name,
    identity: identityOf(bundledModels),
    refuses: ({ degradation, frames }) => {
      if (presetFor(request, degradation) === undefined) return "the general preset fits, which `product` shows";
      return frames < leastProductFrames ? `its diagnosis needs ${leastProductFrames} frames` : undefined;
    },
    upscale: (task) => upscaleAsProduct(task, request, threads),
  };
}

function websr(name: string, weights: string, threads: number): Contender {
  return {
    name,
    identity: name,
    refuses: ({ factor }) => (factor === 2 || factor === 4 ? undefined : "it only doubles"),
    upscale: ({ source, factor }) => upscaleWithWebsr(source, { weights, factor, threads }),
  };
}

function digest(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join(" ")).digest("hex");
}

function installedWebsr(): string | undefined {
  try {
    return fileURLToPath(new URL("weights/anime4k/", import.meta.resolve("@websr/websr/package.json")));
  } catch {
    return undefined;
  }
}
