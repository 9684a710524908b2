import { setTimeout as pause } from "node:timers/promises";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { sqlState } from "./failures.ts";
import { migrations } from "./migrations.ts";
import { lookAtSchemas } from "./rights.ts";

/**
 * What several servers get that create the same table at once, or meet on its row: the other one was first, or
 * nobody was; it is looked at once more. 23505: a row of the catalogue; 42P07, 42710: exists by now; 42P01: not seen yet.
 */
const RACES = new Set(["23505", "42P07", "42710", "42P01", "40001", "40P01", "XX000"]);

/** Races lost in a row after which it isn't one. */
const TRIES = 50;

/**
 * Brings the schema to this version, with any number of servers doing so at once: each step is a transaction that
 * holds the version's row. Where nothing is to be done, it only reads. Throws `StartupError` for a schema that is
 * newer than this version; other errors as they come.
 */
export async function migrate(database: Database, steps: string[][] = migrations): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const version = await versionOf(database);
      if (version > steps.length) throw newer();
      if (version === steps.length) return;
      if (version < 0) await lookAtSchemas(database);
      await (version < 0 ? createVersion(database) : step(database, steps));
      tries = 1;
    } catch (error) {
      if (!RACES.has(sqlState(error) ?? "") || tries > TRIES) throw error;
      await pause(Math.random() * 10 * Math.min(tries, 20));
    }
  }
}

/** −1 where there is no version yet. Throws `StartupError` for one that no program of ours has written. */
async function versionOf(database: Database): Promise<number> {
  try {
    return await database.connection(async (query) =>
      read(await query("SELECT version FROM chat_schema WHERE one = 1")),
    );
  } catch (error) {
    const state = sqlState(error) ?? "";
    if (state === "42P01") return -1;
    // Its columns are others, or it is a view of something else.
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

/** The next step that nobody else has made meanwhile. */
function step(database: Database, steps: string[][]): Promise<void> {
  return database.connection(async (query) => {
    await query("BEGIN");
    const version = read(await query("SELECT version FROM chat_schema WHERE one = 1 FOR UPDATE"));
    for (const statement of steps[version] ?? []) await query(statement);
    if (version < steps.length) await query(`UPDATE chat_schema SET version = ${version + 1} WHERE one = 1`);
    await query("COMMIT");
  });
}

const notOurs = (cause?: unknown) =>
  new StartupError(
    "The table chat_schema in the database holds no version of the store's: it was changed, or is another program's.",
    "Restore it from a backup, or give the store a database of its own.",
    cause,
  );

const newer = () =>
  new StartupError(
    "The database was made by a newer version of ai-chat.",
    "Start that version or a later one; a database is never taken back.",
  );
