import { setTimeout as pause } from "node:timers/promises";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { sqlState } from "./failures.ts";
import { migrations } from "./migrations.ts";
import { checkSchemas } from "./rights.ts";

/**
 * Errors of servers that create the same table, or change its row, at the same time; the server then reads the version
 * again. 23505: a row of the catalogue; 42P07, 42710: exists by now; 42P01: not visible yet.
 */
const RACES = new Set(["23505", "42P07", "42710", "42P01", "40001", "40P01", "XX000"]);

/** Longest time, in milliseconds, that a change of a table waits for those that use it, such as a backup. */
const LOCK_MS = 1000;

/** After this number of such errors in a row it is another fault. */
const TRIES = 50;

/**
 * Migrates the schema to this version. Any number of servers can do so at the same time: each step is a transaction that
 * locks the version's row. An up-to-date schema is only read. Throws `StartupError` if the schema is newer than this
 * version; passes on other errors.
 */
export async function migrate(database: Database, steps: string[][] = migrations): Promise<void> {
  let version = -1;
  for (let tries = 1; ; tries += 1) {
    try {
      version = await versionOf(database);
      if (version > steps.length) throw newer();
      if (version === steps.length) return;
      if (version < 0) await checkSchemas(database);
      await (version < 0 ? createVersion(database) : step(database, steps));
      tries = 1;
    } catch (error) {
      if (sqlState(error) === "42501" && version > 0) throw notOwner(error);
      if (!RACES.has(sqlState(error) ?? "") || tries > TRIES) throw error;
      await pause(Math.random() * 10 * Math.min(tries, 20));
    }
  }
}

/** Changes nothing. Throws `StartupError` unless the schema is of this version. */
export async function checkVersion(database: Database, steps: string[][] = migrations): Promise<void> {
  const version = await versionOf(database);
  if (version > steps.length) throw newer();
  if (version <= 0) throw noStore();
  if (version < steps.length) throw older();
}

/** The schema's version; −1 if there is none. Throws `StartupError` if the table is not the store's. */
async function versionOf(database: Database): Promise<number> {
  try {
    return await database.connection(async (query) =>
      read(await query("SELECT version FROM chat_schema WHERE one = 1")),
    );
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (state === "42P01") return -1;
    // A table with other columns, or a view.
    throw state !== "42501" && /^(42|HV)/.test(state) ? notOurs(error) : error;
  }
}

function read(rows: unknown[]): number {
  const [row] = rows as { version: unknown }[];
  if (!row) return -1;
  const { version } = row;
  if (typeof version !== "number" || !Number.isInteger(version) || version < 0) throw notOurs();
  return version;
}

function createVersion(database: Database): Promise<void> {
  return database.connection(async (query) => {
    await query("CREATE TABLE IF NOT EXISTS chat_schema (one int4 PRIMARY KEY, version int4 NOT NULL)");
    await query("INSERT INTO chat_schema (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING");
  });
}

/** Makes the next step, unless another server has made it. */
function step(database: Database, steps: string[][]): Promise<void> {
  return database.connection(async (query) => {
    await query("BEGIN");
    const version = read(await query("SELECT version FROM chat_schema WHERE one = 1 FOR UPDATE"));
    // While a change of a table waits for its lock, the table's other users wait for it.
    await query(`SET LOCAL lock_timeout = '${LOCK_MS}ms'`);
    for (const statement of steps[version] ?? []) await query(statement);
    if (version < steps.length) await query(`UPDATE chat_schema SET version = ${version + 1} WHERE one = 1`);
    await query("COMMIT");
  });
}

const notOurs = (cause?: unknown) =>
  new StartupError(
    "The table chat_schema in the database does not hold a store's version: it was changed, or belongs to another program.",
    "Restore it from a backup, or give the store a database of its own.",
    cause,
  );

const notOwner = (cause: unknown) =>
  new StartupError(
    "The store's tables are of an older version, and the database's user may not change them (42501).",
    "Start one server as the owner of the tables; it changes them. Then start the others as before.",
    cause,
  );

const noStore = () =>
  new StartupError(
    "There is no store in the database.",
    "Check the database in the store's URL, and the search_path of its user. The first start of a server makes the store.",
  );

const older = () =>
  new StartupError(
    "The store's tables are of an older version, and reading changes nothing.",
    "Start one server of this version on the database, as the owner of the tables: it changes them.",
  );

const newer = () =>
  new StartupError(
    "The database was made by a newer version of ai-chat.",
    "Use that version or a later one; a database cannot be downgraded.",
  );
