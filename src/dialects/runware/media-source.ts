import { longestUrl } from "./wire.ts";

/** Where a file comes from, as its caller writes it. */
export type MediaSource =
  /** A file or result of the caller's, in lower case. */
  | { readonly kind: "stored"; readonly id: string }
  | { readonly kind: "url"; readonly url: string }
  /** The file itself. */
  | { readonly kind: "inline"; readonly dataUri: string };

const uuidShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const uuidV4Shape = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;
/** Anything shorter is a slip rather than a file. */
const shortestBase64 = 64;

export function isUuid(text: string, { acceptsAnyVersion }: { readonly acceptsAnyVersion: boolean }): boolean {
  return (acceptsAnyVersion ? uuidShape : uuidV4Shape).test(text);
}

/** Tells the forms of a source apart; undefined for none of them. */
export function readMediaSource(text: string): MediaSource | undefined {
  if (uuidShape.test(text)) return { kind: "stored", id: text.toLowerCase() };
  if (/^\s*https?:/i.test(text)) {
    const url = text.length > longestUrl ? null : URL.parse(text);
    return url === null || url.href.length > longestUrl ? undefined : { kind: "url", url: url.href };
  }
  if (/^data:[^,]{0,500},/i.test(text)) return { kind: "inline", dataUri: text };
  // The new clients send the bare base64 of a local file.
  if (text.length < shortestBase64 || /[^A-Za-z0-9+/_=\s-]/.test(text)) return undefined;
  return { kind: "inline", dataUri: `data:;base64,${text}` };
}
