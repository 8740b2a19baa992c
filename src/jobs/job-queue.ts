import type { TransactionDatabase } from "../db/database.ts";

/** The queue's word for one start of a job: later starts have a higher attempt. */
export type Lease = { readonly jobId: string; readonly queueAttempt: number };

export type QueuedJob = { readonly jobId: string; readonly accountId: string; readonly priority: "normal" | "low" };

/** What carries waiting jobs to workers and brings back those of workers that died. Every change is part of the
 *  caller's transaction. */
export interface JobQueue extends AsyncDisposable {
  send(job: QueuedJob, database: TransactionDatabase): Promise<void>;
  /** Leases the next job: those that were started before first, then by priority and age.
   *  Jobs of `fullAccounts` are passed over unless they were started before. */
  take(fullAccounts: readonly string[], database: TransactionDatabase): Promise<Lease | undefined>;
  /** Keeps a lease; false when it is no longer the caller's. */
  extend(lease: Lease): Promise<boolean>;
  /** Ends a lease; the job can be taken again after the delay. */
  giveBack(lease: Lease, delaySeconds: number, database: TransactionDatabase): Promise<void>;
  /** Forgets a job, whatever its state. */
  remove(jobId: string, database: TransactionDatabase): Promise<void>;
}
