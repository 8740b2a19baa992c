import type { Database } from "../db/database.ts";
import type { ProgressTold } from "../domain/webhook.ts";
import type { NewDelivery } from "./delivery.ts";

type Target = Pick<NewDelivery, "jobId" | "url">;

/** Of one job and target: what is written under this lock is in order, and the end is the last of it. */
export async function lockMessages(database: Database, { jobId, url }: Target): Promise<void> {
  await database.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`upres messages of ${jobId} to ${url}`]);
}

/** What the target was told last, and whether it was told the end. */
export async function findTold(
  database: Database,
  { jobId, url }: Target,
): Promise<{ readonly hasEnded: boolean; readonly told: ProgressTold | undefined }> {
  const [row] = await database.query<{ kind: string; facts: ProgressTold["facts"]; created_at: Date }>(
    `select kind, facts, created_at from deliveries where job_id = $1 and url = $2
     order by kind = 'end' desc, sequence desc limit 1`,
    [jobId, url],
  );
  const told = row === undefined ? undefined : { facts: row.facts, at: row.created_at };
  return { hasEnded: row?.kind === "end", told };
}

export async function insertProgress(database: Database, delivery: NewDelivery, now: Date): Promise<void> {
  const { jobId, accountId, dialect, url, message } = delivery;
  await database.query(
    `insert into deliveries (job_id, account_id, dialect, url, body, content_type, facts, created_at, next_attempt_at, kind)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $8, 'progress')`,
    [jobId, accountId, dialect, url, message.body, message.contentType, JSON.stringify(message.facts), now],
  );
}

/** Forgets what was not tried yet: the end is about to be written. */
export async function dropWaitingProgress(database: Database, { jobId, url }: Target): Promise<void> {
  await database.query(
    "delete from deliveries where job_id = $1 and url = $2 and kind = 'progress' and state = 'waiting' and attempts = 0",
    [jobId, url],
  );
}

/** Gives up attempts that a process took with it when it ended: there is one only, and others wait for its outcome. */
export async function endLostProgress(database: Database, now: Date): Promise<void> {
  await database.query(
    `update deliveries set state = 'failed', next_attempt_at = null, leased_until = null,
       last_error = 'the server ended before the target had answered'
     where kind = 'progress' and state = 'waiting' and attempts > 0 and leased_until <= $1`,
    [now],
  );
}
