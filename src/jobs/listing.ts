import type { Database } from "../db/database.ts";
import type { DialectName, Job } from "../domain/job.ts";
import { jobColumns, type JobRow, toJob } from "./job-rows.ts";
import type { DayOfSpending, JobFilter } from "./job-service.ts";

const defaultListLength = 100;

const matches = `account_id = $1 and removed_at is null and ($2::text is null or dialect = $2)
  and ($3::text is null or group_name = $3) and ($4::text[] is null or state = any($4::text[]))
  and ($5::timestamptz is null or created_at >= $5) and ($6::timestamptz is null or created_at < $6)`;

function valuesOf(accountId: string, filter: JobFilter): readonly unknown[] {
  const { dialect = null, group = null, states = null, createdAfter = null, createdBefore = null } = filter;
  return [accountId, dialect, group, states, createdAfter, createdBefore];
}

export type ListOptions = JobFilter & { readonly limit?: number; readonly offset?: number };

export async function listJobs(database: Database, accountId: string, options: ListOptions): Promise<readonly Job[]> {
  const rows = await database.query<JobRow>(
    `select ${jobColumns} from jobs where ${matches} order by created_at desc, sequence desc limit $7 offset $8`,
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
