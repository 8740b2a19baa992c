import { randomUUID } from "node:crypto";
import { openDatabase } from "../../src/db/open-database.ts";

/** A database of its own on the Postgres server, removed when disposed. */
export async function createPostgresDatabase(
  serverUrl: string,
  folder: string,
): Promise<AsyncDisposable & { readonly url: string }> {
  const name = `upres_bench_${randomUUID().replaceAll("-", "")}`;
  const onServer = async (statement: string): Promise<void> => {
    await using server = await openDatabase({ url: serverUrl, dataFolder: folder });
    await server.query(statement);
  };
  await onServer(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, [Symbol.asyncDispose]: () => onServer(`drop database if exists ${name} with (force)`) };
}
