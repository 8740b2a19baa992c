import type { SigningKey, WebhookEncoder } from "../../domain/webhook.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { resultLinkOf } from "./result-link.ts";
import { encodeJob } from "./wire.ts";

export type NativeWebhookParts = {
  readonly signingKey: SigningKey;
  readonly links: SignedLinks;
  readonly resultLifetimeSeconds: number;
  readonly clock: { now(): Date };
};

/** The native API's callback: the finished job as GET would show it, with an Ed25519 signature of `<seconds>.<body>`;
 *  the public key is at /api/webhook-key. */
export function createNativeWebhooks({ signingKey, links, resultLifetimeSeconds, clock }: NativeWebhookParts): WebhookEncoder {
  return {
    encode: (job) => {
      const { publicBase } = job.dialectData;
      const resultLink = resultLinkOf(job, typeof publicBase === "string" ? publicBase : "", { links, resultLifetimeSeconds });
      const document = encodeJob(job, { queuePosition: undefined, now: clock.now(), resultLink });
      return { body: JSON.stringify(document), contentType: "application/json", facts: { jobId: job.id } };
    },
    headers: ({ body, facts }, at) => {
      const seconds = Math.floor(at.getTime() / 1000);
      const signature = Buffer.from(signingKey.sign(Buffer.from(`${seconds}.${body}`))).toString("base64url");
      return { "x-upres-job": facts["jobId"] ?? "", "x-upres-timestamp": String(seconds), "x-upres-signature": signature };
    },
  };
}
