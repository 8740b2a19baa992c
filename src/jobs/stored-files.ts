import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import { jobColumns, type JobRow, toJob } from "./job-rows.ts";

const batch = 1000;

/** Jobs whose result was kept for as long as it should be. */
export async function expiredResults(database: Database, now: Date, defaultLifetimeSeconds: number): Promise<readonly Job[]> {
  const rows = await database.query<JobRow>(
    `select ${jobColumns} from jobs
     where result is not null and result_removed_at is null
       and (removed_at is not null
         or finished_at + make_interval(secs => coalesce(result_lifetime_seconds, $2::double precision)) <= $1)
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
