import { setTimeout as pause } from "node:timers/promises";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { codeOf, failureOf } from "./failures.ts";
import { migrate } from "./migrate.ts";
import { lookAtRights } from "./rights.ts";

/** Seconds between two sentences about a database that isn't there yet. */
const REMIND = 10;

/** A copy into the database holds this row until its end, a migration for a moment. */
const UNLOCKED = "SELECT version FROM chat_schema WHERE one = 1 FOR SHARE NOWAIT";

/** What `NOWAIT` gets. */
const LOCKED = "55P03";

interface Wait {
  waitSeconds: number;
  /** Whether more than reading is meant to be done with it: then its user must have the rights for that. */
  writes: boolean;
  warn: (sentence: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Waits for the database, up to `waitSeconds`, and brings its schema to this version. Throws `StartupError` where it
 * doesn't come, or where waiting would change nothing; the signal's reason where it is told to give up.
 */
export async function start(database: Database, wait: Wait): Promise<void> {
  const { waitSeconds, writes, warn, signal } = wait;
  const end = performance.now() + waitSeconds * 1000;
  for (let second = 0; ; second += 1) {
    try {
      await migrate(database);
      if (!writes) return;
      await lookAtRights(database);
      await database.connection((query) => query(UNLOCKED));
      return;
    } catch (error) {
      if (error instanceof StartupError) throw error;
      if (performance.now() >= end || !mayCome(error)) throw cannotUse(error);
      // A migration of another server's start has ended a second later: not worth a word.
      if (second % REMIND === (codeOf(error) === LOCKED ? 1 : 0))
        warn(
          `Waiting for the database (${codeOf(error)}) for ${Math.ceil((end - performance.now()) / 1000)} more seconds.`,
        );
      await pause(1000, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** Says what an operator should know about the server's settings. */
export async function lookAtSettings(
  { run }: Pick<Database, "run">,
  warn: (sentence: string) => void,
): Promise<void> {
  const { rows } = await run<{ synchronous_commit: string }>("SHOW synchronous_commit");
  if (rows[0]?.synchronous_commit !== "off") return;
  warn(
    "The database runs with synchronous_commit = off: a crash of it can lose charges that were acknowledged. Set it to on.",
  );
}

const isTls = (error: unknown) =>
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/.test(codeOf(error)) ||
  /SSL/.test(words(error));

const wantsPassword = (error: unknown) => /^(SASL|SCRAM)/.test(words(error));
const words = (error: unknown) => (error instanceof Error ? error.message : "");

/** Whether the same attempt may go well a second later. */
function mayCome(error: unknown): boolean {
  if (isTls(error) || wantsPassword(error)) return false;
  return ["lost", "busy", "full", "rolled_back"].includes(failureOf(error));
}

function cannotUse(error: unknown): StartupError {
  const code = codeOf(error);
  if (/client password must be/.test(words(error)))
    return new StartupError(
      "The database wants a password, and none was given.",
      "Put it into PGPASSWORD, or the whole URL into AI_CHAT_STORE.",
      error,
    );
  if (wantsPassword(error) || code.startsWith("28"))
    return new StartupError(
      `The database refuses the user or the password of the store's URL (${code}).`,
      "Put the user into the URL and the password into PGPASSWORD; add sslmode=verify-full to the URL where the database wants TLS; look at pg_hba.conf.",
      error,
    );
  if (code === "53300")
    return new StartupError(
      "The database grants no more connections (53300).",
      "Raise max_connections, or the CONNECTION LIMIT of its user; or lower --store-connections of the servers that share it.",
      error,
    );
  if (code === "3D000")
    return new StartupError(
      "The database that the store's URL names does not exist.",
      "Create it: createdb NAME",
      error,
    );
  if (code === "25006")
    return new StartupError(
      "The database can only be read (25006).",
      "Connect to the primary, not to a replica; and look whether default_transaction_read_only is on for the database or its user.",
      error,
    );
  if (code === LOCKED)
    return new StartupError(
      "The store's schema is locked (55P03): a copy into the database is running, or a migration.",
      "Start the server when it has ended.",
    );
  if (code === "42501")
    return new StartupError(
      "The store's tables cannot be made in the database, or not be read (42501).",
      "Give its user the right: GRANT CREATE ON SCHEMA public TO NAME; where the tables are there, GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO NAME;",
      error,
    );
  if (code === "3F000")
    return new StartupError(
      "The database has no schema in which the store's tables could be made (3F000).",
      "The search_path of its user names none that exists: ALTER ROLE NAME SET search_path = public, or CREATE SCHEMA.",
      error,
    );
  if (code === "42P07")
    return new StartupError(
      "A table of the store's name is in the database already, and is not the store's.",
      "Give the store a database of its own. Where the engine makes tables outside transactions (YugabyteDB) and a first start was interrupted, drop the tables chat_* first.",
      error,
    );
  if (isTls(error))
    return new StartupError(
      `The connection to the database cannot be encrypted as asked (${code}).`,
      "sslmode=verify-full (which require means here too) checks the certificate: name its authority with sslrootcert=FILE. sslmode=no-verify encrypts without checking.",
      error,
    );
  return new StartupError(
    `The database cannot be used (${code}).`,
    "Look whether it runs, and at host, port and database in the store's URL.",
    error,
  );
}
