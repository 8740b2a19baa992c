import { AsyncLocalStorage } from "node:async_hooks";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type PGlite, type Transaction, types } from "@electric-sql/pglite";
import { ensureDatabase } from "./database-template.ts";
import { startEngine } from "./embedded-engine.ts";
import { lockFolder } from "./folder-lock.ts";
import type { Database, OpenDatabase, RawExecutor, TransactionDatabase } from "./database.ts";

/** Postgres inside this process, on one connection, in `<dataFolder>/database`.
 *  Owns: the folder's lock.  Throws: AppError `workspace_busy`. */
export async function openEmbedded(dataFolder: string): Promise<OpenDatabase> {
  await mkdir(dataFolder, { recursive: true });
  const lock = await lockFolder(dataFolder);
  try {
    const folder = join(dataFolder, "database");
    await ensureDatabase(folder);
    const engine = await startEngine(folder);
    return new EmbeddedDatabase(engine, lock);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

type Sql = Pick<Transaction, "query" | "exec">;

const queryOptions = { parsers: { [types.INT8]: (text: string) => BigInt(text) } };

async function query<Row>(sql: Sql, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return (await sql.query<Row>(text, [...values], queryOptions)).rows;
}

async function executeRaw(sql: Sql, text: string, values: unknown[] = []): Promise<{ rows: unknown[] }> {
  if (values.length > 0) return sql.query(text, values);
  const results = await sql.exec(text);
  return { rows: results.flatMap(({ rows }) => rows) };
}

class EmbeddedDatabase implements OpenDatabase {
  readonly kind = "embedded";
  readonly raw: RawExecutor;
  readonly #engine: PGlite;
  readonly #lock: AsyncDisposable;
  readonly #transaction = new AsyncLocalStorage<{ isOpen: boolean }>();

  constructor(engine: PGlite, lock: AsyncDisposable) {
    this.#engine = engine;
    this.#lock = lock;
    this.raw = {
      executeSql: async (text, values) => {
        this.#refuseInsideTransaction();
        try {
          return await executeRaw(engine, text, values);
        } catch (error) {
          // A library's own BEGIN would leave the one connection inside a failed transaction.
          await engine.exec("rollback");
          throw error;
        }
      },
    };
  }

  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]> {
    this.#refuseInsideTransaction();
    return query(this.#engine, text, values);
  }

  transaction<Result>(work: (database: TransactionDatabase) => Promise<Result>): Promise<Result> {
    this.#refuseInsideTransaction();
    const scope = { isOpen: true };
    return this.#engine.transaction((transaction) =>
      this.#transaction.run(scope, () => work(insideTransaction(transaction)).finally(() => (scope.isOpen = false))),
    );
  }

  /** With one connection such a statement would wait for its own transaction, forever. */
  #refuseInsideTransaction(): void {
    if (this.#transaction.getStore()?.isOpen === true) {
      throw new Error("a statement inside a transaction has to use the transaction's own database");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#engine.closed) await this.#engine.close();
    await this.#lock[Symbol.asyncDispose]();
  }
}

function insideTransaction(transaction: Transaction): TransactionDatabase {
  const database: TransactionDatabase = {
    query: (text, values) => query(transaction, text, values),
    transaction: (work: (database: Database) => Promise<never>) => work(database),
    raw: { executeSql: (text, values) => executeRaw(transaction, text, values) },
  };
  return database;
}
