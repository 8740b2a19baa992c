import { settings } from "../src/config.ts";

/** The reference of all settings, as Markdown. */
export function describeSettings(): string {
  const groups = Map.groupBy(Object.entries(settings), ([, { group }]) => group);
  const sections = [...groups].map(([group, members]) => {
    const rows = members.map(([name, { takes, byDefault, about }]) => [`\`${name}\``, takes, showDefault(byDefault), about]);
    return `## ${group}\n\n${formatMarkdownTable([["setting", "takes", "default", "meaning"], ...rows])}`;
  });
  const introduction = [
    "# Configuration",
    "",
    "Settings come from the environment; options of `upres serve` and `upres worker` go before it. A name that begins with",
    "`UPRES_` and is not in this list is refused, as is a value that is not of the kind given.",
  ].join("\n");
  return `${introduction}\n\n${sections.join("\n\n")}\n`;
}

function showDefault(byDefault: string | undefined): string {
  return byDefault === undefined || byDefault === "" ? "" : `\`${byDefault}\``;
}

function formatMarkdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
