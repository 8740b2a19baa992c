import type { Readable } from "node:stream";
import { isRecord } from "./fields.ts";
import { AuthenticationTask } from "./wire.ts";

/** What a stranger may send: room for a key and many tasks, not for a video. */
export const mostUnknownBytes = 64 * 1024;

export type Body =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "too_large" }
  /** Its sender would have to be known for one of this size; the key that it begins with, if any. */
  | { readonly kind: "unknown"; readonly key: string | undefined }
  | { readonly kind: "broken" };

export type BodyLimits = {
  readonly maxBytes: number;
  /** Whether the sender of a body that begins with this key may send a large one. */
  readonly isKnown: (key: string | undefined) => Promise<boolean>;
};

/** Reads a body of text. Who sends it is asked as soon as it is larger than a stranger's may be. */
export async function readBody(body: Readable, { maxBytes, isKnown }: BodyLimits): Promise<Body> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let isAsked = false;
  try {
    // Left alive when it is refused, since the refusal goes out on the same connection.
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer; // no encoding set: always a Buffer
      sizeBytes += bytes.length;
      if (sizeBytes > maxBytes) return { kind: "too_large" };
      chunks.push(bytes);
      if (isAsked || sizeBytes <= mostUnknownBytes) continue;
      isAsked = true;
      const key = leadingKey(Buffer.concat(chunks).toString("utf8"));
      if (!(await isKnown(key))) return { kind: "unknown", key };
    }
  } catch (error) {
    if (body.destroyed) return { kind: "broken" };
    throw error;
  }
  return { kind: "text", text: Buffer.concat(chunks).toString("utf8") };
}

/** The key of the `authentication` task that a text begins with. */
export function leadingKey(text: string): string | undefined {
  const first = /^\uFEFF?\s*\[\s*(\{[^{}]*\})/.exec(text)?.[1];
  if (first === undefined) return undefined;
  try {
    const task: unknown = JSON.parse(first);
    return isRecord(task) && task["taskType"] === "authentication" ? AuthenticationTask.parse(task).apiKey : undefined;
  } catch {
    return undefined;
  }
}
