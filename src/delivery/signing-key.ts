import { createHash, createPublicKey, hkdfSync, type KeyObject, sign } from "node:crypto";
import { AppError } from "../domain/errors.ts";
import type { SigningKey } from "../domain/webhook.ts";

/** What is done with the server's key pair.  Shape: an Ed25519 private key. */
export function signingKeyOf(privateKey: KeyObject): SigningKey {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  const seed = privateKey.export({ format: "jwk" }).d;
  if (typeof x !== "string" || typeof seed !== "string") throw new AppError("internal", "The signing key is not an Ed25519 key.");
  return {
    keyId: createHash("sha256").update(x).digest("base64url").slice(0, 16),
    publicKey: x,
    sign: (message) => sign(null, message, privateKey),
    deriveSecret: (purpose) => new Uint8Array(hkdfSync("sha256", Buffer.from(seed, "base64url"), "", `upres ${purpose}`, 32)),
  };
}
