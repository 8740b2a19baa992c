import { createHash } from "node:crypto";
import type { Database } from "../../db/database.ts";

/** For so long the same submit, coming again after its caller went away, is the same prediction. */
const rememberedMs = 60_000;

/** One submit, as far as another one is the same. */
export type SubmitCall = { readonly accountId: string; readonly hash: Uint8Array };

export function submitCall(accountId: string, body: string, query: URLSearchParams): SubmitCall {
  const hash = createHash("sha256")
    .update(JSON.stringify([query.get("webhook"), body]))
    .digest();
  return { accountId, hash };
}

/** Remembers that a submit's caller went away, and under which key its job is found. */
export async function rememberAborted(
  database: Database,
  { accountId, hash }: SubmitCall,
  { idempotencyKey, now }: { readonly idempotencyKey: string; readonly now: Date },
): Promise<void> {
  await database.query("delete from wavespeed_aborted_submits where aborted_at < $1", [new Date(now.getTime() - rememberedMs)]);
  await database.query(
    `insert into wavespeed_aborted_submits (account_id, call_hash, idempotency_key, aborted_at) values ($1, $2, $3, $4)
     on conflict (account_id, call_hash) do update set idempotency_key = $3, aborted_at = $4`,
    [accountId, hash, idempotencyKey, now],
  );
}

/** The key of the same submit that was aborted lately, once. */
export async function takeAborted(database: Database, { accountId, hash }: SubmitCall, now: Date): Promise<string | undefined> {
  const [row] = await database.query<{ idempotency_key: string }>(
    `delete from wavespeed_aborted_submits where account_id = $1 and call_hash = $2 and aborted_at > $3
     returning idempotency_key`,
    [accountId, hash, new Date(now.getTime() - rememberedMs)],
  );
  return row?.idempotency_key;
}
