/** Where a text stops being JSON, and why, in the words of the hosted service's parser. */
export type JsonError = { readonly offset: number; readonly reason: string };

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const wholeString = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** Finds the first error of a text that `JSON.parse` refuses. */
export function locateJsonError(text: string): JsonError {
  const open: ("{" | "[")[] = [];
  let offset = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    const found = pattern.test(text);
    if (found) offset = pattern.lastIndex;
    return found;
  };
  const at = (reason: string): JsonError => ({ offset, reason });
  let isFirst = false;
  for (;;) {
    // A value is due here, or the end of a container that was opened just now.
    skip(space);
    const character = text[offset];
    const isClosing = isFirst && ((character === "}" && open.at(-1) === "{") || (character === "]" && open.at(-1) === "["));
    if (!isClosing) {
      if (open.at(-1) === "{") {
        if (character !== '"') return at("Expecting property name enclosed in double quotes");
        if (!skip(wholeString)) return at("Unterminated string starting at");
        skip(space);
        if (text[offset] !== ":") return at("Expecting ':' delimiter");
        offset += 1;
        skip(space);
      }
      const start = text[offset];
      if (start === "{" || start === "[") {
        open.push(start);
        offset += 1;
        isFirst = true;
        continue;
      }
      if (start === '"' ? !skip(wholeString) : !skip(scalar)) {
        return at(start === '"' ? "Unterminated string starting at" : "Expecting value");
      }
    }
    // Containers that end here, then a comma or the end.
    skip(space);
    while (open.length > 0 && text[offset] === (open.at(-1) === "{" ? "}" : "]")) {
      open.pop();
      offset += 1;
      skip(space);
    }
    if (open.length === 0) return at("Extra data");
    if (text[offset] !== ",") return at("Expecting ',' delimiter");
    offset += 1;
    isFirst = false;
  }
}
