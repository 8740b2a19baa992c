import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import { jobColumns, type JobRow, toJob } from "./job-rows.ts";

export type ChangedJob = { readonly job: Job; readonly change: bigint; readonly isRemoved: boolean };

/** What is known of an account's jobs as they change. */
export type JobFeed = {
  changed(accountId: string, after: bigint, limit: number): Promise<readonly ChangedJob[]>;
  last(accountId: string): Promise<bigint>;
  /** Calls back when this process changed any job. */
  onChange(listener: () => void): Disposable;
};

/** An account's jobs as they are now that changed after `change`, in the order of their last changes. A transaction that is
 *  under way may yet bring a lower one. */
export async function changedJobs(
  database: Database,
  accountId: string,
  { after, limit }: { readonly after: bigint; readonly limit: number },
): Promise<readonly ChangedJob[]> {
  const rows = await database.query<JobRow>(
    `select ${jobColumns} from jobs where account_id = $1 and change > $2 order by change limit $3`,
    [accountId, after, limit],
  );
  return rows.map((row) => ({ job: toJob(row), change: row.change, isRemoved: row.removed_at !== null }));
}

/** The number of an account's last change so far; 0 where it has no job. */
export async function lastChange(database: Database, accountId: string): Promise<bigint> {
  const [row] = await database.query<{ change: bigint | null }>("select max(change) as change from jobs where account_id = $1", [
    accountId,
  ]);
  return row?.change ?? 0n;
}
