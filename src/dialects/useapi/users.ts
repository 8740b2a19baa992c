import type { Database } from "../../db/database.ts";

/** An Upres account as this dialect's ids know it. */
export type User = { readonly userId: number; /** The account-wide callback. */ readonly replyUrl: string | undefined };

export const defaultEmail = "me@upres.local";
export const defaultMaxJobs = 5;

/** The user of an account, made with one local account when it is seen first. */
export async function userOf(database: Database, accountId: string, now: Date): Promise<User> {
  return (await findUser(database, accountId)) ?? (await database.transaction((inner) => addUser(inner, accountId, now)));
}

async function findUser(database: Database, accountId: string): Promise<User | undefined> {
  const [row] = await database.query<{ id: number; reply_url: string | null }>(
    "select id, reply_url from useapi_users where account_id = $1",
    [accountId],
  );
  return row === undefined ? undefined : { userId: row.id, replyUrl: row.reply_url ?? undefined };
}

async function addUser(database: Database, accountId: string, now: Date): Promise<User> {
  const added = await database.query(
    "insert into useapi_users (account_id, created_at) values ($1, $2) on conflict (account_id) do nothing returning id",
    [accountId, now],
  );
  if (added.length > 0) {
    await database.query(
      "insert into useapi_accounts (account_id, email, max_jobs, is_default, created_at) values ($1, $2, $3, true, $4)",
      [accountId, defaultEmail, defaultMaxJobs, now],
    );
  }
  const user = await findUser(database, accountId);
  if (user === undefined) throw new Error(`the user of account ${accountId} vanished`);
  return user;
}

export async function saveReplyUrl(database: Database, accountId: string, replyUrl: string | undefined): Promise<void> {
  await database.query("update useapi_users set reply_url = $2 where account_id = $1", [accountId, replyUrl ?? null]);
}
