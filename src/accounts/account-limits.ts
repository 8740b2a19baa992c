import type { Database } from "../db/database.ts";
import { type AccountRow, accountColumns, toAccount } from "./account-rows.ts";
import type { Account } from "./account.ts";

/** Null: the operator's setting. What is left out stays as it is. */
export type AccountLimits = {
  readonly maxConcurrentJobs?: number | null;
  readonly maxQueueLength?: number | null;
  readonly requestsPerMinute?: number | null;
};

export type AccountOverview = {
  readonly account: Account;
  readonly createdAt: Date;
  /** Undefined without a limit. */
  readonly balanceMicros: bigint | undefined;
  /** Valid ones. */
  readonly keys: number;
  readonly queued: number;
  readonly running: number;
};

type OverviewRow = AccountRow & {
  readonly created_at: Date;
  readonly balance: string;
  readonly keys: number;
  readonly queued: number;
  readonly running: number;
};

/** Every account, the oldest first. */
export async function listAccounts(database: Database): Promise<readonly AccountOverview[]> {
  const rows = await database.query<OverviewRow>(
    `select ${accountColumns}, a.created_at, coalesce(e.balance, 0)::text as balance, coalesce(k.keys, 0)::integer as keys,
       coalesce(j.queued, 0)::integer as queued, coalesce(j.running, 0)::integer as running
     from accounts a
     left join (select account_id, sum(amount_micros) as balance from credit_entries group by 1) e on e.account_id = a.id
     left join (select account_id, count(*) as keys from api_keys where revoked_at is null group by 1) k on k.account_id = a.id
     left join (
       select account_id, count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running
       from jobs where state in ('queued', 'running') group by 1
     ) j on j.account_id = a.id
     order by a.created_at, a.id`,
  );
  return rows.map((row) => ({
    account: toAccount(row),
    createdAt: row.created_at,
    balanceMicros: row.has_credit_limit ? BigInt(row.balance) : undefined,
    keys: row.keys,
    queued: row.queued,
    running: row.running,
  }));
}

/** The account as it is then; undefined where there is none. */
export async function setLimits(database: Database, accountId: string, limits: AccountLimits): Promise<Account | undefined> {
  const { maxConcurrentJobs, maxQueueLength, requestsPerMinute } = limits;
  const [row] = await database.query<AccountRow>(
    `update accounts a set
       max_concurrent_jobs = case when $2 then $3::integer else max_concurrent_jobs end,
       max_queue_length = case when $4 then $5::integer else max_queue_length end,
       requests_per_minute = case when $6 then $7::integer else requests_per_minute end
     where a.id = $1 returning ${accountColumns}`,
    [
      accountId,
      maxConcurrentJobs !== undefined,
      maxConcurrentJobs ?? null,
      maxQueueLength !== undefined,
      maxQueueLength ?? null,
      requestsPerMinute !== undefined,
      requestsPerMinute ?? null,
    ],
  );
  return row === undefined ? undefined : toAccount(row);
}
