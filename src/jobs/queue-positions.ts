import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import type { Job } from "../domain/job.ts";
import { priorityNumbers } from "./job-rows.ts";

/** In a queue this short a position is counted anew each time. */
const shortQueue = 200;
const snapshotMs = 250;

type Snapshot = { readonly positions: ReadonlyMap<string, number>; readonly normal: number };

/** How many jobs start before a given one: exact in a short queue, a quarter of a second old in a long one, where counting
 *  for everyone who asks would cost more than the answer is worth. */
export class QueuePositions {
  readonly #database: Database;
  readonly #clock: Clock;
  #snapshot: Promise<Snapshot> | undefined;
  #takenMs = -Infinity;
  #isLong = false;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async of(job: Job): Promise<number> {
    if (!this.#isLong) {
      const ahead = await this.#count(job);
      this.#isLong = ahead >= shortQueue;
      return ahead;
    }
    const { positions, normal } = await this.#fresh();
    // A job that came since stands behind all of its kind.
    return positions.get(job.id) ?? (job.priority === "normal" ? normal : positions.size);
  }

  async #count({ id, priority }: Job): Promise<number> {
    const [row] = await this.#database.query<{ ahead: bigint }>(
      `select count(*) as ahead from jobs
       where state = 'queued' and (priority > $2 or (priority = $2 and sequence < (select sequence from jobs where id = $1)))`,
      [id, priorityNumbers[priority]],
    );
    return Number(row?.ahead ?? 0n);
  }

  #fresh(): Promise<Snapshot> {
    const nowMs = this.#clock.now().getTime();
    if (this.#snapshot === undefined || nowMs - this.#takenMs >= snapshotMs) {
      this.#takenMs = nowMs;
      this.#snapshot = this.#take();
      this.#snapshot.catch(() => (this.#snapshot = undefined));
    }
    return this.#snapshot;
  }

  async #take(): Promise<Snapshot> {
    const rows = await this.#database.query<{ id: string; priority: number }>(
      "select id, priority from jobs where state = 'queued' order by priority desc, sequence",
    );
    this.#isLong = rows.length >= shortQueue;
    const positions = new Map(rows.map(({ id }, index) => [id, index]));
    return { positions, normal: rows.filter(({ priority }) => priority >= priorityNumbers.normal).length };
  }
}
