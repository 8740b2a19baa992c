import { createHash } from "node:crypto";
import type { Database } from "../db/database.ts";
import type { DialectName, Job, JobSource } from "../domain/job.ts";
import { jobColumns, type JobRow, toJob } from "./job-rows.ts";
import type { DayOfSpending, JobFilter } from "./job-service.ts";

const defaultListLength = 100;

const matches = `account_id = $1 and removed_at is null and ($2::text is null or dialect = $2)
  and ($3::text is null or group_name = $3) and ($4::text[] is null or state = any($4::text[]))
  and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)
  and ($7::text is null or md5(coalesce(source ->> 'key', source ->> 'url')) = $7)
  and ($8::text is null or group_name is distinct from $8)
  and ($9::uuid is null or (created_at, sequence) < (select c.created_at, c.sequence from jobs c where c.id = $9 and c.account_id = $1))`;

function valuesOf(accountId: string, filter: JobFilter): readonly unknown[] {
  const { dialect = null, group = null, states = null, createdAfter = null, createdBefore = null } = filter;
  const { sourceId = null, notGroup = null, after = null } = filter;
  return [accountId, dialect, group, states, createdAfter, createdBefore, sourceId, notGroup, after];
}

/** The same for all jobs that read one stored object or one address. */
export function sourceIdOf(source: JobSource): string {
  return createHash("md5")
    .update(source.kind === "object" ? source.key : source.url)
    .digest("hex");
}

export type ListOptions = JobFilter & { readonly limit?: number; readonly offset?: number };

export async function listJobs(database: Database, accountId: string, options: ListOptions): Promise<readonly Job[]> {
  const rows = await database.query<JobRow>(
    `select ${jobColumns} from jobs where ${matches} order by created_at desc, sequence desc limit $10 offset $11`,
    [...valuesOf(accountId, options), options.limit ?? defaultListLength, options.offset ?? 0],
  );
  return rows.map(toJob);
}

export async function countJobs(database: Database, accountId: string, filter: JobFilter): Promise<number> {
  const [row] = await database.query<{ count: bigint }>(
    `select count(*) as count from jobs where ${matches}`,
    valuesOf(accountId, filter),
  );
  return Number(row?.count ?? 0n);
}

/** Forgotten jobs count too: what they cost was paid. */
export async function spendingByDay(
  database: Database,
  accountId: string,
  { dialect, group, states, createdAfter, createdBefore }: JobFilter,
): Promise<readonly DayOfSpending[]> {
  const rows = await database.query<{ day: string; dialect: DialectName; jobs: bigint; micros: string }>(
    `select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as day, dialect, count(*) as jobs,
       sum(case when state in ('failed', 'cancelled') then 0 else price_micros end)::text as micros
     from jobs
     where account_id = $1 and ($2::text is null or dialect = $2) and ($3::text is null or group_name = $3)
       and ($4::text[] is null or state = any($4::text[]))
       and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)
     group by 1, 2 order by 1, 2`,
    [accountId, dialect ?? null, group ?? null, states ?? null, createdAfter ?? null, createdBefore ?? null],
  );
  return rows.map((row) => ({ ...row, jobs: Number(row.jobs), micros: BigInt(row.micros) }));
}
