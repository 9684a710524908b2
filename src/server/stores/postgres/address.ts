import { Client } from "pg";
import { StartupError } from "../../core/startup-error.ts";

/** Where the database is. `connectionString` carries the password and is shown to nobody. */
export interface Address {
  connectionString: string;
  /** `Postgres database chat at db.school.org:5432` */
  description: string;
}

/**
 * Reads `postgres://user@host:port/database?sslmode=…` as pg does: what the URL leaves out comes from `PGHOST`,
 * `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE`.
 *
 * `sslmode`: `disable`; `no-verify` encrypts without looking at the certificate; `prefer`, `require`, `verify-ca` and
 * `verify-full` all mean `verify-full` (which is what pg makes of them today, and stays so here), unless
 * `uselibpqcompat=true` asks for libpq's weaker reading. `sslrootcert=FILE` names the authority.
 *
 * Throws `StartupError`, in which nothing of the URL is repeated.
 */
export function readAddress(url: string): Address {
  const given = parsed(url);
  const { searchParams: options } = given;
  if (options.get("uselibpqcompat") !== "true" && STRICT.has(options.get("sslmode") ?? ""))
    options.set("sslmode", "verify-full");
  const connectionString = given.href;
  try {
    const { host, port, database } = new Client({ connectionString });
    return { connectionString, description: `Postgres database ${database ?? ""} at ${placeOf(host, port)}` };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw code !== undefined && FILE_FAILURES.has(code)
      ? new StartupError(`A file that the store's URL names cannot be read (${code}).`, CERTIFICATES)
      : unreadable();
  }
}

const FILE_FAILURES = new Set(["ENOENT", "EACCES", "EISDIR", "ENOTDIR"]);
const STRICT = new Set(["prefer", "require", "verify-ca"]);
const CERTIFICATES = "Look at sslrootcert, sslcert and sslkey in the URL.";

function parsed(url: string): URL {
  try {
    const given = new URL(url);
    if (given.protocol === "postgres:" || given.protocol === "postgresql:") return given;
  } catch {
    // Its message would repeat the URL.
  }
  throw unreadable();
}

const unreadable = () =>
  new StartupError(
    "The store's URL cannot be read.",
    "Write it as postgres://USER@HOST:5432/DATABASE, and its password into PGPASSWORD; / : @ # ? % within a name as %2F %3A %40 %23 %3F %25.",
  );

function placeOf(host: string, port: number): string {
  if (host.startsWith("/")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
