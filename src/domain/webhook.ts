import type { Job } from "./job.ts";

/** What is sent to one target, the same bytes at every attempt. */
export type WebhookMessage = {
  readonly body: string;
  readonly contentType: string;
  /** What the headers of an attempt are made from, beside the body and the time. */
  readonly facts: Readonly<Record<string, string>>;
};

export type RetrySchedule = {
  /** The wait before each further attempt; one attempt more than there are waits. */
  readonly delaysSeconds: readonly number[];
  readonly timeoutMs: number;
};

/** What a target was told last of a job that was unfinished then. */
export type ProgressTold = { readonly facts: Readonly<Record<string, string>>; readonly at: Date };

/** A dialect's callbacks: what the body says, rendered once when a job ends, and how each attempt is signed. */
export interface WebhookEncoder {
  /** Called in the transaction in which the job ends. Undefined: nothing is to be told. */
  encode(job: Job): WebhookMessage | undefined;
  /** What is to be told of an unfinished job now; undefined: nothing. Sent once, in order, never after the message of the
   *  job's end. Dialects that tell only the end leave it out. */
  readonly encodeProgress?: (job: Job, told: ProgressTold | undefined, now: Date) => WebhookMessage | undefined;
  /** Left out: the operator's own schedule. */
  readonly retry?: RetrySchedule;
  /** Headers of one attempt, made anew each time, since signatures carry the time. */
  headers(message: WebhookMessage, at: Date): Readonly<Record<string, string>>;
}

/** The server's own Ed25519 key pair; it survives restarts. */
export interface SigningKey {
  readonly keyId: string;
  /** The public key, 32 bytes in base64url, as a JWK's `x`. */
  readonly publicKey: string;
  sign(message: Uint8Array): Uint8Array;
  /** A secret for another purpose, the same at every start. */
  deriveSecret(purpose: string): Uint8Array;
}
