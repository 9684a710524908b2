import { StartupError } from "../../core/startup-error.ts";
import type { Database, Query } from "./database.ts";
import { sqlState } from "./failures.ts";

/**
 * What a server does to each table. `SELECT … FOR UPDATE` and `FOR SHARE` ask for UPDATE; of the ledger nothing is
 * ever changed.
 */
const NEEDED: Record<string, string[]> = {
  chat_schema: ["SELECT", "UPDATE"],
  chat_accounts: ["SELECT", "INSERT", "UPDATE"],
  chat_questions: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_ledger: ["SELECT", "INSERT"],
  chat_usage: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_revoked: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  chat_settings: ["SELECT", "INSERT"],
};

const LACKING = `
SELECT t.name, t.needed FROM unnest($1::text[], $2::text[]) AS t (name, needed)
WHERE NOT has_table_privilege(t.name, t.needed)`;

/** A database that can only be read refuses it (25006), though there is nothing to write. */
const WRITE_NOTHING = "DELETE FROM chat_questions WHERE false";

/** An engine without `has_table_privilege`: what is missing shows at the first question. */
const UNKNOWN = new Set(["42883", "0A000"]);

/**
 * Looks whether the database's user may do what a server does, so that a host learns of it at the start and not from a
 * user's lost answer. Throws `StartupError` that names every missing right; a database's error (25006) where it can
 * only be read.
 */
export function lookAtRights({ connection }: Pick<Database, "connection">): Promise<void> {
  return connection(async (query) => {
    const missing = await lacking(query);
    if (missing.length > 0) throw lacks(missing);
    await query(WRITE_NOTHING);
  });
}

interface Right {
  name: string;
  needed: string;
}

async function lacking(query: Query): Promise<Right[]> {
  const pairs = Object.entries(NEEDED).flatMap(([name, rights]) => rights.map((right) => [name, right]));
  try {
    return await query<Right>(LACKING, [pairs.map(([name]) => name), pairs.map(([, right]) => right)]);
  } catch (error) {
    if (UNKNOWN.has(sqlState(error) ?? "")) return [];
    throw error;
  }
}

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
