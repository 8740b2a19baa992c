import type { MachineFacts } from "../machine.ts";
import { formatTable } from "../table.ts";
import type { DegradationName } from "./degradations.ts";
import { mean, median, scoreNames, type Scores } from "./metrics.ts";

/** One clip, spoiled one way, upscaled by one contender. */
export type Measurement = {
  readonly clip: string;
  readonly factor: number;
  readonly degradation: DegradationName;
  readonly contender: string;
  readonly scores: Scores;
  readonly secondsPerFrame: number;
  readonly networkSecondsPerFrame: number;
};

/** What the JSON file holds. */
export type QualityResult = {
  readonly machine: MachineFacts;
  readonly models: readonly { readonly name: string; readonly id: string; readonly sha256: string }[];
  readonly framesPerClip: number;
  readonly measurements: readonly Measurement[];
};

const digits: Record<keyof Scores, number> = { psnr: 2, ssim: 4, xpsnr: 2, vif: 4, psnrCb: 2, psnrCr: 2, flicker: 3 };
const titles: Record<keyof Scores, string> = {
  psnr: "PSNR-Y",
  ssim: "SSIM",
  xpsnr: "XPSNR",
  vif: "VIF",
  psnrCb: "PSNR-Cb",
  psnrCr: "PSNR-Cr",
  flicker: "flicker",
};

/** A table of means over the clips, and of medians in brackets: a row for each contender. */
export function formatSummary(group: readonly Measurement[]): string {
  const head = ["", ...scoreNames.map((name) => titles[name]), "s/frame", "network CPU s/frame"];
  const rows = contendersOf(group).map((contender) => {
    const own = group.filter((measurement) => measurement.contender === contender);
    const cell = (values: readonly number[], places: number): string =>
      `${mean(values).toFixed(places)} (${median(values).toFixed(places)})`;
    return [
      contender,
      ...scoreNames.map((name) =>
        cell(
          own.map(({ scores }) => scores[name]),
          digits[name],
        ),
      ),
      cell(
        own.map(({ secondsPerFrame }) => secondsPerFrame),
        3,
      ),
      cell(
        own.map(({ networkSecondsPerFrame }) => networkSecondsPerFrame),
        3,
      ),
    ];
  });
  return formatTable([head, ...rows]);
}

/** A table of what each contender gains over Lanczos in PSNR-Y, and in brackets in VIF: a row for each clip. */
export function formatGains(group: readonly Measurement[]): string {
  const contenders = contendersOf(group).filter((name) => name !== "lanczos");
  const clips = [...new Set(group.map(({ clip }) => clip))];
  const cell = (gains: readonly Gain[]): string =>
    `${signed(mean(gains.map(({ psnr }) => psnr)), 2)} (${signed(mean(gains.map(({ vif }) => vif)), 3)})`;
  const gains = (contender: string): readonly Gain[] => gainsOver(group, { contender, baseline: "lanczos" });
  const rows = clips.map((clip) => [
    clip,
    ...contenders.map((contender) => cell(gains(contender).filter((gain) => gain.clip === clip))),
  ]);
  return formatTable([["gain over Lanczos", ...contenders], ...rows, ["mean", ...contenders.map((name) => cell(gains(name)))]]);
}

/** One sentence for each of websr's networks: what `standard` gains on it, and how much longer it computes. */
export function compareWithWebsr(group: readonly Measurement[]): readonly string[] {
  if (!contendersOf(group).includes("standard")) return [];
  return websrOf(group).map((baseline) => {
    const gains = gainsOver(group, { contender: "standard", baseline });
    const better = gains.filter(({ psnr }) => psnr > 0).length;
    return (
      `standard against ${baseline}: PSNR-Y ${signed(mean(gains.map(({ psnr }) => psnr)), 2)} dB ` +
      `(better on ${better} of ${gains.length} clips), VIF ${signed(mean(gains.map(({ vif }) => vif)), 4)}, ` +
      `flicker ${signed(mean(gains.map(({ flicker }) => flicker)), 3)}, ` +
      `network time x ${median(gains.map(({ timeRatio }) => timeRatio)).toFixed(2)}`
    );
  });
}

