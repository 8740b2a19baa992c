import { stripVTControlCharacters } from "node:util";

export type TableOptions = {
  /** Columns of the terminal: the last column is wrapped to fit; left out, lines are as long as they are. */
  readonly width?: number | undefined;
  readonly indent?: number;
};

const gap = 2;
const narrowestLastColumn = 24;

/** Aligns cells into columns; the last column may wrap. Returns lines joined by newlines. */
export function formatTable(rows: readonly (readonly string[])[], { width, indent = 0 }: TableOptions = {}): string {
  const clean = rows.map((row) => row.map(plainText));
  const columns = Math.max(0, ...clean.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(0, ...clean.map((row) => row[column]?.length ?? 0)));
  const before = widths.slice(0, -1).reduce((sum, columnWidth) => sum + columnWidth + gap, indent);
  const room = width === undefined ? Infinity : Math.max(narrowestLastColumn, width - before - 1);
  return clean.flatMap((row) => formatRow(row, { widths, before, room, indent })).join("\n");
}

type Layout = { readonly widths: readonly number[]; readonly before: number; readonly room: number; readonly indent: number };

function formatRow(row: readonly string[], { widths, before, room, indent }: Layout): string[] {
  const last = widths.length - 1;
  const head = row.slice(0, last).map((cell, column) => cell.padEnd((widths[column] ?? 0) + gap));
  const [first = "", ...rest] = wrap(row[last] ?? "", room);
  const start = " ".repeat(indent) + head.join("");
  return [`${start}${first}`.trimEnd(), ...rest.map((line) => " ".repeat(before) + line)];
}

/** Breaks text at spaces into lines of at most `width` characters; a longer word stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Text from files and names without anything that a terminal would obey. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, " ");
}
