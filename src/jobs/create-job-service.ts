import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Database, OpenDatabase } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import type { JobRunner } from "./job-runner.ts";
import type { JobService } from "./job-service.ts";
import { Jobs } from "./jobs.ts";
import { openPgBossQueue } from "./pg-boss-queue.ts";

export type JobServiceOptions = {
  readonly database: OpenDatabase;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How many of an account's jobs may run at once; asked in the transaction that starts one: use its `database`. */
  readonly concurrencyLimit: (accountId: string, database: Database) => Promise<number>;
  /** Called in the transaction of `submit`, before it returns; throwing (`credits_exhausted`) refuses the job. */
  readonly reserveCredits?: (job: Job, database: Database) => Promise<void>;
  /** True where jobs are run: only then dead workers' jobs are looked for. */
  readonly runsWorker: boolean;
};

/** The migrated database's jobs, for those who submit and those who run.  Owns: the queue's timers; not the database. */
export async function createJobService(options: JobServiceOptions): Promise<JobService & JobRunner & AsyncDisposable> {
  const { database, logger, runsWorker } = options;
  const queue = await openPgBossQueue({ database, logger, supervises: runsWorker });
  return new Jobs(options, queue);
}
