import { randomUUID } from "node:crypto";
import type { Store } from "../../core/store.ts";
import type { StoreMeter } from "../../core/store-meter.ts";
import { createAccounts } from "./accounts.ts";
import { readAddress } from "./address.ts";
import { createApiKeys } from "./api-keys.ts";
import { createCounter } from "./counter.ts";
import { openDatabase, type Database } from "./database.ts";
import { createGather, type RunRow } from "./gather.ts";
import { createLanes, type Lanes, type Waiting } from "./lanes.ts";
import { createInvites } from "./invites.ts";
import { createOperations } from "./operations.ts";
import { LEDGER_ID } from "./ledger-id.ts";
import { createLedger, heldIn, type OpenHolds } from "./ledger.ts";
import { metered } from "./metered.ts";
import { openReadiness, type Readiness } from "./readiness.ts";
import { createRefills, type PostgresRefills } from "./refills.ts";
import { readSecret, storedSecret } from "./secret.ts";
import { readSetting } from "./settings.ts";
import { checkSettings, start } from "./start.ts";
import { openSweeper, type Abandoned } from "./sweeper.ts";
import { createTally, type Tallied } from "./tally.ts";
import { createUnderWay } from "./under-way.ts";

interface Options {
  /** `postgres://…`; see `readAddress`. */
  url: string;
  /** Milliseconds since the epoch, the clock of `HoldRequest.expires`. All other times are the database's. */
  now?: () => number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** How long to wait for a database that does not answer yet. */
  waitSeconds?: number;
  /** Aborts that wait: the promise rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Most connections for statements. `ready` has one more. */
  connections?: number;
  /** Milliseconds that a call waits in its lane, and again for a connection. */
  wait?: number;
  /** Milliseconds after which the response to a statement counts as lost. */
  answer?: number;
  meter?: StoreMeter | undefined;
}

/** Statements of one account at a time: the second is sent while the first is being written. */
const ACCOUNT_WIDTH = 2;

/**
 * Opens the store in a database that any number of servers share (docs/postgres.md#how-it-works), directly or through
 * a pooler. Any engine with PostgreSQL's protocol and plain SQL will do. Throws `StartupError` if the database does
 * not answer in time, refuses the user, or has the schema of a newer version.
 */
export async function openPostgresStore({
  url,
  now = Date.now,
  warn,
  waitSeconds = 30,
  signal,
  connections = 9,
  wait = 5_000,
  answer = 10_000,
  meter,
}: Options): Promise<Store> {
  const { connectionString, description } = readAddress(url);
  let ledger: string | undefined;
  const settings = { connectionString, wait, answer, ledger: () => ledger };
  const database = openDatabase({ ...settings, connections, warn });
  try {
    await start(database, { waitSeconds, writes: true, warn, signal });
    await checkSettings(database, warn);
    ledger = await readSetting(database, LEDGER_ID, randomUUID);
  } catch (error) {
    await database.close();
    throw error;
  }
  const own = openDatabase({ ...settings, connections: 1, warn: () => {} });
  const readiness = openReadiness(own, database);
  const tally = meter && createTally(database, meter, now);
  const statements: Tallied = { run: meter ? metered(database.run, meter) : database.run, tally };
  const lanes = createLanes(ACCOUNT_WIDTH, wait);
  const runRow = createGather(statements, { wait, connections });
  const refills = createRefills({ ...statements, warn });
  return createStore({ database, statements, readiness, description, now, lanes, runRow, refills, meter });
}

interface Parts {
  database: Database;
  /** The database for the calls of the store. */
  statements: Tallied;
  readiness: Readiness;
  description: string;
  now: () => number;
  lanes: Lanes & Waiting;
  runRow: RunRow & Waiting;
  refills: PostgresRefills;
  meter: StoreMeter | undefined;
}

function createStore(parts: Parts): Store {
  const { database, statements, readiness, description, now, lanes, runRow, refills, meter } = parts;
  const abandoned: Abandoned = new Map();
  const inFlight: OpenHolds = new Map();
  const sweeper = openSweeper(database, abandoned, now, statements.tally);
  const underWay = createUnderWay();
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await underWay.end();
    await sweeper.close();
    await readiness.close();
    await database.close();
  }

  const ready = async () => closing === undefined && readiness.ask();
  meter?.watch({
    ready,
    held: () => heldIn(inFlight, now()),
    connections: database.connections,
    waiting: () => lanes.waiting() + runRow.waiting(),
  });
  const needs = { database: statements, lanes, now, abandoned, runRow, refills, inFlight };

  return {
    description,
    ledger: underWay.count(createLedger(needs)),
    accounts: underWay.count(createAccounts(statements)),
    invites: underWay.count(createInvites(statements)),
    operations: createOperations(statements, underWay),
    apiKeys: underWay.count(createApiKeys(statements)),
    setRefill: (setting) => refills.set(setting),
    get refill() {
      return refills.setting;
    },
    counter: underWay.count(createCounter(statements)),
    signingSecret: () => readSecret(database),
    storedSecret: () => storedSecret(database),
    ready,
    get trouble() {
      return readiness.trouble;
    },
    close: () => (closing ??= close()),
  };
}
