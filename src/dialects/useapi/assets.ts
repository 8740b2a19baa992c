import { z } from "zod";
import type { Database } from "../../db/database.ts";
import type { MediaType } from "./wire.ts";

/** What was found by reading a file. */
const Facts = z.object({
  kind: z.enum(["video", "image", "audio"]),
  durationSeconds: z.number(),
  width: z.number().optional(),
  height: z.number().optional(),
  frameRate: z.number(),
  hasAudio: z.boolean(),
});

/** A file of the caller's: uploaded, or made by a task. */
export type Asset = {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly name: string;
  readonly objectKey: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly facts: z.infer<typeof Facts>;
  /** The task that made it; undefined: uploaded. */
  readonly taskId: string | undefined;
  readonly parentGroupId: string | undefined;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

type Row = {
  readonly id: string;
  readonly account_id: string;
  readonly email: string;
  readonly name: string;
  readonly object_key: string;
  readonly content_type: string;
  readonly size_bytes: bigint;
  readonly facts: unknown;
  readonly task_id: string | null;
  readonly parent_group_id: string | null;
  readonly created_at: Date;
  readonly expires_at: Date;
};

/** Writes assets; one that is there already, deleted or not, stays as it is. */
export async function insertAssets(database: Database, assets: readonly Asset[]): Promise<void> {
  if (assets.length === 0) return;
  const rows = assets.map((asset) => ({
    id: asset.id,
    account_id: asset.accountId,
    email: asset.email,
    name: asset.name,
    object_key: asset.objectKey,
    content_type: asset.contentType,
    size_bytes: asset.sizeBytes,
    facts: asset.facts,
    task_id: asset.taskId ?? null,
    parent_group_id: asset.parentGroupId ?? null,
    created_at: asset.createdAt.toISOString(),
    expires_at: asset.expiresAt.toISOString(),
  }));
  await database.query(
    `insert into useapi_assets (id, account_id, email, name, object_key, content_type, size_bytes, facts, task_id,
       parent_group_id, created_at, expires_at)
     select * from jsonb_to_recordset($1::jsonb) as given (id uuid, account_id text, email text, name text, object_key text,
       content_type text, size_bytes bigint, facts jsonb, task_id uuid, parent_group_id uuid, created_at timestamptz,
       expires_at timestamptz)
     on conflict (id) do nothing`,
    [JSON.stringify(rows)],
  );
}

export type AssetState = { readonly asset: Asset; readonly isThere: boolean };

/** An asset that is there, or was until it was deleted or its time was over. */
export async function findAsset(
  database: Database,
  { accountId, id, now }: { readonly accountId: string; readonly id: string; readonly now: Date },
): Promise<AssetState | undefined> {
  const [row] = await database.query<Row & { is_there: boolean }>(
    `select *, deleted_at is null and expires_at > $3 as is_there from useapi_assets where account_id = $1 and id = $2`,
    [accountId, id, now],
  );
  return row === undefined ? undefined : { asset: fromRow(row), isThere: row.is_there };
}

export type AssetQuestion = {
  readonly accountId: string;
  readonly email: string | undefined;
  readonly mediaType: MediaType | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly now: Date;
};

/** The newest first. */
export async function listAssets(database: Database, question: AssetQuestion): Promise<readonly Asset[]> {
  const { accountId, email = null, mediaType = null, offset, limit, now } = question;
  const rows = await database.query<Row>(
    `select * from useapi_assets
     where account_id = $1 and deleted_at is null and expires_at > $2
       and ($3::text is null or email = $3) and ($4::text is null or facts ->> 'kind' = $4)
     order by created_at desc, sequence desc limit $5 offset $6`,
    [accountId, now, email, mediaType, limit, offset],
  );
  return rows.map(fromRow);
}

export async function markDeleted(database: Database, accountId: string, id: string, now: Date): Promise<void> {
  await database.query("update useapi_assets set deleted_at = coalesce(deleted_at, $3) where account_id = $1 and id = $2", [
    accountId,
    id,
    now,
  ]);
}

/** Which of these assets were deleted. */
export async function findDeleted(database: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await database.query<{ id: string }>(
    "select id from useapi_assets where id::text = any($1::text[]) and deleted_at is not null",
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

export type Leftover = Pick<Asset, "id" | "accountId" | "objectKey"> & { readonly isForgettable: boolean };

/** Assets whose objects nobody should see any more. One that a task made is remembered until it would have expired: its
 *  task still knows it. */
export async function findLeftovers(database: Database, now: Date, limit: number): Promise<readonly Leftover[]> {
  const rows = await database.query<Row & { is_forgettable: boolean }>(
    `select *, task_id is null or expires_at <= $1 as is_forgettable from useapi_assets
     where (deleted_at is not null and removed_at is null) or expires_at <= $1 order by expires_at limit $2`,
    [now, limit],
  );
  return rows.map((row) => ({ ...fromRow(row), isForgettable: row.is_forgettable }));
}

export async function forgetAsset(database: Database, { id, isForgettable }: Leftover, now: Date): Promise<void> {
  if (isForgettable) await database.query("delete from useapi_assets where id = $1", [id]);
  else await database.query("update useapi_assets set removed_at = $2 where id = $1", [id, now]);
}

function fromRow(row: Row): Asset {
  return {
    id: row.id,
    accountId: row.account_id,
    email: row.email,
    name: row.name,
    objectKey: row.object_key,
    contentType: row.content_type,
    sizeBytes: Number(row.size_bytes),
    facts: Facts.parse(row.facts),
    taskId: row.task_id ?? undefined,
    parentGroupId: row.parent_group_id ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
