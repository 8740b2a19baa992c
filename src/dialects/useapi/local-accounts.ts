import type { Database } from "../../db/database.ts";
import { AppError } from "../../domain/errors.ts";
import { Email } from "./wire.ts";

/** An account within an account: what the service calls an account. */
export type LocalAccount = {
  readonly email: string;
  readonly maxJobs: number;
  readonly isDefault: boolean;
  readonly createdAt: Date;
};

type Row = { readonly email: string; readonly max_jobs: number; readonly is_default: boolean; readonly created_at: Date };

export const mostLocalAccounts = 100;

/** The oldest first. */
export async function listLocalAccounts(database: Database, accountId: string): Promise<readonly LocalAccount[]> {
  const rows = await database.query<Row>("select * from useapi_accounts where account_id = $1 order by created_at, email", [
    accountId,
  ]);
  return rows.map(({ email, max_jobs, is_default, created_at }) => ({
    email,
    maxJobs: max_jobs,
    isDefault: is_default,
    createdAt: created_at,
  }));
}

/** Throws: AppError `input_not_found`. */
export async function getLocalAccount(database: Database, accountId: string, email: string): Promise<LocalAccount> {
  const accounts = Email.safeParse(email).success ? await listLocalAccounts(database, accountId) : [];
  const found = accounts.find((account) => account.email === email);
  if (found !== undefined) return found;
  throw new AppError("input_not_found", `Account ${email.toWellFormed().slice(0, 254)} not found`);
}

/** Whose a file is for which nobody says so: the one account that was configured, or the one that was there from the start.
 *  Throws: AppError `bad_request` where there are several, `input_not_found` where there is none. */
export async function chooseLocalAccount(database: Database, accountId: string): Promise<LocalAccount> {
  const accounts = await listLocalAccounts(database, accountId);
  const configured = accounts.filter(({ isDefault }) => !isDefault);
  const [chosen, ...others] = configured.length > 0 ? configured : accounts;
  if (chosen === undefined) throw new AppError("input_not_found", "No account is configured");
  if (others.length > 0) throw new AppError("bad_request", "Parameter email is required, several accounts are configured");
  return chosen;
}

export type NewLocalAccount = { readonly accountId: string; readonly email: string; readonly maxJobs: number };

/** Makes a local account or changes it.  Throws: AppError `bad_request` when there are too many. */
export async function saveLocalAccount(
  database: Database,
  { accountId, email, maxJobs }: NewLocalAccount,
  now: Date,
): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query("select account_id from useapi_users where account_id = $1 for update", [accountId]);
    const accounts = await listLocalAccounts(transaction, accountId);
    if (accounts.length >= mostLocalAccounts && !accounts.some((account) => account.email === email)) {
      throw new AppError("bad_request", `No more than ${mostLocalAccounts} accounts can be configured`);
    }
    await transaction.query(
      `insert into useapi_accounts (account_id, email, max_jobs, created_at) values ($1, $2, $3, $4)
       on conflict (account_id, email) do update set max_jobs = excluded.max_jobs, is_default = false`,
      [accountId, email, maxJobs, now],
    );
  });
}

export async function removeLocalAccount(database: Database, accountId: string, email: string): Promise<void> {
  await database.query("delete from useapi_accounts where account_id = $1 and email = $2", [accountId, email]);
}
