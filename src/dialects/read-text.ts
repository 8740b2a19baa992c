import type { Readable } from "node:stream";

/** Reads a body of text, undefined where it is longer than allowed; the rest is left unread then. */
export async function readText(body: Readable, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Left alive when it is too long, since the refusal goes out on the same connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer; // no encoding set: always a Buffer
    sizeBytes += bytes.length;
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
}
