import { PgBoss } from "pg-boss";
import { errorFacts, type Logger } from "../core/logger.ts";
import type { OpenDatabase, TransactionDatabase } from "../db/database.ts";
import type { JobQueue, Lease, QueuedJob } from "./job-queue.ts";

const queueName = "jobs";
const schema = "pgboss";
/** Jobs that were started before: no account's limit holds them back, since they count in it already. */
const startedGroup = "started";
const priorities = { low: 0, normal: 1 } as const;
const startedPriority = 2;
const day = 24 * 3600;

export type PgBossQueueOptions = {
  readonly database: OpenDatabase;
  readonly logger: Logger;
  /** Whether this process looks for dead workers' jobs. */
  readonly supervises: boolean;
};

/** The queue on pg-boss, whose jobs have the ids of ours.  Owns: pg-boss's timers. */
export async function openPgBossQueue({ database, logger, supervises }: PgBossQueueOptions): Promise<JobQueue> {
  const isEmbedded = database.kind === "embedded";
  const boss = new PgBoss({
    db: database.raw,
    schema,
    backend: isEmbedded ? "pglite" : "postgres",
    schedule: false,
    supervise: supervises,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    queueCacheIntervalSeconds: day,
    bamIntervalSeconds: day,
    flowIntervalSeconds: day,
    reindex: !isEmbedded,
    monitorVacuum: !isEmbedded,
  });
  boss.on("error", (error) => logger.error("queue upkeep failed", errorFacts(error)));
  boss.on("warning", (warning) => logger.warn("queue warning", { warning: warning.message }));
  await boss.start();
  await boss.createQueue(queueName, {
    heartbeatSeconds: 10,
    expireInSeconds: day,
    retentionSeconds: 365 * day,
    retryLimit: 1_000_000,
    retryDelay: 0,
  });
  // The queue's facts have to be known before the first transaction: they are read outside of it.
  await boss.findJobs(queueName, { key: "none" });
  if (isEmbedded) await releaseAll(boss, database);
  return new PgBossQueue(boss);
}

/** The embedded database has one process: whatever is leased when it starts was leased by one that is dead. */
async function releaseAll(boss: PgBoss, database: OpenDatabase): Promise<void> {
  const leased = await database.query<{ id: string }>(`select id from ${schema}.job where name = $1 and state = 'active'`, [
    queueName,
  ]);
  if (leased.length > 0)
    await boss.fail(
      queueName,
      leased.map(({ id }) => id),
    );
}

class PgBossQueue implements JobQueue {
  readonly #boss: PgBoss;

  constructor(boss: PgBoss) {
    this.#boss = boss;
  }

  async send({ jobId, accountId, priority }: QueuedJob, { raw }: TransactionDatabase): Promise<void> {
    const options = { id: jobId, priority: priorities[priority], group: { id: accountGroup(accountId) }, db: raw };
    const sent = await this.#boss.send(queueName, null, options);
    if (sent === null) throw new Error(`the queue did not take job ${jobId}`);
  }

  async take(fullAccounts: readonly string[], database: TransactionDatabase): Promise<Lease | undefined> {
    // pg-boss's own update takes one id at a time; the ids of what dead workers left are not known here.
    await database.query(
      `update ${schema}.job set group_id = $2, priority = $3 where name = $1 and state = 'retry' and group_id <> $2`,
      [queueName, startedGroup, startedPriority],
    );
    const ignoreGroups = fullAccounts.map(accountGroup);
    const [job] = await this.#boss.fetch(queueName, { batchSize: 1, ignoreGroups, db: database.raw });
    return job === undefined ? undefined : { jobId: job.id, queueAttempt: job.retryCount };
  }

  async extend(lease: Lease): Promise<boolean> {
    return isAffected(await this.#boss.touch(queueName, attemptOf(lease)));
  }

  async giveBack(lease: Lease, delaySeconds: number, { raw }: TransactionDatabase): Promise<void> {
    const answer = await this.#boss.fail(queueName, attemptOf(lease), null, { db: raw });
    if (!isAffected(answer) || delaySeconds === 0) return;
    await this.#boss.update(queueName, undefined, { id: lease.jobId, startAfter: delaySeconds, db: raw });
  }

  async remove(jobId: string, { raw }: TransactionDatabase): Promise<void> {
    await this.#boss.deleteJob(queueName, jobId, { db: raw });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }
}

function attemptOf({ jobId, queueAttempt }: Lease): { id: string; retryCount: number } {
  return { id: jobId, retryCount: queueAttempt };
}

/** Whether the command found the one job it was about; the declared type keeps that to itself. */
function isAffected(answer: object): boolean {
  return "affected" in answer && answer.affected === 1;
}

/** Never equal to `startedGroup`, whatever an account is called. */
function accountGroup(accountId: string): string {
  return `account:${accountId}`;
}
