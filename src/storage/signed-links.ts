import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { AppError } from "../domain/errors.ts";

export type LinkClaim = {
  readonly key: string;
  readonly purpose: "read" | "write";
  readonly expiresAt: Date;
  /** For writing: the most that may be uploaded. */
  readonly maxBytes?: number;
};

export interface SignedLinks {
  /** A token for use in URLs that grants what the claim says until it expires. */
  sign(claim: LinkClaim): string;
  /** Throws: AppError `unauthorized` for a token that is not ours or for another purpose, `object_not_found` when expired. */
  verify(token: string, purpose: LinkClaim["purpose"]): LinkClaim;
}

const Payload = z.object({
  key: z.string(),
  purpose: z.enum(["read", "write"]),
  expiresAtMs: z.number(),
  maxBytes: z.number().optional(),
});
type Payload = z.infer<typeof Payload>;

export function createSignedLinks(options: { readonly secret: Uint8Array; readonly clock: () => Date }): SignedLinks {
  const { secret, clock } = options;
  const signatureOf = (body: string): Buffer => createHmac("sha256", secret).update(`upres link\n${body}`).digest();
  return {
    sign({ key, purpose, expiresAt, maxBytes }) {
      const payload: Payload = { key, purpose, expiresAtMs: expiresAt.getTime(), ...(maxBytes !== undefined && { maxBytes }) };
      const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
      return `${body}.${signatureOf(body).toString("base64url")}`;
    },
    verify(token, purpose) {
      const [body = "", signature = "", ...rest] = token.split(".");
      const given = Buffer.from(signature, "base64url");
      const wanted = signatureOf(body);
      const isOurs = given.length === wanted.length && timingSafeEqual(given, wanted);
      if (!isOurs || rest.length > 0) throw new AppError("unauthorized", "The link is not valid.");
      const claim = Payload.parse(JSON.parse(Buffer.from(body, "base64url").toString()));
      if (claim.purpose !== purpose) {
        throw new AppError("unauthorized", `The link is not for ${purpose === "read" ? "reading" : "writing"}.`);
      }
      const expiresAt = new Date(claim.expiresAtMs);
      if (expiresAt <= clock()) throw new AppError("object_not_found", "The link has expired.", { details: { expiresAt } });
      const { key, maxBytes } = claim;
      return { key, purpose, expiresAt, ...(maxBytes !== undefined && { maxBytes }) };
    },
  };
}
