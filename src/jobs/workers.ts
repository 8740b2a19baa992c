import type { Database } from "../db/database.ts";

/** A worker as it last said of itself. */
export type WorkerFacts = {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** Segments under way, of so many at once. */
  readonly running: number;
  readonly concurrency: number;
};

type Row = {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly started_at: Date;
  readonly seen_at: Date;
  readonly running: number;
  readonly concurrency: number;
};

const forgottenAfterMs = 24 * 3_600_000;

/** Says that a worker is there, and forgets those that were not heard of for a day. */
export async function announceWorker(database: Database, worker: WorkerFacts): Promise<void> {
  const { id, host, version, startedAt, seenAt, running, concurrency } = worker;
  await database.query(
    `insert into workers (id, host, version, started_at, seen_at, running, concurrency) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do update set seen_at = excluded.seen_at, running = excluded.running`,
    [id, host, version, startedAt, seenAt, running, concurrency],
  );
  await database.query("delete from workers where seen_at < $1", [new Date(seenAt.getTime() - forgottenAfterMs)]);
}

/** Called by a worker that ends as it should. */
export async function removeWorker(database: Database, id: string): Promise<void> {
  await database.query("delete from workers where id = $1", [id]);
}

/** The latest heard of first. */
export async function listWorkers(database: Database): Promise<readonly WorkerFacts[]> {
  const rows = await database.query<Row>("select * from workers order by seen_at desc, id");
  return rows.map((row) => ({
    id: row.id,
    host: row.host,
    version: row.version,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    running: row.running,
    concurrency: row.concurrency,
  }));
}
