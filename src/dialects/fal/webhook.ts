import { createHash } from "node:crypto";
import type { SigningKey, WebhookEncoder, WebhookMessage } from "../../domain/webhook.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { statusPhrase } from "./errors.ts";
import type { FalReply } from "./reply.ts";
import { resultReply, type ResultParts } from "./result.ts";

/** Callbacks of the fal dialect: the result's body in an envelope, signed with Ed25519 anew at each attempt. */
export function createFalWebhooks(parts: ResultParts & { readonly signingKey: SigningKey }): WebhookEncoder {
  return {
    encode: (job) => {
      const reply = resultReply(job, dialectDataOf(job).publicBase, parts);
      return reply === undefined ? undefined : webhookMessage(job.id, job.accountId, reply);
    },
    headers: (message, at) => signedHeaders(message, at, parts.signingKey),
  };
}

/** The envelope around a result, whichever it is. */
export function webhookMessage(requestId: string, userId: string, { status, body }: FalReply): WebhookMessage {
  const payload = body.kind === "json" ? body.value : null;
  const isOk = status === 200;
  const envelope = {
    request_id: requestId,
    gateway_request_id: requestId,
    status: isOk ? "OK" : "ERROR",
    error: isOk ? null : statusPhrase(status),
    payload,
  };
  return { body: JSON.stringify(envelope), contentType: "application/json", facts: { requestId, userId } };
}

function signedHeaders({ body, facts }: WebhookMessage, at: Date, key: SigningKey): Record<string, string> {
  const { requestId = "", userId = "" } = facts;
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const bodyHash = createHash("sha256").update(body).digest("hex");
  const signed = [requestId, userId, timestamp, bodyHash].join("\n");
  return {
    "x-fal-webhook-request-id": requestId,
    "x-fal-webhook-user-id": userId,
    "x-fal-webhook-timestamp": timestamp,
    "x-fal-webhook-signature": Buffer.from(key.sign(Buffer.from(signed))).toString("hex"),
  };
}

/** The keys that receivers verify with.  Source: RFC 8037. */
export function keySet({ keyId, publicKey }: SigningKey): { readonly keys: readonly Readonly<Record<string, string>>[] } {
  return { keys: [{ kty: "OKP", crv: "Ed25519", kid: keyId, use: "sig", alg: "EdDSA", x: publicKey }] };
}
