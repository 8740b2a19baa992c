import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../src/db/migrate.ts";
import type { OpenDatabase } from "../../src/db/database.ts";
import { openDatabase } from "../../src/db/open-database.ts";

export const databaseKinds = ["embedded", "postgres"] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

const serverUrl = process.env["UPRES_TEST_DATABASE_URL"];

/** Why the tests on this kind of database cannot run here. */
export function missingDatabase(kind: DatabaseKind): string | undefined {
  return kind === "postgres" && serverUrl === undefined ? "UPRES_TEST_DATABASE_URL names no Postgres server" : undefined;
}

export type TestDatabase = AsyncDisposable & {
  readonly database: OpenDatabase;
  /** Undefined for the embedded kind. */
  readonly url: string | undefined;
  readonly dataFolder: string;
};

/** A new migrated database of its own, removed when disposed. */
export async function createTestDatabase(kind: DatabaseKind): Promise<TestDatabase> {
  const dataFolder = await mkdtemp(join(tmpdir(), "upres-test-"));
  const name = `upres_test_${randomUUID().replaceAll("-", "")}`;
  const url = kind === "postgres" ? await createOnServer(name, dataFolder) : undefined;
  const database = await openDatabase({ url, dataFolder });
  await migrate(database);
  return {
    database,
    url,
    dataFolder,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      if (url !== undefined) await onServer(dataFolder, `drop database if exists ${name} with (force)`);
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

async function createOnServer(name: string, dataFolder: string): Promise<string> {
  await onServer(dataFolder, `create database ${name}`);
  const url = new URL(serverUrl ?? "");
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(dataFolder: string, statement: string): Promise<void> {
  await using server = await openDatabase({ url: serverUrl, dataFolder });
  await server.query(statement);
}
