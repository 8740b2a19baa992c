import type { ModelDescriptor } from "../domain/model-descriptor.ts";
import { chooseProvider, type ProviderName } from "../inference/providers.ts";
import { TilePool } from "../inference/tile-pool.ts";
import { locateModel } from "../models/locate.ts";
import type { Plan } from "./plan.ts";
import type { Network } from "./stages/enhance.ts";

export type ProviderChoice = "auto" | ProviderName;

/** The planned network, ready to run. Owns: its threads. */
export type OpenNetwork = AsyncDisposable & {
  readonly network: Network | undefined;
  readonly sha256: string | undefined;
  readonly provider: { readonly name: string; readonly reason: string };
};

/** Loads the planned network on the chosen provider; a plan without a network opens nothing. Once the signal
 *  is aborted, tiles that wait for their turn are refused. */
export async function openNetwork(
  plan: Plan,
  descriptor: ModelDescriptor,
  options: { readonly provider: ProviderChoice; readonly threads: number; readonly signal?: AbortSignal },
): Promise<OpenNetwork> {
  if (plan.network === undefined) {
    return {
      network: undefined,
      sha256: undefined,
      provider: { name: "none", reason: "the plan uses no network" },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { bitDepth } = plan.work;
  const modelPath = await locateModel(descriptor, bitDepth);
  const provider = await chooseProvider(options.provider, { descriptor, modelPath, bitDepth });
  const workers = provider.name === "cpu" ? options.threads : 1;
  const pool = await TilePool.create({ descriptor, modelPath, provider: provider.name, workers, bitDepth });
  const stop = (): void => pool.stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  return {
    network: { pool, descriptor },
    sha256: (bitDepth > 8 ? descriptor.files.u16 : descriptor.files.u8).sha256,
    provider,
    [Symbol.asyncDispose]: () => {
      options.signal?.removeEventListener("abort", stop);
      return pool[Symbol.asyncDispose]();
    },
  };
}
