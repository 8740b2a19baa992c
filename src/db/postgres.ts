import pg from "pg";
import { explainConnection } from "./connection-errors.ts";
import type { Database, OpenDatabase, RawExecutor, TransactionDatabase } from "./database.ts";

const maxConnections = 10;

/** A Postgres server.  Owns: its connections. */
export async function openPostgres(url: string): Promise<OpenDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: maxConnections, application_name: "upres" });
  // A connection that breaks while idle is replaced at the next statement, which reports what is wrong then.
  pool.on("error", () => undefined);
  try {
    await pool.query("select 1");
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    kind: "postgres",
    query: (text, values) => query(pool, text, values),
    raw: rawExecutor(pool),
    transaction: (work) => transaction(pool, work),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Throws: AppError, retryable, where the server is away. */
async function reach<Result>(answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    throw explainConnection(error);
  }
}

type Queryable = Pick<pg.ClientBase, "query">;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8 ? (text: string) => BigInt(text) : pg.types.getTypeParser(oid, format),
};

async function query<Row>(target: Queryable, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  const { rows } = await reach(target.query({ text, values: [...values], types }));
  return rows as readonly Row[]; // the caller wrote the statement and so knows its columns
}

function rawExecutor(target: Queryable): RawExecutor {
  return {
    executeSql: async (text, values = []) => {
      if (values.length > 0) return await reach(target.query(text, values));
      // Several statements give several results; the declared type knows of one only.
      const results: pg.QueryResult | pg.QueryResult[] = await reach(target.query(text));
      return { rows: [results].flat().flatMap(({ rows }): unknown[] => rows) };
    },
  };
}

async function transaction<Result>(pool: pg.Pool, work: (database: TransactionDatabase) => Promise<Result>): Promise<Result> {
  const client = await reach(pool.connect());
  let broken = false;
  try {
    await reach(client.query("begin"));
    const result = await work(insideTransaction(client));
    await reach(client.query("commit"));
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

function insideTransaction(client: pg.PoolClient): TransactionDatabase {
  const database: TransactionDatabase = {
    query: (text, values) => query(client, text, values),
    transaction: (work: (database: Database) => Promise<never>) => work(database),
    raw: rawExecutor(client),
  };
  return database;
}
