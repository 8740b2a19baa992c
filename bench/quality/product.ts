import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultRequest, presets, tiers, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { PictureWay } from "../../src/engine/picture-way.ts";
import type { Upscaled, UpscaleTask } from "./contenders.ts";
import { type DegradationName, fittingPresets, sharedDamage } from "./degradations.ts";
import { losslessH264, writeVideo } from "./h264.ts";
import { gather, Pictures } from "./material.ts";
import { Stopwatch } from "./stopwatch.ts";
import { describeWay, framesInFlight, networkSeconds } from "./upscale.ts";

/** What the command is asked for; preset `fitting` is the one made for the degradation. */
export type ProductRequest = Pick<UpscaleRequest, "tier" | "fidelity"> & {
  readonly preset: UpscaleRequest["preset"] | "fitting";
};

/** Frames of a video from which the diagnosis finds as much as of a long one. */
export const leastProductFrames = 12;

/** `product`, followed by a preset or `fitting`, a tier and `medium` as wanted, between slashes; undefined for other names. */
export function parseProduct(name: string): ProductRequest | undefined {
  const [first, ...words] = name.split("/");
  if (first !== "product") return undefined;
  const preset = ["fitting" as const, ...presets].find((candidate) => words.includes(candidate));
  const tier = tiers.find((candidate) => words.includes(candidate));
  const fidelity = words.find((word) => word === "medium");
  const known = [preset, tier, fidelity].filter((word) => word !== undefined);
  if (known.length !== words.length) return undefined;
  return { preset: preset ?? "general", tier: tier ?? "standard", fidelity: fidelity === undefined ? "high" : "medium" };
}

/** The preset that is asked for; undefined where `fitting` would be the general one, which `product` shows already. */
export function presetFor({ preset }: ProductRequest, degradation: DegradationName): UpscaleRequest["preset"] | undefined {
  return preset === "fitting" ? fittingPresets[degradation] : preset;
}

/** Does with the degraded video what the command does with a file: diagnosis, plan, weights, stages, network; only the
 *  encoder is left out, and stages that would mend what the reference suffers from too. Its time is from the opened file on,
 *  without the diagnosis. */
export async function upscaleAsProduct(task: UpscaleTask, wanted: ProductRequest, threads: number): Promise<Upscaled> {
  const { source, degradation, factor, clipPath } = task;
  const folder = await mkdtemp(join(tmpdir(), "upres-product-"));
  try {
    const inputPath = join(folder, "source.mp4");
    await writeVideo(inputPath, task.video ?? (await losslessH264(source)), clipPath);
    const preset = presetFor(wanted, degradation) ?? "general";
    const request = { ...defaultRequest, ...wanted, preset, target: { kind: "scale", factor } } as const;
    const { plan: planned, model, timeline } = await inspect(inputPath, request, threads);
    const shared = sharedDamage[degradation] ?? [];
    const plan = { ...planned, stages: planned.stages.filter(({ name }) => !shared.includes(name)) };
    await using opened = await openNetwork(plan, model, { provider: "cpu", threads });
    using way = new PictureWay(plan, opened.network);
    const stopwatch = new Stopwatch();
    const segment = { index: 0, fromTicks: 0n, untilTicks: undefined };
    const options = { inputPath, timeline, segment, framesInFlight, decodeThreads: threads, onSource: () => undefined };
    const result = await gather(way.run(options));
    return {
      pictures: new Pictures(result, source.color),
      ...stopwatch.perFrame(result.length),
      networkSecondsPerFrame: networkSeconds(opened.network) / result.length,
      way: describeWay(plan),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
