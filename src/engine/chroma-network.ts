import type { ChromaModelDescriptor } from "../domain/model-descriptor.ts";
import { type Provider, type ProviderName, selfTest } from "../inference/providers.ts";
import { TilePool } from "../inference/tile-pool.ts";
import { bundledChromaModels } from "../models/chroma.ts";
import { locateModel } from "../models/locate.ts";
import type { Plan } from "./plan.ts";

export type OpenChroma = {
  readonly descriptor: ChromaModelDescriptor;
  /** Owns: the caller disposes it. */
  readonly pool: TilePool;
  readonly sha256: string;
  readonly provider: Provider;
};

export type ChromaOptions = {
  readonly wanted: "auto" | ProviderName;
  /** What computes the luma. */
  readonly provider: Provider;
  readonly workers: number;
};

/** Loads the planned chroma network where the luma is computed, or, unless that was asked for by name, on the CPU when the
 *  self-test fails there. Undefined where none is planned.  Throws: AppError `provider_unavailable`, `model_invalid`. */
export async function openChroma(plan: Plan, options: ChromaOptions): Promise<OpenChroma | undefined> {
  const { bitDepth } = plan.work;
  const descriptor = bundledChromaModels.find(({ id }) => id === plan.network?.chromaId);
  if (descriptor === undefined) return undefined;
  const modelPath = await locateModel(descriptor, bitDepth);
  const provider = await usableProvider(options, { descriptor, modelPath, bitDepth });
  const workers = provider.name === "cpu" ? options.workers : 1;
  const pool = await TilePool.create({ descriptor, modelPath, provider: provider.name, bitDepth, workers });
  const { sha256 } = bitDepth > 8 ? descriptor.files.u16 : descriptor.files.u8;
  return { descriptor, pool, sha256, provider };
}

async function usableProvider({ wanted, provider }: ChromaOptions, subject: Parameters<typeof selfTest>[1]): Promise<Provider> {
  if (provider.name === "cpu") return provider;
  try {
    await selfTest(provider.name, subject);
    return provider;
  } catch (error) {
    if (wanted !== "auto") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { name: "cpu", reason: `${provider.name} is not usable for chroma: ${reason}` };
  }
}
