import { Client } from "pg";
import { StartupError } from "../../core/startup-error.ts";
import { hasSeveralHosts, storeUrl } from "./store-url.ts";

/** The database's address. `connectionString` contains the password: never show or log it. */
export interface Address {
  connectionString: string;
  /** `Postgres database chat at db.school.org:5432` */
  description: string;
}

/**
 * Reads `postgres://user@host:port/database?sslmode=…` as pg does, and `postgres://user@/database?host=FOLDER`, the folder of
 * a Unix socket. Missing parts come from `PGHOST`, `PGPORT`, `PGUSER`,
 * `PGPASSWORD`, `PGDATABASE` and `PGSSLMODE`.
 *
 * `sslmode`: `disable`; `no-verify` encrypts without checking the certificate; `prefer`, `require`, `verify-ca` and
 * `verify-full` all mean `verify-full`, as in pg today, unless `uselibpqcompat=true` asks for libpq's weaker meanings.
 * `sslrootcert=FILE` names the certificate authority.
 *
 * Throws `StartupError`, which repeats nothing of the URL.
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
const CERTIFICATES = "Check sslrootcert, sslcert and sslkey in the URL.";

function parsed(url: string): URL {
  if (hasSeveralHosts(url)) {
    throw new StartupError(
      "The store's URL names several hosts.",
      "Name one that leads to the primary: a name, a proxy or a pooler.",
    );
  }
  const given = storeUrl(url);
  if (!given) throw unreadable();
  return given;
}

const unreadable = () =>
  new StartupError(
    "The store's URL cannot be read.",
    "Write it as postgres://USER@HOST:5432/DATABASE, and put the password into PGPASSWORD. Write / : @ # ? % in a name as %2F %3A %40 %23 %3F %25.",
  );

function placeOf(host: string, port: number): string {
  if (host.startsWith("/")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
