import { z } from "zod";
import type { AccountOverview } from "../../accounts/account-limits.ts";
import type { WorkerFacts } from "../../jobs/workers.ts";
import { DeliveryLine, JobLine, KeyDocument } from "../control-wire.ts";

const Limit = (most: number) => z.int().min(1).max(most).nullable().optional();

export const NewLimits = z.strictObject({
  max_concurrent_jobs: Limit(100_000),
  max_queue_length: Limit(10_000_000),
  requests_per_minute: Limit(1_000_000),
});

export const AccountDocument = z.object({
  id: z.string(),
  name: z.string(),
  created_at: z.iso.datetime(),
  balance_micros: z.string().nullable(),
  max_concurrent_jobs: z.int().nullable(),
  max_queue_length: z.int().nullable(),
  requests_per_minute: z.int().nullable(),
  queued: z.int(),
  running: z.int(),
  keys: z.int().describe("Valid ones."),
});
export type AccountDocument = z.infer<typeof AccountDocument>;

export const WorkerDocument = z.object({
  id: z.uuid(),
  host: z.string(),
  version: z.string(),
  started_at: z.iso.datetime(),
  seen_at: z.iso.datetime(),
  is_alive: z.boolean(),
  running: z.int(),
  concurrency: z.int(),
});
export type WorkerDocument = z.infer<typeof WorkerDocument>;

export const QueueDocument = z.object({
  queued: z.int(),
  running: z.int(),
  oldest_queued_at: z.iso.datetime().nullable(),
  deliveries: z.object({ waiting: z.int(), delivered: z.int(), failed: z.int() }),
});
export type QueueDocument = z.infer<typeof QueueDocument>;

export const AccountList = z.object({ accounts: z.array(AccountDocument) });
export const KeyList = z.object({ keys: z.array(KeyDocument) });
export const JobLineList = z.object({ jobs: z.array(JobLine) });
export const DeliveryLineList = z.object({ deliveries: z.array(DeliveryLine) });
export const WorkerList = z.object({ workers: z.array(WorkerDocument) });

export function encodeAccount({ account, createdAt, balanceMicros, keys, queued, running }: AccountOverview): AccountDocument {
  return {
    id: account.id,
    name: account.name,
    created_at: createdAt.toISOString(),
    balance_micros: balanceMicros === undefined ? null : String(balanceMicros),
    max_concurrent_jobs: account.maxConcurrentJobs ?? null,
    max_queue_length: account.maxQueueLength ?? null,
    requests_per_minute: account.requestsPerMinute ?? null,
    queued,
    running,
    keys,
  };
}

/** Workers tell of themselves every ten seconds. */
const aliveForMs = 35_000;

export function encodeWorker(worker: WorkerFacts, now: Date): WorkerDocument {
  return {
    id: worker.id,
    host: worker.host,
    version: worker.version,
    started_at: worker.startedAt.toISOString(),
    seen_at: worker.seenAt.toISOString(),
    is_alive: now.getTime() - worker.seenAt.getTime() < aliveForMs,
    running: worker.running,
    concurrency: worker.concurrency,
  };
}
