import type { MachineFacts } from "../machine.ts";
import { formatTable } from "../table.ts";
import { conditions } from "./material.ts";
import { mean, scoreNames, type Scores } from "./metrics.ts";

/** One clip in one condition. */
export type Measurement = {
  readonly clip: string;
  readonly condition: string;
  readonly lanczos: Scores;
  readonly ours: Scores;
};

/** What the JSON file holds. */
export type QualityResult = {
  readonly machine: MachineFacts;
  readonly model: { readonly id: string; readonly sha256: string };
  readonly framesPerClip: number;
  readonly measurements: readonly Measurement[];
};

const digits: Record<keyof Scores, number> = { psnr: 2, ssim: 4, xpsnr: 2, vif: 4 };
const titles: Record<keyof Scores, string> = { psnr: "PSNR-Y", ssim: "SSIM", xpsnr: "XPSNR", vif: "VIF" };

/** Mean gain in dB of luma PSNR that `standard` must reach; every other network must only not lose. */
const wantedGains: Record<string, number> = { clean: 0.5, "CRF 23": 0.4, "CRF 28": 0.2 };

/** A table for one condition: Lanczos, ours and the gain for every measure, with a row of means. */
export function formatCondition(measurements: readonly Measurement[]): string {
  const head = ["clip", ...scoreNames.flatMap((name) => [titles[name], "ours", "gain"])];
  const rows = measurements.map(({ clip, lanczos, ours }) => [clip, ...scoreNames.flatMap((name) => cells(name, lanczos, ours))]);
  const means = (side: "lanczos" | "ours"): Scores => {
    const of = (name: keyof Scores): number => mean(measurements.map((measurement) => measurement[side][name]));
    return { psnr: of("psnr"), ssim: of("ssim"), xpsnr: of("xpsnr"), vif: of("vif") };
  };
  const meanRow = ["mean", ...scoreNames.flatMap((name) => cells(name, means("lanczos"), means("ours")))];
  return formatTable([head, ...rows, meanRow]);
}

function cells(name: keyof Scores, lanczos: Scores, ours: Scores): string[] {
  const gain = ours[name] - lanczos[name];
  const text = gain.toFixed(digits[name]);
  return [lanczos[name].toFixed(digits[name]), ours[name].toFixed(digits[name]), gain >= 0 ? `+${text}` : text];
}

/** What is not reached, each as a sentence. */
export function findShortfalls(tier: string, measurements: readonly Measurement[]): readonly string[] {
  const shortfalls: string[] = [];
  for (const { name: condition } of conditions) {
    const group = measurements.filter((measurement) => measurement.condition === condition);
    if (group.length === 0) continue;
    const gain = mean(group.map(({ lanczos, ours }) => ours.psnr - lanczos.psnr));
    const wanted = tier === "standard" ? (wantedGains[condition] ?? 0) : 0;
    if (gain < wanted) shortfalls.push(`${condition}: the mean PSNR-Y gain is ${gain.toFixed(2)} dB, below ${wanted} dB`);
    const vifGain = mean(group.map(({ lanczos, ours }) => ours.vif - lanczos.vif));
    if (vifGain <= 0) shortfalls.push(`${condition}: VIF does not rise in the mean (${vifGain.toFixed(4)})`);
    for (const { clip, lanczos, ours } of group) {
      const difference = ours.psnr - lanczos.psnr;
      if (difference < 0) shortfalls.push(`${condition}: ${clip} is ${(-difference).toFixed(2)} dB below Lanczos`);
    }
  }
  return shortfalls;
}
