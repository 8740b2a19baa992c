import { createHash, timingSafeEqual } from "node:crypto";

/** A key as its owner holds it: `<id>:<secret>`. */
export type Credential = { readonly id: string; readonly secret: string };

const shape = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([\w-]{20,100})$/i;

/** Reads a key; undefined when it is none of ours. */
export function parseCredential(text: string): Credential | undefined {
  const [, id, secret] = shape.exec(text.trim()) ?? [];
  return id === undefined || secret === undefined ? undefined : { id: id.toLowerCase(), secret };
}

export function formatCredential({ id, secret }: Credential): string {
  return `${id}:${secret}`;
}

/** A slow hash guards guessable words; a secret of 256 random bits needs none. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

export function isSecretOf(secret: string, hash: Uint8Array): boolean {
  const own = hashSecret(secret);
  return hash.length === own.length && timingSafeEqual(own, hash);
}
