/** A connection to the one database, embedded or not; the only thing other folders see of it.
 *  Values travel as `$1…`; bigints come back as bigint, timestamps as Date, jsonb as parsed JSON. */
export interface Database {
  query<Row>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs `work` in one transaction: all of it happens, or nothing. Nested calls use the outer transaction. */
  transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result>;
}

/** What `openDatabase` gives: also runs statements that a library brings along, with that library's own value types. */
export interface OpenDatabase extends Database, AsyncDisposable {
  /** Embedded: no other process can use it at the same time. */
  readonly kind: "embedded" | "postgres";
  readonly raw: RawExecutor;
  transaction<Result>(work: (database: TransactionDatabase) => Promise<Result>): Promise<Result>;
}

export type TransactionDatabase = Database & { readonly raw: RawExecutor };

export type RawExecutor = {
  /** Several statements at once are allowed where there are no values. */
  // oxlint-disable-next-line typescript/no-explicit-any -- only the library that brings the statement knows its rows
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
};
