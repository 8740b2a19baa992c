import { randomUUID } from "node:crypto";
import type { Database } from "../../db/database.ts";
import type { WavespeedParts } from "./context.ts";

const keptMs = 7 * 86_400_000;
const removedAtOnce = 100;
const mostUnfinished = 10_000;

/** A file of a caller's, there or promised. */
export type Media = {
  readonly key: string;
  readonly accountId: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly isStored: boolean;
  readonly expiresAt: Date;
};

export function newMedia(file: Pick<Media, "accountId" | "fileName" | "sizeBytes">, now: Date): Media {
  const key = `media/wavespeed/${randomUUID()}`;
  return { ...file, key, isStored: false, expiresAt: new Date(now.getTime() + keptMs) };
}

/** Records a file before it is there, so that no other one is ever in the store; ones past their time go meanwhile. */
export async function promiseMedia(
  { key, accountId, fileName, sizeBytes, expiresAt }: Media,
  parts: WavespeedParts,
): Promise<void> {
  await removeExpired(parts);
  await parts.database.query(
    "insert into wavespeed_media (key, account_id, file_name, size_bytes, expires_at) values ($1, $2, $3, $4, $5)",
    [key, accountId, fileName, sizeBytes, expiresAt],
  );
}

type Row = {
  readonly key: string;
  readonly account_id: string;
  readonly file_name: string;
  readonly size_bytes: bigint;
  readonly stored_at: Date | null;
  readonly expires_at: Date;
};

export async function findMedia(database: Database, key: string): Promise<Media | undefined> {
  const [row] = await database.query<Row>(
    "select key, account_id, file_name, size_bytes, stored_at, expires_at from wavespeed_media where key = $1",
    [key],
  );
  return row === undefined ? undefined : fromRow(row);
}

function fromRow(row: Row): Media {
  return {
    key: row.key,
    accountId: row.account_id,
    fileName: row.file_name,
    sizeBytes: Number(row.size_bytes),
    isStored: row.stored_at !== null,
    expiresAt: row.expires_at,
  };
}

export async function markStored(
  { key, sizeBytes }: Pick<Media, "key" | "sizeBytes">,
  { database, clock }: WavespeedParts,
): Promise<void> {
  await database.query("update wavespeed_media set stored_at = $2, size_bytes = $3 where key = $1", [
    key,
    clock.now(),
    sizeBytes,
  ]);
}

/** Removes files past their time, but for those that a job still waits to read. */
async function removeExpired({ database, store, jobs, clock }: WavespeedParts): Promise<void> {
  const rows = await database.query<Row>(
    `select key, account_id, file_name, size_bytes, stored_at, expires_at from wavespeed_media
     where expires_at <= $1 order by expires_at limit $2`,
    [clock.now(), removedAtOnce],
  );
  for (const [accountId, expired] of Map.groupBy(rows.map(fromRow), (media) => media.accountId)) {
    const unfinished = await jobs.list(accountId, { states: ["queued", "running"], limit: mostUnfinished });
    const inUse = new Set(unfinished.map(({ source }) => (source.kind === "object" ? source.key : undefined)));
    for (const { key } of expired) {
      if (inUse.has(key)) continue;
      await store.delete(key);
      await database.query("delete from wavespeed_media where key = $1", [key]);
    }
  }
}
