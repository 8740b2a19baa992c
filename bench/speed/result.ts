import { z } from "zod";
import type { Tier } from "../../src/domain/upscale-request.ts";
import { formatTable } from "../table.ts";
import type { Usage } from "./command.ts";

/** Where the command's processor time goes, in seconds of it for one run. */
export type Share = {
  readonly decode: number;
  readonly network: number;
  readonly encode: number;
  /** Start-up, probing, resampling chroma, copying tiles, writing, and reading the result back to verify it. */
  readonly other: number;
};

export type TierResult = {
  readonly tier: Tier;
  readonly frames: number;
  readonly runs: readonly { readonly upres: Usage; readonly lanczos: Usage }[];
  readonly share: Share;
};

/** What `stages.ts` writes. */
export const Stages = z.object({ decodeSeconds: z.number(), encodeSeconds: z.number() });

/** The part of the command's report that is used here. */
export const UpresReport = z.object({ speed: z.object({ networkCpuSeconds: z.number() }) });

/** Largest wall time as a multiple of Lanczos with the same encoder. */
const targets: Partial<Record<Tier, number>> = { fast: 4, standard: 10 };

export function shareOf(
  runs: TierResult["runs"],
  { decodeSeconds, encodeSeconds }: z.infer<typeof Stages>,
  { speed }: z.infer<typeof UpresReport>,
): Share {
  const all = median(runs.map(({ upres }) => upres.cpuSeconds));
  const network = speed.networkCpuSeconds;
  return { decode: decodeSeconds, network, encode: encodeSeconds, other: all - decodeSeconds - network - encodeSeconds };
}

export function formatResults(results: readonly TierResult[]): string {
  const speed = results.map(({ tier, frames, runs }) => {
    const [upres, lanczos] = [wall(runs, "upres"), wall(runs, "lanczos")];
    const peakMiB = Math.max(...runs.map((run) => run.upres.peakMiB));
    return [
      tier,
      (frames / lanczos).toFixed(1),
      (frames / upres).toFixed(1),
      ratio(runs, "wallSeconds").toFixed(2),
      `${targets[tier] ?? "none"}`,
      ratio(runs, "cpuSeconds").toFixed(2),
      peakMiB.toFixed(0),
    ];
  });
  const speedHead = ["tier", "Lanczos fps", "Upres fps", "wall ratio", "target", "CPU ratio", "peak MiB"];
  const shares = results.map(({ tier, share }) => {
    const parts = [share.decode, share.network, share.encode, share.other];
    const all = parts.reduce((sum, part) => sum + part, 0);
    return [tier, all.toFixed(1), ...parts.map((part) => `${part.toFixed(1)} (${((part / all) * 100).toFixed(0)} %)`)];
  });
  const shareHead = ["tier", "CPU s", "decode", "network", "encode", "other"];
  return `${formatTable([speedHead, ...speed])}\n\n${formatTable([shareHead, ...shares])}`;
}

/** Targets that are missed, each as a sentence. */
export function findShortfalls(results: readonly TierResult[]): readonly string[] {
  return results.flatMap(({ tier, runs }) => {
    const found = ratio(runs, "wallSeconds");
    const target = targets[tier] ?? Infinity;
    return found <= target ? [] : [`${tier} takes ${found.toFixed(2)} times as long as Lanczos, more than ${target}`];
  });
}

/** Ratio of the medians. */
function ratio(runs: TierResult["runs"], key: "wallSeconds" | "cpuSeconds"): number {
  return median(runs.map(({ upres }) => upres[key])) / median(runs.map(({ lanczos }) => lanczos[key]));
}

function wall(runs: TierResult["runs"], side: "upres" | "lanczos"): number {
  return median(runs.map((run) => run[side].wallSeconds));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]];
  if (low === undefined || high === undefined) throw new RangeError("there are no values");
  return (low + high) / 2;
}
