import type { Database } from "../../db/database.ts";

/** What a caller's UUID stands for. */
export type Media =
  | { readonly kind: "file"; readonly id: string; readonly objectKey: string }
  | { readonly kind: "result"; readonly id: string; readonly taskUUID: string };

type Row = { readonly id: string; readonly object_key: string | null; readonly task_uuid: string | null };
type Owned = { readonly accountId: string; readonly id: string };

function toMedia({ id, object_key, task_uuid }: Row): Media {
  if (object_key !== null) return { kind: "file", id, objectKey: object_key };
  return { kind: "result", id, taskUUID: task_uuid ?? "" };
}

export async function insertMedia(database: Database, accountId: string, media: Media, now: Date): Promise<void> {
  await database.query(
    "insert into runware_media (account_id, id, object_key, task_uuid, last_used_at) values ($1, $2, $3, $4, $5)",
    [accountId, media.id, media.kind === "file" ? media.objectKey : null, media.kind === "result" ? media.taskUUID : null, now],
  );
}

/** Finds what a UUID stands for, which counts as using it. */
export async function useMedia(database: Database, { accountId, id }: Owned, now: Date): Promise<Media | undefined> {
  const [row] = await database.query<Row>(
    "update runware_media set last_used_at = $3 where account_id = $1 and id = $2 returning id, object_key, task_uuid",
    [accountId, id, now],
  );
  return row === undefined ? undefined : toMedia(row);
}

export async function deleteMedia(database: Database, { accountId, id }: Owned): Promise<Media | undefined> {
  const [row] = await database.query<Row>(
    "delete from runware_media where account_id = $1 and id = $2 returning id, object_key, task_uuid",
    [accountId, id],
  );
  return row === undefined ? undefined : toMedia(row);
}

/** Forgets what was not used since `before`, some at a time; the keys that files of it lie under. */
export async function forgetUnused(database: Database, before: Date): Promise<readonly string[]> {
  const rows = await database.query<{ object_key: string | null }>(
    `delete from runware_media where (account_id, id) in (
       select account_id, id from runware_media where last_used_at < $1 limit 50
     ) returning object_key`,
    [before],
  );
  return rows.flatMap(({ object_key }) => (object_key === null ? [] : [object_key]));
}
