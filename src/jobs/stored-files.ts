import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import { jobColumns, type JobRow, toJob } from "./job-rows.ts";

const batch = 1000;

/** Jobs whose result was kept for as long as it should be, or that were removed, and that no unfinished job still reads. */
export async function expiredResults(database: Database, now: Date, defaultLifetimeSeconds: number): Promise<readonly Job[]> {
  const rows = await database.query<JobRow>(
    `select ${jobColumns} from jobs
     where result is not null and result_removed_at is null
       and (removed_at is not null
         or finished_at + make_interval(secs => coalesce(result_lifetime_seconds, $2::double precision)) <= $1)
       and not exists (select 1 from jobs reader where reader.state in ('queued', 'running')
         and reader.source ->> 'kind' = 'object' and reader.source ->> 'key' = jobs.result ->> 'objectKey')
     order by finished_at limit ${batch}`,
    [now, defaultLifetimeSeconds],
  );
  return rows.map(toJob);
}

/** Object keys that jobs which are not finished still read. */
export async function sourcesInUse(database: Database): Promise<ReadonlySet<string>> {
  const rows = await database.query<{ key: string }>(
    "select distinct source ->> 'key' as key from jobs where state in ('queued', 'running') and source ->> 'kind' = 'object'",
  );
  return new Set(rows.map(({ key }) => key));
}

/** A job that was removed while it ran has left its worker by then. */
const removedJobsKeptMs = 3_600_000;

/** Removes rows and logs of jobs that ended before `endedBefore`, and of removed ones that cost nothing: what was paid counts
 *  in the account's spending until then. Those whose result is still stored are left. At most `batch` of them; how many. */
export async function forgetJobs(
  database: Database,
  { endedBefore, now }: { readonly endedBefore: Date; readonly now: Date },
): Promise<number> {
  const rows = await database.query(
    `delete from jobs where id in (
       select id from jobs
       where state in ('succeeded', 'failed', 'cancelled') and (result is null or result_removed_at is not null)
         and (finished_at < $1 or (removed_at < $2 and (price_micros = 0 or state <> 'succeeded')))
       limit ${batch}
     ) returning id`,
    [endedBefore, new Date(now.getTime() - removedJobsKeptMs)],
  );
  return rows.length;
}
