import { readAddress } from "./address.ts";
import { openDatabase, type Database, type Query } from "./database.ts";
import { start } from "./start.ts";

/** Milliseconds for one statement: one of them may read and sort the whole ledger. */
const LONG_STATEMENT = 60 * 60 * 1000;

/** Lifts the role's `statement_timeout`, which is meant for a server, for this transaction. */
export const UNLIMITED = "SET LOCAL statement_timeout = 0";

export interface Reading {
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Opens a database. With `reads` it changes nothing, and throws `StartupError` if there is no store, or one of another
 * version. Without, for a copy, it makes or migrates the schema.
 */
export async function openToRead(
  url: string,
  { warn, signal }: Reading,
  reads = true,
): Promise<{ database: Database; description: string }> {
  const { connectionString, description } = readAddress(url);
  const database = openDatabase({
    connectionString,
    connections: 2,
    wait: 5_000,
    answer: LONG_STATEMENT,
    warn,
  });
  try {
    await start(database, { waitSeconds: 0, writes: false, reads, warn, signal });
    return { database, description };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Runs statements that all see the database's state of one moment, and that cannot write. Servers go on meanwhile. */
export function inSnapshot<T>(
  { connection }: Pick<Database, "connection">,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  return connection(async (query) => {
    await query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await query(UNLIMITED);
    const done = await work(query);
    await query("COMMIT");
    return done;
  });
}
