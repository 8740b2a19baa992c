import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { InstalledModel, ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { listInstalled } from "../../src/models/installed.ts";
import { bundledModels } from "../../src/models/registry.ts";
import { scale, type Pictures } from "./material.ts";
import { upscaleWithModel } from "./upscale.ts";
import { upscaleWithWebsr } from "./websr.ts";

/** Upscaled pictures and what they took. Owns: the pictures. */
export type Upscaled = {
  readonly pictures: Pictures;
  /** From the source's samples to the result's, without starting the network. */
  readonly secondsPerFrame: number;
  /** Processor time of the inference threads alone; 0 where there are none. */
  readonly networkSecondsPerFrame: number;
};

/** Something that brings pictures to `factor` times their size. */
export type Contender = {
  readonly name: string;
  readonly model?: ModelDescriptor | InstalledModel;
  readonly upscale: (source: Pictures, factor: number) => Promise<Upscaled>;
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

export const lanczos: Contender = {
  name: "lanczos",
  upscale: async (source, factor) => {
    const { width, height } = source.size;
    const started = performance.now();
    const pictures = await scale(source, { width: width * factor, height: height * factor }, "lanczos");
    const seconds = (performance.now() - started) / 1000;
    return { pictures, secondsPerFrame: seconds / source.frames.length, networkSecondsPerFrame: 0 };
  },
};

/** The named networks that can be had: tiers and ids of ours, ids of added ones, and websr's `cnn-2x-l` with its weights for real
 *  life (`websr-rl`), animation (`websr-an`) or rendered scenes (`websr-3d`). */
export async function chooseContenders(choice: ContenderChoice): Promise<readonly Contender[]> {
  const { names, threads, modelsFolder, websrFolder, onSkip } = choice;
  const added = await listInstalled(modelsFolder);
  return names.flatMap((name): Contender[] => {
    const variant = websrNames.exec(name)?.[1];
    if (variant !== undefined) {
      const weights = join(websrFolder ?? installedWebsr() ?? "", `cnn-2x-l-${variant}.json`);
      if (existsSync(weights)) {
        return [{ name, upscale: (source, factor) => upscaleWithWebsr(source, { weights, factor, threads }) }];
      }
      onSkip(name, "the weights of @websr/websr are not there; install the package or name their folder with --websr");
      return [];
    }
    const model =
      bundledModels.find(({ id, tier, preset }) => id === name || (tier === name && preset === "general")) ??
      bundledModels.find(({ tier, preset }) => `${preset}/${tier}` === name) ??
      added.find(({ descriptor }) => descriptor.id === name);
    if (model === undefined) {
      const known = [...bundledModels.map(({ id }) => id), ...added.map(({ descriptor }) => descriptor.id)];
      onSkip(name, `no such network is installed; there are ${known.join(", ")}`);
      return [];
    }
    return [{ name, model, upscale: (source, factor) => upscaleWithModel(source, { model, factor, threads }) }];
  });
}

function installedWebsr(): string | undefined {
  try {
    return fileURLToPath(new URL("weights/anime4k/", import.meta.resolve("@websr/websr/package.json")));
  } catch {
    return undefined;
  }
}
