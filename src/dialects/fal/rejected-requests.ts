import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Database } from "../../db/database.ts";
import { Problem } from "./wire.ts";

/** A request that was accepted though its input is wrong: no job runs for it, its result is the list of what is wrong. */
export type RejectedRequest = { readonly id: string; readonly problems: readonly Problem[] };

const keptMs = 7 * 86_400_000;

/** Records a request whose result is an error from the start; ones past their time are forgotten meanwhile. */
export async function recordRejected(
  database: Database,
  { accountId, problems, now }: { readonly accountId: string; readonly problems: readonly Problem[]; readonly now: Date },
): Promise<RejectedRequest> {
  const id = randomUUID();
  await database.query("delete from fal_requests where created_at < $1", [new Date(now.getTime() - keptMs)]);
  await database.query("insert into fal_requests (id, account_id, problems, created_at) values ($1, $2, $3::jsonb, $4)", [
    id,
    accountId,
    storable(problems),
    now,
  ]);
  return { id, problems };
}

export async function findRejected(database: Database, accountId: string, id: string): Promise<RejectedRequest | undefined> {
  const [row] = await database.query<{ problems: unknown }>(
    "select problems from fal_requests where id = $1 and account_id = $2",
    [id, accountId],
  );
  return row === undefined ? undefined : { id, problems: z.array(Problem).parse(row.problems) };
}

/** The database's JSON knows no NUL characters and no halves of surrogate pairs. */
function storable(problems: readonly Problem[]): string {
  return JSON.stringify(problems, (_key, value: unknown) =>
    typeof value === "string" ? value.replaceAll("\u0000", "\uFFFD").toWellFormed() : value,
  );
}
