import type { Clock } from "../../core/clock.ts";
import type { JobService } from "../../jobs/job-service.ts";

const dayMs = 86_400_000;

type Parts = {
  readonly jobs: Pick<JobService, "spending" | "count" | "list">;
  readonly clock: Clock;
  readonly dailyLimit: number | undefined;
};

/** Tasks of an account in the last 24 hours, deleted ones too. */
export async function countOfDay(accountId: string, { jobs, clock }: Omit<Parts, "dailyLimit">): Promise<number> {
  const createdAfter = new Date(clock.now().getTime() - dayMs);
  const days = await jobs.spending(accountId, { dialect: "runway", createdAfter });
  return days.reduce((sum, day) => sum + day.jobs, 0);
}

/** Keeps an account's creates within its number a day. Exact within one process. */
export class DailyLimit {
  readonly #parts: Parts;
  /** Of accounts that are creating now: the end of the last one in the row. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Runs what makes a task, one after the other of an account; or the seconds until another one may be made. */
  async within<Result>(accountId: string, create: () => Promise<Result>): Promise<Result | { readonly waitSeconds: number }> {
    const { dailyLimit } = this.#parts;
    if (dailyLimit === undefined) return await create();
    const before = this.#turns.get(accountId) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined) // told to whom it belongs
      .then(async () => ((await countOfDay(accountId, this.#parts)) < dailyLimit ? await create() : await this.#wait(accountId)));
    this.#turns.set(accountId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(accountId) === turn) this.#turns.delete(accountId);
    }
  }

  /** Until the oldest task that is still there leaves the 24 hours. */
  async #wait(accountId: string): Promise<{ readonly waitSeconds: number }> {
    const { jobs, clock } = this.#parts;
    const nowMs = clock.now().getTime();
    const filter = { dialect: "runway", createdAfter: new Date(nowMs - dayMs) } as const;
    const count = await jobs.count(accountId, filter);
    const [oldest] = await jobs.list(accountId, { ...filter, limit: 1, offset: Math.max(0, count - 1) });
    const freeMs = (oldest?.createdAt.getTime() ?? nowMs) + dayMs;
    return { waitSeconds: Math.max(1, Math.ceil((freeMs - nowMs) / 1000)) };
  }
}
