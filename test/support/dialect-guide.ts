/** A fenced block of a Markdown text: its language, the words behind it, and what is in it. */
export type MarkdownBlock = {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
  /** Of its first fence, from 1. */
  readonly line: number;
  /** The heading that it is below. */
  readonly heading: string;
};

/** The fenced blocks, in their order. */
export function blocksOf(markdown: string): readonly MarkdownBlock[] {
  const blocks: MarkdownBlock[] = [];
  let heading = "";
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (open !== undefined && line === "```") {
      const [language = "", ...words] = open.info.split(" ");
      blocks.push({ language, words, text: `${open.lines.join("\n")}\n`, line: open.line, heading });
      open = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (line.startsWith("```")) open = { info: line.slice(3).trim(), line: index + 1, lines: [] };
    else if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line} does not end`);
  return blocks;
}

/** The word behind `name=`. */
export function wordOf({ words }: MarkdownBlock, name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
}
