import type { InstalledModel, ModelDescriptor, NetworkDescriptor } from "../domain/model-descriptor.ts";
import { AppError } from "../domain/errors.ts";
import { chooseProvider, type Provider, type ProviderName } from "../inference/providers.ts";
import { TilePool } from "../inference/tile-pool.ts";
import { checkInstalled } from "../models/installed.ts";
import { locateModel } from "../models/locate.ts";
import { bundledModels } from "../models/registry.ts";
import { openChroma } from "./chroma-network.ts";
import type { Plan } from "./plan.ts";
import type { Network } from "./stages/enhance.ts";

export type ProviderChoice = "auto" | ProviderName;

/** The planned network, ready to run. Owns: its threads. */
export type OpenNetwork = AsyncDisposable & {
  readonly network: Network | undefined;
  readonly sha256: string | undefined;
  /** Of the network that doubles after the first pass, where that is another one. */
  readonly laterSha256: string | undefined;
  readonly chromaSha256: string | undefined;
  readonly provider: { readonly name: string; readonly reason: string };
};

/** Loads the planned network on the chosen provider; a plan without a network opens nothing. Once the signal
 *  is aborted, tiles that wait for their turn are refused. */
export async function openNetwork(
  plan: Plan,
  model: NetworkDescriptor | InstalledModel,
  options: { readonly provider: ProviderChoice; readonly threads: number; readonly signal?: AbortSignal },
): Promise<OpenNetwork> {
  if (plan.network === undefined) {
    return {
      network: undefined,
      sha256: undefined,
      laterSha256: undefined,
      chromaSha256: undefined,
      provider: { name: "none", reason: "the plan uses no network" },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { bitDepth } = plan.work;
  const { descriptor, modelPath, sha256 } = await findFile(model, bitDepth);
  const provider =
    descriptor.kind === "rgb"
      ? providerForAdded(descriptor.id, options.provider)
      : await chooseProvider(options.provider, { descriptor, modelPath, bitDepth });
  // A large network's working set fills the caches whoever computes it: one session, its threads within each tile.
  const isOneSession = provider.name !== "cpu" || descriptor.kind === "rgb";
  const threads = {
    workers: isOneSession ? 1 : options.threads,
    threadsPerWorker: descriptor.kind === "rgb" ? options.threads : 1,
  };
  await using opening = new AsyncDisposableStack();
  const pool = opening.use(await TilePool.create({ descriptor, modelPath, provider: provider.name, bitDepth, ...threads }));
  const next = await findLater(plan);
  const later =
    next === undefined
      ? undefined
      : {
          descriptor: next.descriptor,
          pool: opening.use(await TilePool.create({ ...next, provider: provider.name, bitDepth, ...threads })),
        };
  const chroma = await openChroma(plan, { wanted: options.provider, provider, workers: threads.workers });
  if (chroma !== undefined) opening.use(chroma.pool);
  const stop = (): void => [pool, later?.pool, chroma?.pool].forEach((each) => each?.stop());
  options.signal?.addEventListener("abort", stop, { once: true });
  opening.defer(() => options.signal?.removeEventListener("abort", stop));
  const opened = opening.move();
  return {
    network:
      descriptor.kind === "rgb"
        ? { kind: "rgb", pool, descriptor }
        : { kind: "luma", pool, descriptor, ...(later !== undefined && { later }), ...(chroma !== undefined && { chroma }) },
    sha256,
    laterSha256: next?.sha256,
    chromaSha256: chroma?.sha256,
    provider: chroma === undefined ? provider : describeProviders(provider, chroma.provider),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function findLater({ network, work: { bitDepth } }: Plan): Promise<LumaFile | undefined> {
  const descriptor = bundledModels.find(({ id }) => id === network?.laterId);
  return descriptor === undefined ? undefined : await findLumaFile(descriptor, bitDepth);
}

type LumaFile = { readonly descriptor: ModelDescriptor; readonly modelPath: string; readonly sha256: string };
type FoundFile = { readonly descriptor: NetworkDescriptor; readonly modelPath: string; readonly sha256: string };

async function findFile(model: NetworkDescriptor | InstalledModel, bitDepth: number): Promise<FoundFile> {
  if ("descriptor" in model) {
    await checkInstalled(model);
    return { descriptor: model.descriptor, modelPath: model.path, sha256: model.descriptor.file.sha256 };
  }
  if (model.kind === "rgb") throw new AppError("internal", `The network ${model.id} was planned without its file.`);
  return await findLumaFile(model, bitDepth);
}

async function findLumaFile(descriptor: ModelDescriptor, bitDepth: number): Promise<LumaFile> {
  const modelPath = await locateModel(descriptor, bitDepth);
  return { descriptor, modelPath, sha256: (bitDepth > 8 ? descriptor.files.u16 : descriptor.files.u8).sha256 };
}

function describeProviders(luma: Provider, chroma: Provider): Provider {
  return chroma.name === luma.name ? luma : { ...luma, reason: `${luma.reason}; ${chroma.reason}` };
}

function providerForAdded(id: string, wanted: ProviderChoice): { readonly name: "cpu"; readonly reason: string } {
  if (wanted === "cpu") return { name: "cpu", reason: "asked for" };
  if (wanted === "auto") return { name: "cpu", reason: "added networks run on the CPU" };
  throw new AppError("provider_unavailable", `${id} is an added network, and those run on the CPU only; use --provider cpu.`);
}
