import type { FalContext } from "./context.ts";

type Part = {
  readonly key: string;
  readonly partNumber: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
};

/** Stores one part of a file; sent again, it replaces the first. Shape: its etag, undefined for a part without bytes. */
export async function storePart(
  { key, partNumber, body, signal }: Part,
  { store, limits }: FalContext,
): Promise<string | undefined> {
  const stored = await store.put(
    partKey(key, partNumber),
    body,
    { contentType: "application/octet-stream", fileName: "part" },
    { maxBytes: limits.maxUploadBytes, signal },
  );
  if (stored.sizeBytes > 0) return stored.etag;
  await store.delete(partKey(key, partNumber));
  return undefined;
}

type Assembly = {
  readonly key: string;
  /** In any order. */
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
  readonly contentType: string;
  readonly fileName: string;
};

/** Makes the file of its parts, in the order of their numbers, and removes them; a sentence where they do not fit.
 *  Throws: AppError `upload_too_large`. */
export async function assemble(
  { key, parts, contentType, fileName }: Assembly,
  { store, limits }: FalContext,
): Promise<string | undefined> {
  const ordered = parts.toSorted((a, b) => a.partNumber - b.partNumber);
  for (const [index, { partNumber, etag }] of ordered.entries()) {
    if (partNumber !== index + 1) return `Part ${index + 1} is missing`;
    const stored = await store.head(partKey(key, partNumber));
    if (stored === undefined) return `Part ${partNumber} was not uploaded`;
    if (etag.replaceAll('"', "") !== stored.etag) return `Part ${partNumber} does not match its ETag`;
  }
  const keys = ordered.map(({ partNumber }) => partKey(key, partNumber));
  await store.put(key, concatenate(keys, store), { contentType, fileName }, { maxBytes: limits.maxUploadBytes });
  for (const part of keys) await store.delete(part);
  return undefined;
}

async function* concatenate(keys: readonly string[], store: FalContext["store"]): AsyncGenerator<Uint8Array> {
  for (const key of keys) yield* (await store.read(key)).body as AsyncIterable<Uint8Array>; // no encoding set: bytes
}

function partKey(key: string, partNumber: number): string {
  return `${key}.parts/${partNumber}`;
}
