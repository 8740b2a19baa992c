import type { MachineFacts } from "../machine.ts";
import { formatTable } from "../table.ts";
import { type Aim, judge } from "./aims.ts";
import { baselineOf, clipsOf, contendersOf, type Group, groupsOf } from "./gains.ts";
import type { Measurement } from "./store.ts";
import {
  baselineTitle,
  degradationTitles,
  formatFlicker,
  formatGains,
  formatShort,
  formatSummary,
  formatWays,
} from "./tables.ts";

/** The Markdown sections of `docs/quality.md` that hold figures, from all measurements. `order`: of the contenders. */
export function writeReport(measurements: readonly Measurement[], order: readonly string[], machine: MachineFacts): string {
  const groups = groupsOf(measurements);
  const factors = [...new Set(groups.map(({ factor }) => factor))];
  const sections = [describeRun(groups, machine), "## In short"];
  for (const factor of factors) {
    const own = groups.filter((group) => group.factor === factor);
    const clips = Math.max(...own.map((group) => clipsOf(group).length));
    const over = baselineTitle({ factor });
    sections.push(
      `Gain over ${over} at x${factor}, dB of luma PSNR (VIF), mean of ${clips} ${clips === 1 ? "clip" : "clips"}:`,
      formatShort(own, order),
    );
    const enlarged = factor === 1 ? "" : ", enlarged with Lanczos";
    sections.push(
      `Flicker at x${factor} against the source's${enlarged} (on how many clips it is above):`,
      formatFlicker(own, order),
    );
  }
  const aims = judge(groups);
  if (aims.length > 0) sections.push("What was aimed at, at x2:", formatAims(aims));
  for (const factor of factors) {
    sections.push(`## Tables at x${factor}`);
    for (const group of groups.filter((each) => each.factor === factor)) sections.push(...groupSections(group));
  }
  return `${sections.join("\n\n")}\n`;
}

function groupSections(group: Group): readonly string[] {
  const title = degradationTitles[group.degradation];
  const heading = `### ${title.charAt(0).toUpperCase()}${title.slice(1)}${group.factor === 2 ? "" : `, x${group.factor}`}`;
  const ways = formatWays(group);
  const missing = describeMissing(group);
  return [
    heading,
    formatSummary(group),
    ...(contendersOf(group).length > 1 && contendersOf(group).includes(baselineOf(group)) ? [formatGains(group)] : []),
    ...(ways.length === 0 ? [] : [`What ran:\n\n${ways.join("\n")}`]),
    ...(missing === undefined ? [] : [missing]),
  ];
}

/** Where means are not of the same clips. */
function describeMissing(group: Group): string | undefined {
  const all = clipsOf(group).length;
  const counts = contendersOf(group).map((name) => ({
    name,
    clips: group.rows.filter(({ contender }) => contender === name).length,
  }));
  const short = counts.filter(({ clips }) => clips < all);
  if (short.length === 0) return undefined;
  return `Not of all ${all} clips: ${short.map(({ name, clips }) => `${name} (${clips})`).join(", ")}.`;
}

function describeRun(groups: readonly Group[], machine: MachineFacts): string {
  const rows = groups.flatMap((group) => group.rows);
  const dates = [...new Set(rows.map(({ date }) => date.slice(0, 10)))].toSorted((a, b) => a.localeCompare(b));
  const when = dates.length > 1 ? `from ${dates[0] ?? ""} to ${dates.at(-1) ?? ""}` : `on ${dates[0] ?? ""}`;
  const frames = groups.map((group) => {
    const counts = [...new Set(group.rows.map((row) => row.frames))].toSorted((a, b) => a - b);
    return `${degradationTitles[group.degradation]} x${group.factor} ${counts.join(" or ")}`;
  });
  return (
    `Measured ${when} with Upres ${machine.upres}, Node ${machine.node} and FFmpeg ${machine.ffmpeg} on ${machine.threads} threads ` +
    `of ${machine.processor}. Frames a clip: ${frames.join(", ")}. Means over the clips, medians in brackets.`
  );
}

function formatAims(aims: readonly Aim[]): string {
  const rows = aims.map(({ what, wanted, found, isMet }) => [what, wanted, found, isMet ? "met" : "**missed**"]);
  return formatTable([["aim", "wanted", "found", ""], ...rows]);
}
