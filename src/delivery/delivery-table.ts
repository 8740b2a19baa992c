import type { Database } from "../db/database.ts";
import type { DialectName } from "../domain/job.ts";
import type { Delivery, NewDelivery } from "./delivery.ts";
import { endLostProgress } from "./progress-table.ts";

type Row = {
  readonly id: string;
  readonly kind: Delivery["kind"];
  readonly job_id: string;
  readonly account_id: string;
  readonly dialect: DialectName;
  readonly url: string;
  readonly body: string;
  readonly content_type: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly state: Delivery["state"];
  readonly attempts: number;
  readonly created_at: Date;
  readonly next_attempt_at: Date | null;
  readonly delivered_at: Date | null;
  readonly last_status: number | null;
  readonly last_error: string | null;
};

/** Writes a delivery of a job's end that is due at once; a second one of the same job to the same target is left out. */
export async function insertDelivery(database: Database, delivery: NewDelivery, now: Date): Promise<void> {
  const { jobId, accountId, dialect, url, message } = delivery;
  await database.query(
    `insert into deliveries (job_id, account_id, dialect, url, body, content_type, facts, created_at, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $8) on conflict (job_id, url) where kind = 'end' do nothing`,
    [jobId, accountId, dialect, url, message.body, message.contentType, JSON.stringify(message.facts), now],
  );
}

/** True of a delivery `d` before which the same target has to be told something else. */
const isBehind = `exists (
  select 1 from deliveries e where e.job_id = d.job_id and e.url = d.url and e.kind = 'progress' and e.state = 'waiting'
    and e.sequence < d.sequence)`;

/** Takes up to `limit` deliveries that are due, so that no other process takes them before the lease ends. Of one job and
 *  target it takes at most the first. */
export async function claimDue(
  database: Database,
  { limit, now, leaseMs }: { readonly limit: number; readonly now: Date; readonly leaseMs: number },
): Promise<readonly Delivery[]> {
  await endLostProgress(database, now);
  const rows = await database.query<Row>(
    `update deliveries set attempts = attempts + 1, leased_until = $2 where id in (
       select id from deliveries d
       where state = 'waiting' and next_attempt_at <= $1 and (leased_until is null or leased_until <= $1) and not ${isBehind}
       order by next_attempt_at, sequence limit $3 for update skip locked
     ) returning *`,
    [now, new Date(now.getTime() + leaseMs), limit],
  );
  return rows.map(fromRow);
}

export type AttemptOutcome = {
  readonly state: Delivery["state"];
  readonly nextAttemptAt: Date | undefined;
  readonly status: number | undefined;
  readonly error: string | undefined;
};

export async function recordAttempt(database: Database, id: string, outcome: AttemptOutcome, now: Date): Promise<void> {
  const { state, nextAttemptAt, status, error } = outcome;
  await database.query(
    `update deliveries set state = $2, next_attempt_at = $3, last_status = $4, last_error = $5, leased_until = null,
       delivered_at = case when $2 = 'delivered' then $6::timestamptz end
     where id = $1`,
    [id, state, nextAttemptAt ?? null, status ?? null, error ?? null, now],
  );
}

/** Makes the delivery of a job's end due again with all its attempts.  Shape: false where the account has no such one. */
export async function resetDelivery(database: Database, accountId: string, id: string, now: Date): Promise<boolean> {
  const rows = await database.query(
    `update deliveries set state = 'waiting', attempts = 0, next_attempt_at = $3, leased_until = null, delivered_at = null
     where id = $1 and account_id = $2 and kind = 'end' returning id`,
    [id, accountId, now],
  );
  return rows.length > 0;
}

export async function listDeliveries(
  database: Database,
  accountId: string,
  { jobId, limit = 100 }: { readonly jobId?: string; readonly limit?: number } = {},
): Promise<readonly Delivery[]> {
  const rows = await database.query<Row>(
    `select * from deliveries where account_id = $1 and ($2::uuid is null or job_id = $2::uuid)
     order by created_at desc, sequence desc limit $3`,
    [accountId, jobId ?? null, limit],
  );
  return rows.map(fromRow);
}

/** When the next waiting delivery is due; one that waits for another comes with that. */
export async function nextDueAt(database: Database): Promise<Date | undefined> {
  const [row] = await database.query<{ due: Date | null }>(
    `select min(greatest(next_attempt_at, coalesce(leased_until, next_attempt_at))) as due from deliveries d
     where state = 'waiting' and not ${isBehind}`,
  );
  return row?.due ?? undefined;
}

/** Removes deliveries that ended before `before`. */
export async function removeOldDeliveries(database: Database, before: Date): Promise<number> {
  const rows = await database.query(`delete from deliveries where state <> 'waiting' and created_at < $1 returning id`, [before]);
  return rows.length;
}

export async function countDeliveries(database: Database): Promise<Readonly<Record<Delivery["state"], number>>> {
  const rows = await database.query<{ state: Delivery["state"]; count: number }>(
    "select state, count(*)::integer as count from deliveries group by state",
  );
  return { waiting: 0, delivered: 0, failed: 0, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
}

function fromRow(row: Row): Delivery {
  return {
    id: row.id,
    kind: row.kind,
    jobId: row.job_id,
    accountId: row.account_id,
    dialect: row.dialect,
    url: row.url,
    message: { body: row.body, contentType: row.content_type, facts: row.facts },
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAttemptAt: row.next_attempt_at ?? undefined,
    deliveredAt: row.delivered_at ?? undefined,
    lastStatus: row.last_status ?? undefined,
    lastError: row.last_error ?? undefined,
  };
}
