import type { ByteRange } from "../storage/object-store.ts";

/** What a Range header asks of a file of `sizeBytes`: "whole" without one, with several or with one that makes no sense;
 *  "unsatisfiable" when it lies outside.  Source: https://www.rfc-editor.org/rfc/rfc9110#section-14.2 */
export function parseByteRange(header: string | undefined, sizeBytes: number): ByteRange | "whole" | "unsatisfiable" {
  const [, first = "", last = ""] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return "whole";
  if (first === "") {
    const count = Math.min(Number(last), sizeBytes);
    return count === 0 ? "unsatisfiable" : { start: sizeBytes - count, end: sizeBytes - 1 };
  }
  const [start, end] = [Number(first), last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)];
  if (last !== "" && Number(last) < start) return "whole";
  return start >= sizeBytes ? "unsatisfiable" : { start, end };
}

/** A Content-Disposition that names the file, in ASCII and exactly.  Source: https://www.rfc-editor.org/rfc/rfc6266 */
export function contentDisposition(kind: "inline" | "attachment", fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const exact = encodeURIComponent(fileName.toWellFormed()).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"${ascii === fileName ? "" : `; filename*=UTF-8''${exact}`}`;
}
