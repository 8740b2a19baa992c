import { createHmac } from "node:crypto";
import type { SigningKey, WebhookEncoder, WebhookMessage } from "../../domain/webhook.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { type EncodeParts, toPrediction } from "./encode.ts";

/** Callbacks of the wavespeed dialect: the prediction with its input, signed anew at each attempt. */
export function createWavespeedWebhooks(parts: EncodeParts & { readonly signingKey: SigningKey }): WebhookEncoder {
  return {
    encode: (job) => {
      const { publicBase, input } = dialectDataOf(job);
      const prediction = toPrediction(job, publicBase, parts);
      return {
        body: JSON.stringify({ ...prediction, input }),
        contentType: "application/json",
        facts: { id: prediction.id, accountId: job.accountId },
      };
    },
    retry: { delaysSeconds: [5, 30, 120], timeoutMs: 10_000 },
    headers: (message, at) => signedHeaders(message, at, parts.signingKey),
  };
}

function signedHeaders({ body, facts }: WebhookMessage, at: Date, key: SigningKey): Readonly<Record<string, string>> {
  const { id = "", accountId = "" } = facts;
  const timestamp = String(Math.floor(at.getTime() / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatureOf({ id, timestamp, body }, webhookSecret(key, accountId)),
  };
}

const secretPrefix = "whsec_";

/** What an account's receivers verify with; the same at every start. */
export function webhookSecret(key: SigningKey, accountId: string): string {
  return secretPrefix + Buffer.from(key.deriveSecret(`wavespeed webhooks ${accountId}`)).toString("base64url");
}

type Signed = { readonly id: string; readonly timestamp: string; readonly body: string };

/** HMAC-SHA256 in hexadecimal. Its key is the secret's own text after the prefix. */
export function signatureOf({ id, timestamp, body }: Signed, secret: string): string {
  const key = secret.startsWith(secretPrefix) ? secret.slice(secretPrefix.length) : secret;
  return `v3,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("hex")}`;
}
