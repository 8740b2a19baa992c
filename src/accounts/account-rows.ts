import type { Account } from "./account.ts";

export type AccountRow = {
  readonly account_id: string;
  readonly account_name: string;
  readonly has_credit_limit: boolean;
  readonly max_concurrent_jobs: number | null;
  readonly max_queue_length: number | null;
  readonly requests_per_minute: number | null;
};

export type KeyRow = {
  readonly key_id: string;
  readonly key_name: string;
  readonly key_created_at: Date;
  readonly key_is_admin: boolean;
  readonly revoked_at: Date | null;
  readonly balance: string;
};

/** Of `accounts a`. */
export const accountColumns =
  "a.id as account_id, a.name as account_name, a.has_credit_limit, a.max_concurrent_jobs, a.max_queue_length, a.requests_per_minute";

export function toAccount(row: AccountRow): Account {
  return {
    id: row.account_id,
    name: row.account_name,
    hasCreditLimit: row.has_credit_limit,
    maxConcurrentJobs: row.max_concurrent_jobs ?? undefined,
    maxQueueLength: row.max_queue_length ?? undefined,
    requestsPerMinute: row.requests_per_minute ?? undefined,
  };
}
