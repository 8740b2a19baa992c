import { randomUUID } from "node:crypto";
import { stringifyJson } from "../core/json.ts";
import type { Database, OpenDatabase } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import { jobColumns, type JobRow, priorityNumbers, toJob } from "./job-rows.ts";
import type { SubmitJob } from "./job-service.ts";
import type { JobQueue } from "./job-queue.ts";
import type { QueueRoom } from "./queue-room.ts";

export type SubmitContext = {
  readonly database: OpenDatabase;
  readonly queue: JobQueue;
  readonly now: Date;
  /** Undefined where other processes submit too. */
  readonly room: QueueRoom | undefined;
  readonly reserveCredits: ((job: Job, database: Database) => Promise<void>) | undefined;
};

/** Stores and queues a job in one transaction; for a key that was used before, gives the job of then.
 *  Throws: AppError `queue_full`, `too_many_jobs`, and what `reserveCredits` throws. */
export async function submit(job: SubmitJob, context: SubmitContext): Promise<Job> {
  const { accountId, maxQueueLength } = job;
  const { room } = context;
  if (maxQueueLength === undefined || room?.take(accountId, maxQueueLength) !== true) {
    return await store(job, context, { counts: maxQueueLength !== undefined });
  }
  try {
    return await store(job, context, { counts: false });
  } finally {
    room.settled(accountId);
  }
}

/** `counts`: whether the account's queue has to be counted first. */
function store(
  job: SubmitJob,
  { database, queue, now, reserveCredits, room }: SubmitContext,
  { counts }: { readonly counts: boolean },
): Promise<Job> {
  return database.transaction(async (transaction) => {
    if (counts || job.maxUnfinished !== undefined) {
      // Two submits at once would both see the last free place.
      await transaction.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`upres queue of ${job.accountId}`]);
    }
    const inserted = await insert(transaction, job, now);
    if (inserted === undefined) return earlier(transaction, job);
    if (counts) {
      const waiting = await refuseFullQueue(transaction, job);
      room?.counted(job.accountId, waiting);
    }
    await refuseTooMany(transaction, job);
    const stored = toJob(inserted);
    await reserveCredits?.(stored, transaction);
    await queue.send({ jobId: stored.id, accountId: stored.accountId, priority: stored.priority }, transaction);
    return stored;
  });
}

async function insert(database: Database, job: SubmitJob, now: Date): Promise<JobRow | undefined> {
  const [row] = await database.query<JobRow>(
    `insert into jobs (id, account_id, dialect, request, source, priority, state, created_at, start_deadline, price_micros,
       webhook_url, dialect_data, result_lifetime_seconds, idempotency_key, max_source_seconds, upload_url, is_free, group_name)
     values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     on conflict (account_id, dialect, idempotency_key) where idempotency_key is not null do nothing
     returning ${jobColumns}`,
    [
      randomUUID(),
      job.accountId,
      job.dialect,
      stringifyJson(job.request),
      stringifyJson(job.source),
      priorityNumbers[job.priority ?? "normal"],
      now,
      job.startDeadline ?? null,
      job.reserveMicros,
      job.webhookUrl ?? null,
      stringifyJson(job.dialectData ?? {}),
      job.resultLifetimeSeconds ?? null,
      job.idempotencyKey ?? null,
      job.maxSourceSeconds ?? null,
      job.uploadUrl ?? null,
      job.isFree ?? false,
      job.group ?? null,
    ],
  );
  return row;
}

async function earlier(database: Database, job: SubmitJob): Promise<Job> {
  const [row] = await database.query<JobRow>(
    `select ${jobColumns} from jobs where account_id = $1 and dialect = $2 and idempotency_key = $3`,
    [job.accountId, job.dialect, job.idempotencyKey],
  );
  if (row === undefined) throw new AppError("internal", "The job of this key was removed just now; submit it again.");
  return toJob(row);
}

/** Called with the new job among those that wait; how many do. */
async function refuseFullQueue(database: Database, { accountId, maxQueueLength = Infinity }: SubmitJob): Promise<number> {
  const [row] = await database.query<{ waiting: bigint }>(
    "select count(*) as waiting from jobs where account_id = $1 and state = 'queued'",
    [accountId],
  );
  const waiting = Number(row?.waiting ?? 0n);
  if (waiting <= maxQueueLength) return waiting;
  throw new AppError("queue_full", `${maxQueueLength} jobs are waiting already; wait until one has started.`, {
    details: { maxQueueLength },
    retryable: true,
  });
}

/** Called with the new job among those that are unfinished. */
async function refuseTooMany(database: Database, { accountId, dialect, group, maxUnfinished }: SubmitJob): Promise<void> {
  if (maxUnfinished === undefined) return;
  const [row] = await database.query<{ unfinished: bigint }>(
    `select count(*) as unfinished from jobs
     where account_id = $1 and dialect = $2 and group_name is not distinct from $3 and state in ('queued', 'running')`,
    [accountId, dialect, group ?? null],
  );
  if (Number(row?.unfinished ?? 0n) <= maxUnfinished) return;
  throw new AppError("too_many_jobs", `${maxUnfinished} jobs are unfinished already; wait until one has ended.`, {
    details: { maxUnfinished },
    retryable: true,
  });
}
