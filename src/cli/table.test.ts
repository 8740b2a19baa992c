import { describe, expect, it } from "vitest";
import { formatTable, plainText } from "./table.ts";

describe("formatTable", () => {
  it("aligns columns and leaves no spaces at the ends of lines", () => {
    expect(
      formatTable([
        ["a", "bb", "c"],
        ["aaa", "b", ""],
      ]),
    ).toBe("a    bb  c\naaa  b");
  });

  it("wraps the last column under itself", () => {
    const text = formatTable([["topic", "one two three four five six seven eight"]], { width: 33, indent: 1 });
    expect(text).toBe(" topic  one two three four five\n        six seven eight");
  });

  it("does not wrap without a width", () => {
    expect(formatTable([["x", "word ".repeat(50).trim()]])).not.toContain("\n");
  });

  it("is empty without rows", () => {
    expect(formatTable([])).toBe("");
  });
});

describe("plainText", () => {
  it("takes out what a terminal would obey", () => {
    expect(plainText("a\u001b[31mred\u001b[0m\u0007b\nc\u202ed")).toBe("ared b c d");
  });
});
