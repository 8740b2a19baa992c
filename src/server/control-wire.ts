import { z } from "zod";
import type { ListedKey, NewKey } from "../accounts/account.ts";
import type { GrantedCredits } from "../accounts/grant-credits.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { Job } from "../domain/job.ts";

// What the command line and a running server say to each other.

const Micros = z.string().regex(/^\d{1,18}$/);

export const NewKeyDocument = z.strictObject({
  name: z.string().min(1).max(200),
  account_id: z.string().min(1).max(100).optional(),
  credits_micros: Micros.optional(),
  max_concurrent_jobs: z.int().min(1).max(100_000).optional(),
  max_queue_length: z.int().min(1).max(10_000_000).optional(),
  requests_per_minute: z.int().min(1).max(1_000_000).optional(),
  is_admin: z.boolean().optional(),
});

export const KeyDocument = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  is_admin: z.boolean(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
  balance_micros: z.string().nullable(),
  max_concurrent_jobs: z.int().nullable(),
  max_queue_length: z.int().nullable(),
  requests_per_minute: z.int().nullable(),
});
export type KeyDocument = z.infer<typeof KeyDocument>;

export const CreatedKeyDocument = z.object({ id: z.string(), account_id: z.string(), name: z.string(), key: z.string() });
export type CreatedKeyDocument = z.infer<typeof CreatedKeyDocument>;

export const NewGrantDocument = z.strictObject({ account_or_key_id: z.string().min(1).max(100), micros: Micros });

export const GrantDocument = z.object({ account_id: z.string(), balance_micros: z.string() });
export type GrantDocument = z.infer<typeof GrantDocument>;

export const JobLine = z.object({
  id: z.string(),
  account_id: z.string(),
  dialect: z.string(),
  state: z.string(),
  progress: z.number(),
  created_at: z.string(),
  finished_at: z.string().nullable(),
  price_micros: z.string(),
  error: z.string().nullable(),
});
export type JobLine = z.infer<typeof JobLine>;

export const DeliveryLine = z.object({
  id: z.string(),
  job_id: z.string(),
  account_id: z.string(),
  state: z.string(),
  attempts: z.int(),
  url: z.string(),
  created_at: z.string(),
  last_outcome: z.string().nullable(),
});
export type DeliveryLine = z.infer<typeof DeliveryLine>;

export function toNewKey(document: z.infer<typeof NewKeyDocument>): NewKey {
  return {
    name: document.name,
    ...(document.is_admin !== undefined && { isAdmin: document.is_admin }),
    ...(document.account_id !== undefined && { accountId: document.account_id }),
    ...(document.credits_micros !== undefined && { creditsMicros: BigInt(document.credits_micros) }),
    ...(document.max_concurrent_jobs !== undefined && { maxConcurrentJobs: document.max_concurrent_jobs }),
    ...(document.max_queue_length !== undefined && { maxQueueLength: document.max_queue_length }),
    ...(document.requests_per_minute !== undefined && { requestsPerMinute: document.requests_per_minute }),
  };
}

export function encodeKey({
  id,
  accountId,
  name,
  isAdmin,
  createdAt,
  revokedAt,
  account,
  balanceMicros,
}: ListedKey): KeyDocument {
  return {
    id,
    account_id: accountId,
    name,
    is_admin: isAdmin,
    created_at: createdAt.toISOString(),
    revoked_at: revokedAt?.toISOString() ?? null,
    balance_micros: balanceMicros === undefined ? null : String(balanceMicros),
    max_concurrent_jobs: account.maxConcurrentJobs ?? null,
    max_queue_length: account.maxQueueLength ?? null,
    requests_per_minute: account.requestsPerMinute ?? null,
  };
}

export function encodeGrant({ accountId, balanceMicros }: GrantedCredits): GrantDocument {
  return { account_id: accountId, balance_micros: String(balanceMicros) };
}

export function encodeJobLine(job: Job): JobLine {
  return {
    id: job.id,
    account_id: job.accountId,
    dialect: job.dialect,
    state: job.state,
    progress: job.progress,
    created_at: job.createdAt.toISOString(),
    finished_at: job.finishedAt?.toISOString() ?? null,
    price_micros: String(job.priceMicros),
    error: job.failure?.code ?? null,
  };
}

/** Targets are shown without their query, which may hold a secret. */
export function encodeDelivery(delivery: Delivery): DeliveryLine {
  const url = URL.parse(delivery.url);
  return {
    id: delivery.id,
    job_id: delivery.jobId,
    account_id: delivery.accountId,
    state: delivery.state,
    attempts: delivery.attempts,
    url: url === null ? "" : `${url.origin}${url.pathname}`,
    created_at: delivery.createdAt.toISOString(),
    last_outcome: delivery.lastError ?? (delivery.lastStatus === undefined ? null : String(delivery.lastStatus)),
  };
}
