import { formatTable } from "../table.ts";
import { baselineOf, clipsOf, contendersOf, type Gain, gainsOver, type Group, websrOf } from "./gains.ts";
import type { DegradationName } from "./degradations.ts";
import { mean, median, scoreNames, type Scores } from "./metrics.ts";

const digits: Record<keyof Scores, number> = {
  psnr: 2,
  ssim: 4,
  xpsnr: 2,
  vif: 4,
  psnrCb: 2,
  psnrCr: 2,
  flicker: 3,
  excessChange: 3,
};
const titles: Record<keyof Scores, string> = {
  psnr: "PSNR-Y",
  ssim: "SSIM",
  xpsnr: "XPSNR",
  vif: "VIF",
  psnrCb: "PSNR-Cb",
  psnrCr: "PSNR-Cr",
  flicker: "flicker",
  excessChange: "change over truth's",
};
export const degradationTitles: Record<DegradationName, string> = {
  clean: "clean",
  crf23: "CRF 23",
  crf28: "CRF 28",
  ugc: "UGC",
  oldfilm: "old film",
};

/** Means over the clips, and medians in brackets: a row for each contender. */
export function formatSummary(group: Group): string {
  const head = ["", ...scoreNames.map((name) => titles[name]), "s/frame", "CPU s/frame", "network CPU s/frame"];
  const rows = contendersOf(group).map((contender) => {
    const own = group.rows.filter((row) => row.contender === contender);
    const cell = (values: readonly number[], places: number): string =>
      `${mean(values).toFixed(places)} (${median(values).toFixed(places)})`;
    const scores = scoreNames.map((name) => {
      const values = own.map((row) => row.scores[name]);
      return cell(values, digits[name]);
    });
    const times = [
      own.map(({ secondsPerFrame }) => secondsPerFrame),
      own.map(({ cpuSecondsPerFrame }) => cpuSecondsPerFrame),
      own.map(({ networkSecondsPerFrame }) => networkSecondsPerFrame),
    ];
    return [contender, ...scores, ...times.map((values) => cell(values, 3))];
  });
  return formatTable([head, ...rows]);
}

/** What each contender gains over the baseline in PSNR-Y, and in brackets in VIF: a row for each clip. */
export function formatGains(group: Group): string {
  const baseline = baselineOf(group);
  const contenders = contendersOf(group).filter((name) => name !== baseline);
  const rows = clipsOf(group).map((clip) => [
    clip,
    ...contenders.map((contender) => gainCell(gainsOver(group, { contender, baseline }).filter((gain) => gain.clip === clip))),
  ]);
  const means = contenders.map((contender) => gainCell(gainsOver(group, { contender, baseline })));
  return formatTable([[`gain over ${baselineTitle(group)}`, ...contenders], ...rows, ["mean", ...means]]);
}

/** Mean gains over the baseline, a row for each degradation, and what `standard` and `product` gain on each of websr's. */
export function formatShort(groups: readonly Group[], order: readonly string[]): string {
  const names = challengersOf(groups, order);
  const pairs = ["standard", "product"].flatMap((contender) =>
    [...new Set(groups.flatMap(websrOf))].map((baseline) => ({ contender, baseline })),
  );
  const compared = pairs.filter((pair) => groups.some((group) => gainsOver(group, pair).length > 0));
  const head = [
    "",
    ...names,
    ...compared.flatMap(({ contender, baseline }) => [`${contender} against ${baseline}`, "its network time"]),
  ];
  const rows = groups.map((group) => [
    degradationTitles[group.degradation],
    ...names.map((contender) => gainCell(gainsOver(group, { contender, baseline: baselineOf(group) }))),
    ...compared.flatMap((pair) => {
      const gains = gainsOver(group, pair);
      if (gains.length === 0) return ["-", "-"];
      const ratio = median(gains.map(({ networkRatio }) => networkRatio));
      return [`${signed(mean(gains.map(({ scores }) => scores.psnr)), 2)} dB`, `x ${ratio.toFixed(2)}`];
    }),
  ]);
  return formatTable([head, ...rows]);
}

/** Mean flicker divided by the baseline's, and in brackets on how many clips it is above: a row for each degradation. */
export function formatFlicker(groups: readonly Group[], order: readonly string[]): string {
  const names = challengersOf(groups, order);
  const rows = groups.map((group) => [
    degradationTitles[group.degradation],
    ...names.map((contender) => {
      const found = flickerAgainstSource(group, contender);
      return found === undefined ? "-" : `x ${found.ratio.toFixed(3)} (${found.above} of ${found.clips})`;
    }),
  ]);
  return formatTable([["", ...names], ...rows]);
}

function challengersOf(groups: readonly Group[], order: readonly string[]): readonly string[] {
  return order.filter((name) => groups.some((group) => baselineOf(group) !== name && contendersOf(group).includes(name)));
}

/** The ratio of mean flicker to the baseline's over the clips that both were measured on; undefined where there are none. */
export function flickerAgainstSource(
  { rows, factor }: Group,
  contender: string,
): { readonly ratio: number; readonly above: number; readonly clips: number } | undefined {
  const pairs = rows.flatMap((own) => {
    const source = rows.find((row) => row.contender === baselineOf({ factor }) && row.clip === own.clip);
    return own.contender === contender && source !== undefined ? [[own.scores.flicker, source.scores.flicker] as const] : [];
  });
  if (pairs.length === 0) return undefined;
  const [own, source] = [mean(pairs.map((pair) => pair[0])), mean(pairs.map((pair) => pair[1]))];
  return { ratio: own / source, above: pairs.filter(([mine, its]) => mine > its).length, clips: pairs.length };
}

/** What ran, where a contender's name leaves it open: a line for each way, with the clips it was taken on. */
export function formatWays(group: Group): readonly string[] {
  return contendersOf(group).flatMap((contender) => {
    const own = group.rows.filter((row) => row.contender === contender && row.way !== "");
    const ways = Map.groupBy(own, ({ way }) => way);
    if (ways.size === 0 || (group.factor === 2 && !contender.startsWith("product"))) return [];
    const found = [...ways].map(([way, rows]) => `${way} (${rows.length} ${rows.length === 1 ? "clip" : "clips"})`);
    return [`- ${contender}: ${found.join(" · ")}`];
  });
}

export function baselineTitle(group: Pick<Group, "factor">): string {
  return baselineOf(group) === "lanczos" ? "Lanczos" : "the source";
}

function gainCell(gains: readonly Gain[]): string {
  if (gains.length === 0) return "-";
  const average = (name: keyof Scores): number => mean(gains.map(({ scores }) => scores[name]));
  return `${signed(average("psnr"), 2)} (${signed(average("vif"), 3)})`;
}

export function signed(value: number, places: number): string {
  const text = value.toFixed(places);
  return value >= 0 ? `+${text}` : text;
}
