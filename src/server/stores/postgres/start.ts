import { setTimeout as pause } from "node:timers/promises";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { codeOf, failureOf } from "./failures.ts";
import { checkVersion, migrate } from "./migrate.ts";
import { checkRights } from "./rights.ts";

/** Seconds between two warnings while the start waits for the database. */
const REMIND = 10;

/** A copy into the database locks this row until it ends; a migration locks it for a moment. */
const UNLOCKED = "SELECT version FROM chat_schema WHERE one = 1 FOR SHARE NOWAIT";

/** The SQLSTATE of `NOWAIT`. */
const LOCKED = "55P03";

interface Wait {
  waitSeconds: number;
  /** Whether the caller writes to it: then the user's rights are checked. */
  writes: boolean;
  /** Nothing is changed: a schema of an older version is refused. */
  reads?: boolean;
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Waits up to `waitSeconds` for the database, and migrates its schema to this version unless the caller `reads`. Throws
 * `StartupError` if the database does not answer in time, or if waiting is useless; throws the signal's reason when it
 * aborts.
 */
export async function start(database: Database, wait: Wait): Promise<void> {
  const { waitSeconds, writes, reads, warn, signal } = wait;
  const end = performance.now() + waitSeconds * 1000;
  for (let second = 0; ; second += 1) {
    try {
      await (reads ? checkVersion(database) : migrate(database));
      if (!writes) return;
      await checkRights(database);
      await database.connection((query) => query(UNLOCKED));
      return;
    } catch (error) {
      if (error instanceof StartupError) throw error;
      if (performance.now() >= end || !isRetryable(error)) throw cannotUse(error);
      // No warning in the first second of a lock: another server's migration ends sooner.
      if (second % REMIND === (codeOf(error) === LOCKED ? 1 : 0))
        warn(
          `Waiting for the database (${codeOf(error)}) for ${Math.ceil((end - performance.now()) / 1000)} more seconds.`,
        );
      await pause(1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Warns about unsafe settings of the database. */
export async function checkSettings(
  { run }: Pick<Database, "run">,
  warn: (sentence: string) => void,
): Promise<void> {
  const { rows } = await run<{ synchronous_commit: string }>("SHOW synchronous_commit");
  if (rows[0]?.synchronous_commit !== "off") return;
  warn(
    "The database runs with synchronous_commit = off: if it crashes, acknowledged charges can be lost. Set it to on.",
  );
}

const isTls = (error: unknown) =>
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(codeOf(error)) ||
  /SSL/.test(words(error));

const wantsPassword = (error: unknown) => /^(SASL|SCRAM)/.test(words(error));
const words = (error: unknown) => (error instanceof Error ? error.message : "");

/** Whether a retry a second later may succeed. */
function isRetryable(error: unknown): boolean {
  if (isTls(error) || wantsPassword(error)) return false;
  return ["lost", "busy", "full", "rolled_back"].includes(failureOf(error));
}

/** Message and hint, by SQLSTATE. */
const refusals = new Map<string, [message: string, hint: string]>([
  [
    "53300",
    [
      "The database accepts no more connections (53300).",
      "Raise max_connections, or the CONNECTION LIMIT of its user; or lower --store-connections of the servers that share it.",
    ],
  ],
  ["3D000", ["The database that the store's URL names does not exist.", "Create it: createdb NAME"]],
  [
    "25006",
    [
      "The database is read-only (25006).",
      "Connect to the primary, not to a replica; and check whether default_transaction_read_only is on for the database or its user.",
    ],
  ],
  [
    LOCKED,
    [
      "The store's schema is locked (55P03): a copy into the database is running, a backup or a migration.",
      "Start the server when that has ended.",
    ],
  ],
  [
    "42501",
    [
      "The database's user may not create or read the store's tables (42501).",
      "Grant the right: GRANT CREATE ON SCHEMA public TO NAME; if the tables exist, GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO NAME;",
    ],
  ],
  [
    "3F000",
    [
      "The database has no schema for the store's tables (3F000).",
      "The search_path of its user names no schema that exists: ALTER ROLE NAME SET search_path = public, or CREATE SCHEMA.",
    ],
  ],
  [
    "42P07",
    [
      "The database already has a table with the name of a table of the store (42P07).",
      "Give the store a database of its own. If the engine creates tables outside transactions (YugabyteDB) and the first start was interrupted, drop the tables chat_* first.",
    ],
  ],
]);

/** Why the database cannot be used, for the operator. */
export function cannotUse(error: unknown): StartupError {
  const code = codeOf(error);
  if (/client password must be/.test(words(error)))
    return new StartupError(
      "The database requires a password, and none was given.",
      "Put it into PGPASSWORD, or the whole URL into AI_CHAT_STORE.",
      error,
    );
  if (wantsPassword(error) || code.startsWith("28"))
    return new StartupError(
      `The database refuses the user or the password of the store's URL (${code}).`,
      "Put the user into the URL and the password into PGPASSWORD; add sslmode=verify-full to the URL if the database requires TLS; look at pg_hba.conf.",
      error,
    );
  const known = refusals.get(code);
  if (known) return new StartupError(...known, error);
  if (isTls(error))
    return new StartupError(
      `The connection to the database cannot be encrypted as requested (${code}).`,
      "sslmode=verify-full (which require means here too) checks the certificate: name its authority with sslrootcert=FILE. sslmode=no-verify encrypts without checking.",
      error,
    );
  return new StartupError(
    `The database cannot be used (${code}).`,
    "Check that it runs, and check host, port and database in the store's URL.",
    error,
  );
}
