/** A connection to the one database, embedded or not; the only thing other folders see of it.
 *  Values travel as `$1…`; bigints come back as bigint, timestamps as Date, jsonb as parsed JSON. */
export interface Database {
  query<Row>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs `work` in one transaction: all of it happens, or nothing. Nested calls use the outer transaction. */
  transaction<Result>(work: (database: Database) => Promise<Result>): Promise<Result>;
}
