import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../domain/errors.ts";

export type CreditKind = "grant" | "reserve" | "settle" | "refund";

export type CreditEntry = {
  readonly kind: CreditKind;
  readonly jobId: string | undefined;
  readonly amountMicros: bigint;
  readonly createdAt: Date;
};

/** Credits in integer micros, append-only: a balance is the sum of an account's entries.
 *  Every method takes the database to write to, so that it can be the transaction of what is paid for. */
export class CreditLedger {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async grant(accountId: string, micros: bigint, database: Database): Promise<void> {
    await this.#append(database, { accountId, kind: "grant", jobId: undefined, micros });
  }

  /** Holds a job's price.  Throws: AppError `credits_exhausted` when a limited account has less. */
  async reserve(accountId: string, jobId: string, micros: bigint, database: Database): Promise<void> {
    if (micros > 0n) await this.#take(accountId, jobId, micros, database);
  }

  /** Brings what is held for a job to `micros`, up or down.  Throws: AppError `credits_exhausted`. */
  async hold(accountId: string, jobId: string, micros: bigint, database: Database): Promise<void> {
    const [row] = await database.query<{ held: string }>(
      "select coalesce(-sum(amount_micros), 0)::text as held from credit_entries where job_id = $1",
      [jobId],
    );
    const missing = micros - BigInt(row?.held ?? "0");
    if (missing > 0n) await this.#take(accountId, jobId, missing, database);
    if (missing < 0n) await this.#append(database, { accountId, kind: "reserve", jobId, micros: -missing });
  }

  async #take(accountId: string, jobId: string, micros: bigint, database: Database): Promise<void> {
    const [account] = await database.query<{ limited: boolean }>(
      "select has_credit_limit as limited from accounts where id = $1",
      [accountId],
    );
    if (account === undefined) throw new AppError("internal", "The account does not exist.", { details: { accountId } });
    if (account.limited) {
      // Two submits of one account wait for each other here, so that both cannot spend the same credits.
      await database.query("select id from accounts where id = $1 for update", [accountId]);
      const balanceMicros = await this.balance(accountId, database);
      if (balanceMicros < micros) {
        throw new AppError("credits_exhausted", "The account has not enough credits for this job.", {
          details: { balanceMicros: String(balanceMicros), neededMicros: String(micros) },
        });
      }
    }
    await this.#append(database, { accountId, kind: "reserve", jobId, micros: -micros });
  }

  /** Charges `priceMicros` for a finished job and gives back the rest of what was held. Once per job. */
  async settle(jobId: string, priceMicros: bigint, database: Database): Promise<void> {
    await this.#end(jobId, "settle", priceMicros, database);
  }

  /** Gives back all that was held for a job. Once per job. */
  async refund(jobId: string, database: Database): Promise<void> {
    await this.#end(jobId, "refund", 0n, database);
  }

  async balance(accountId: string, database: Database): Promise<bigint> {
    const [row] = await database.query<{ balance: string }>(
      "select coalesce(sum(amount_micros), 0)::text as balance from credit_entries where account_id = $1",
      [accountId],
    );
    return BigInt(row?.balance ?? "0");
  }

  /** An account's entries, the oldest first. */
  async entries(accountId: string, database: Database): Promise<readonly CreditEntry[]> {
    const rows = await database.query<{ kind: CreditKind; job_id: string | null; amount: string; created_at: Date }>(
      "select kind, job_id, amount_micros::text as amount, created_at from credit_entries where account_id = $1 order by id",
      [accountId],
    );
    return rows.map((row) => ({
      kind: row.kind,
      jobId: row.job_id ?? undefined,
      amountMicros: BigInt(row.amount),
      createdAt: row.created_at,
    }));
  }

  /** A job without a reserve costs nothing and has nothing to end. */
  async #end(jobId: string, kind: "settle" | "refund", priceMicros: bigint, database: Database): Promise<void> {
    await database.query(
      `insert into credit_entries (account_id, kind, job_id, amount_micros, created_at)
       select account_id, $2, job_id, -sum(amount_micros) - $3::bigint, $4 from credit_entries
       where job_id = $1 and kind = 'reserve' group by account_id, job_id
       on conflict (job_id) where kind in ('settle', 'refund') do nothing`,
      [jobId, kind, priceMicros, this.#clock.now()],
    );
  }

  async #append(
    database: Database,
    entry: { accountId: string; kind: CreditKind; jobId: string | undefined; micros: bigint },
  ): Promise<void> {
    await database.query(
      "insert into credit_entries (account_id, kind, job_id, amount_micros, created_at) values ($1, $2, $3, $4, $5)",
      [entry.accountId, entry.kind, entry.jobId ?? null, entry.micros, this.#clock.now()],
    );
  }
}
