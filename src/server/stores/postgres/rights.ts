import { StartupError } from "../../core/startup-error.ts";
import type { Database, Query } from "./database.ts";
import { sqlState } from "./failures.ts";

/**
 * The rights that a server needs. `SELECT … FOR UPDATE` and `FOR SHARE` need UPDATE. Rows of the ledger are never changed
 * or deleted.
 */
const NEEDED: Record<string, string[]> = {
  chat_schema: ["SELECT", "UPDATE"],
  chat_accounts: ["SELECT", "INSERT", "UPDATE"],
  chat_questions: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_ledger: ["SELECT", "INSERT"],
  chat_usage: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_revoked: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_invites: ["SELECT", "INSERT", "UPDATE"],
  chat_settings: ["SELECT", "INSERT"],
  chat_limits: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_known: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_api_keys: ["SELECT", "INSERT", "UPDATE", "DELETE"],
};

const LACKING = `
SELECT t.name, t.needed FROM unnest($1::text[], $2::text[]) AS t (name, needed)
WHERE NOT has_table_privilege(t.name, t.needed)
UNION ALL
SELECT 'SEQUENCE chat_ledger_n', 'USAGE' WHERE NOT has_sequence_privilege('chat_ledger_n', 'USAGE')`;

/** Schemas of the search_path that the user may not use. PostgreSQL skips them without an error. */
const CLOSED_SCHEMAS = `
SELECT n.nspname::text AS name
FROM unnest(string_to_array(current_setting('search_path'), ',')) AS t (word)
JOIN pg_namespace n ON n.nspname = CASE
  WHEN btrim(t.word, ' "') = '$user' THEN current_user::text
  WHEN t.word LIKE '%"%' THEN btrim(t.word, ' "')
  ELSE lower(btrim(t.word)) END
WHERE NOT has_schema_privilege(n.oid, 'USAGE')`;

/** A read-only database refuses it (25006), although it deletes nothing. */
const WRITE_NOTHING = "DELETE FROM chat_questions WHERE false";

/** Errors of an engine without these functions. A missing right then shows at the first question. */
const UNKNOWN = new Set(["42883", "0A000"]);

/**
 * Checks the rights of the database's user, so that a missing right is reported at the start. Throws a `StartupError` that
 * names every missing right, or the database's error (25006) if it is read-only.
 */
export function checkRights({ connection }: Pick<Database, "connection">): Promise<void> {
  return connection(async (query) => {
    const missing = await lacking(query);
    if (missing.length > 0) throw lacks(missing);
    await query(WRITE_NOTHING);
  });
}

/**
 * Checks the schemas before tables are created: the store's tables may be in a schema that the user may not use. Throws a
 * `StartupError` that names it.
 */
export function checkSchemas({ connection }: Pick<Database, "connection">): Promise<void> {
  return connection(async (query) => {
    const [closed] = await ifKnown(query<{ name: string }>(CLOSED_SCHEMAS));
    if (closed) throw noUsage(closed.name);
  });
}

interface Right {
  name: string;
  needed: string;
}

function lacking(query: Query): Promise<Right[]> {
  const pairs = Object.entries(NEEDED).flatMap(([name, rights]) => rights.map((right) => [name, right]));
  return ifKnown(query<Right>(LACKING, [pairs.map(([name]) => name), pairs.map(([, right]) => right)]));
}

/** The rows; none on an engine without these functions. */
async function ifKnown<Row>(rows: Promise<Row[]>): Promise<Row[]> {
  try {
    return await rows;
  } catch (error) {
    if (UNKNOWN.has(sqlState(error) ?? "")) return [];
    throw error;
  }
}

const noUsage = (schema: string) =>
  new StartupError(
    `The database's user may not use the schema ${schema}, which its search_path names.`,
    `As the owner of the schema: GRANT USAGE ON SCHEMA ${schema} TO NAME; and GRANT CREATE as well if the tables do not exist yet. Or leave the schema out: ALTER ROLE NAME SET search_path = …`,
  );

function lacks(missing: Right[]): StartupError {
  const tables = [...new Set(missing.map(({ name }) => name))].sort();
  const said = tables.map((table) => {
    const rights = missing.filter(({ name }) => name === table).map(({ needed }) => needed);
    return `${rights.join(", ")} ON ${table}`;
  });
  return new StartupError(
    `The database's user lacks rights on the store's tables: ${said.join("; ")}.`,
    `As their owner: ${said.map((right) => `GRANT ${right} TO NAME;`).join(" ")}`,
  );
}