/** Mean gain in dB of luma PSNR that `standard` must reach at x2; every other network of ours must only not lose. */
const wantedGains: Partial<Record<DegradationName, number>> = { clean: 0.5, crf23: 0.4, crf28: 0.2 };

/** What is not reached by our networks at x2, each as a sentence. Old film has no floor: nothing is made to restore it. */
export function findShortfalls(ours: readonly string[], measurements: readonly Measurement[]): readonly string[] {
  const shortfalls: string[] = [];
  for (const [degradation, group] of groups(measurements)) {
    if (group.every(({ factor }) => factor !== 2)) continue;
    for (const contender of contendersOf(group).filter((name) => ours.includes(name))) {
      const where = `${contender}, ${degradation}`;
      const wanted = wantedGains[degradation];
      if (wanted !== undefined) shortfalls.push(...belowLanczos(group, contender, where, contender === "standard" ? wanted : 0));
      if (contender !== "standard") continue;
      for (const baseline of websrOf(group)) {
        const gain = mean(gainsOver(group, { contender, baseline }).map(({ psnr }) => psnr));
        if (gain <= 0) shortfalls.push(`${where}: the mean PSNR-Y is ${(-gain).toFixed(2)} dB below that of ${baseline}`);
      }
    }
  }
  return shortfalls;
}

function belowLanczos(group: readonly Measurement[], contender: string, where: string, wanted: number): readonly string[] {
  const shortfalls: string[] = [];
  const gains = gainsOver(group, { contender, baseline: "lanczos" });
  const gain = mean(gains.map(({ psnr }) => psnr));
  if (gain < wanted) shortfalls.push(`${where}: the mean PSNR-Y gain is ${gain.toFixed(2)} dB, below ${wanted} dB`);
  const vifGain = mean(gains.map(({ vif }) => vif));
  if (vifGain <= 0) shortfalls.push(`${where}: VIF does not rise in the mean (${vifGain.toFixed(4)})`);
  for (const { clip, psnr } of gains) {
    if (psnr < 0) shortfalls.push(`${where}: ${clip} is ${(-psnr).toFixed(2)} dB below Lanczos`);
  }
  return shortfalls;
}

/** The measurements of each degradation and factor, in the order measured. */
export function groups(measurements: readonly Measurement[]): readonly (readonly [DegradationName, readonly Measurement[]])[] {
  const found = Map.groupBy(measurements, ({ degradation, factor }) => `${degradation} ${factor}`);
  return [...found.values()].flatMap((group): [DegradationName, readonly Measurement[]][] => {
    const [first] = group;
    return first === undefined ? [] : [[first.degradation, group]];
  });
}

type Gain = {
  readonly clip: string;
  readonly psnr: number;
  readonly vif: number;
  readonly flicker: number;
  readonly timeRatio: number;
};

function gainsOver(
  group: readonly Measurement[],
  { contender, baseline }: { readonly contender: string; readonly baseline: string },
): readonly Gain[] {
  return group.flatMap((own): Gain[] => {
    const other = group.find((measurement) => measurement.contender === baseline && measurement.clip === own.clip);
    if (own.contender !== contender || other === undefined) return [];
    return [
      {
        clip: own.clip,
        psnr: own.scores.psnr - other.scores.psnr,
        vif: own.scores.vif - other.scores.vif,
        flicker: own.scores.flicker - other.scores.flicker,
        timeRatio: own.networkSecondsPerFrame / other.networkSecondsPerFrame,
      },
    ];
  });
}

function contendersOf(group: readonly Measurement[]): readonly string[] {
  return [...new Set(group.map(({ contender }) => contender))];
}

function websrOf(group: readonly Measurement[]): readonly string[] {
  return contendersOf(group).filter((name) => name.startsWith("websr-"));
}

function signed(value: number, places: number): string {
  const text = value.toFixed(places);
  return value >= 0 ? `+${text}` : text;
}
