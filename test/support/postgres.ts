import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, type QueryResultRow } from "pg";
import { freePort } from "./free-port.ts";
import { binaries, folderForAll, noBinaries, runAs } from "./postgres-binaries.ts";

/** A separate schema for one test: creating a schema takes a millisecond, a database a third of a second. */
export interface Place {
  /** Connections by this URL see only the tables of this place. */
  readonly url: string;
  /** The name of the schema, and of the application that connects with `url`. */
  readonly name: string;
  /** Runs one statement on a separate connection. */
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** A PostgreSQL server with its data in a temporary folder. */
export interface Cluster {
  readonly port: number;
  /** Its data folder; empty for a server that the tests did not start. */
  readonly data: string;
  place(): Promise<Place>;
  /** Kills it, as in a crash. */
  crash(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/** `TEST_POSTGRES_URL` runs the tests on another server, by a user who may create schemas. */
const given = process.env["TEST_POSTGRES_URL"] || undefined;

/** The reason why there is no PostgreSQL to test with; undefined if there is one. */
export const noPostgres = given === undefined ? noBinaries : undefined;

/** The reason why a test cannot crash and start a PostgreSQL; undefined if it can. */
export const noOwnPostgres = given === undefined ? noBinaries : "TEST_POSTGRES_URL is not ours to stop";

/** The reason for a skipped test, to append to its name. */
export const skipped = (why: string | undefined): string => (why === undefined ? "" : ` (skipped: ${why})`);

export interface ClusterOptions {
  /** Keeps fsync on. */
  durable?: boolean;
  /** `name=value` each. */
  settings?: string[];
  /** PEM; the server then accepts TLS connections. */
  tls?: { key: string; cert: string };
  /** Starts as a standby of this server, which is crashed and started again for it. */
  standbyOf?: Cluster;
}

let shared: Promise<Cluster> | undefined;

/**
 * The PostgreSQL that the test files of one worker share, each with places of its own: starting one takes two seconds of
 * a core. Closing it does nothing; it ends with the worker. Nobody may crash it or change its settings.
 */
export async function sharedCluster(): Promise<Cluster> {
  shared ??= openCluster();
  return { ...(await shared), close: () => Promise.resolve() };
}

/**
 * Starts a PostgreSQL. When the test process ends, even by SIGKILL, the server ends and its data is removed: a watching
 * shell waits for its standard input to close.
 */
export async function openCluster({
  durable = false,
  settings = [],
  tls,
  standbyOf,
}: ClusterOptions = {}): Promise<Cluster> {
  if (given !== undefined) return another(given);
  forgetOthers();
  const user = runAs();
  const folder = await mkdtemp(join(await folderForAll(), "ai-chat-postgres-"));
  await chmod(folder, 0o755);
  const watch = spawn("sh", ["-c", WATCH, "sh", folder], { stdio: ["pipe", "ignore", "ignore"] });
  const close = async () => {
    if (watch.exitCode !== null) return;
    watch.stdin.end();
    await once(watch, "exit");
  };
  try {
    const native = await binaries(folder);
    const data = join(folder, "data");
    if (user) await chown(folder, user.uid, user.gid);
    if (standbyOf) await makeStandby(data, standbyOf, { ...user, cwd: folder });
    else
      await run(
        join(native, "bin", "initdb"),
        [
          `--pgdata=${data}`,
          "--auth=trust",
          "--username=postgres",
          "--locale=C",
          "--encoding=UTF8",
          "--no-sync",
        ],
        { ...user, cwd: folder },
      );
    const port = await freePort();
    const flags = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-k", ""];
    flags.push(
      "-c",
      "max_connections=200",
      "-c",
      "shared_buffers=32MB",
      ...settings.flatMap((s) => ["-c", s]),
    );
    if (!durable) flags.push("-F");
    if (tls) flags.push(...(await certified(folder, tls, user)));
    let server: ChildProcess | undefined;
    const start = async () => {
      server = await started(join(native, "bin", "postgres"), flags, { ...user, cwd: folder });
    };
    const crash = async () => {
      if (!server || server.exitCode !== null) return;
      const gone = once(server, "exit");
      server.kill("SIGQUIT");
      await gone;
    };
    await start();
    const admin = `postgres://postgres@127.0.0.1:${port}/postgres`;
    return { port, data, place: () => createPlace(admin), crash, start, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const run = promisify(execFile);

/** Removes settings for other databases from the environment: `PGSSLMODE`, `PGOPTIONS` and the like. */
function forgetOthers(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name];
}

/** Copies the primary's data and makes the copy its standby. */
async function makeStandby(
  data: string,
  primary: Cluster,
  options: { uid?: number; gid?: number; cwd: string },
): Promise<void> {
  await primary.crash();
  await run("cp", ["-a", primary.data, data], options);
  await primary.start();
  await rm(join(data, "postmaster.pid"), { force: true });
  await writeFile(join(data, "standby.signal"), "");
  await appendFile(
    join(data, "postgresql.auto.conf"),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=postgres'\n`,
  );
}

/** The flags for a server with this certificate; PostgreSQL requires that only its user can read the key. */
async function certified(
  folder: string,
  { key, cert }: { key: string; cert: string },
  user: { uid: number; gid: number } | undefined,
): Promise<string[]> {
  const [keyFile, certFile] = [join(folder, "server.key"), join(folder, "server.crt")];
  await writeFile(keyFile, key, { mode: 0o600 });
  await writeFile(certFile, cert);
  if (user) for (const file of [keyFile, certFile]) await chown(file, user.uid, user.gid);
  return ["-c", "ssl=on", "-c", `ssl_key_file=${keyFile}`, "-c", `ssl_cert_file=${certFile}`];
}

const WATCH = `trap "" INT HUP TERM
read _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
rm -rf "$1"`;

async function started(
  command: string,
  flags: string[],
  options: { uid?: number; gid?: number; cwd: string },
): Promise<ChildProcess> {
  const server = spawn(command, flags, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", () => reject(new Error(`PostgreSQL did not start.\n${said}`)));
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-10_000);
      if (/ready to accept (read-only )?connections/.test(said)) resolve();
    });
  });
  return server;
}

function another(url: string): Cluster {
  const notOurs = () => Promise.reject(new Error(noOwnPostgres));
  return {
    port: Number(new URL(url).port || 5432),
    data: "",
    place: () => createPlace(url),
    crash: notOurs,
    start: notOurs,
    close: () => Promise.resolve(),
  };
}

async function createPlace(admin: string): Promise<Place> {
  const name = `ai_chat_test_${randomBytes(6).toString("hex")}`;
  await query(admin, `CREATE SCHEMA ${name}`);
  const url = new URL(admin);
  // pg_catalog comes last, so that a test can define its own clock.
  url.searchParams.set("options", `-c search_path=${name},pg_catalog`);
  url.searchParams.set("application_name", name);
  return {
    url: url.href,
    name,
    query: (text, values) => query(url.href, text, values),
    async drop() {
      await query(admin, `DROP SCHEMA IF EXISTS ${name} CASCADE`);
    },
  };
}

/** Runs one statement on a separate connection. */
export async function query<Row extends QueryResultRow>(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
