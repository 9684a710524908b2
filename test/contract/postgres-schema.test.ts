import { beforeEach, describe, expect, it } from "vitest";
import { Client } from "pg";
import { StartupError } from "../../src/server/core/startup-error.ts";
import { ACCOUNTS_PAGE } from "../../src/server/stores/postgres/account-rows.ts";
import { createAccounts, SESSION } from "../../src/server/stores/postgres/accounts.ts";
import { CHARGE, CHARGE_AGAIN, CHARGE_KEYED, CHARGE_LOOK } from "../../src/server/stores/postgres/charge.ts";
import { openDatabase, skippingLocked, type Database } from "../../src/server/stores/postgres/database.ts";
import { ASK_AGAIN, HOLD, HOLD_LOOK } from "../../src/server/stores/postgres/hold.ts";
import { HOLD_KEYED, KEY_LOOK, RECOUNT } from "../../src/server/stores/postgres/keyed-hold.ts";
import { createLanes } from "../../src/server/stores/postgres/lanes.ts";
import {
  CHARGE_KEYED_ONE,
  CHARGE_ONE,
  HOLD_KEYED_ONE,
  HOLD_ONE,
} from "../../src/server/stores/postgres/one-row.ts";
import { REFILL } from "../../src/server/stores/postgres/refills.ts";
import { BALANCE, createLedger } from "../../src/server/stores/postgres/ledger.ts";
import { migrate } from "../../src/server/stores/postgres/migrate.ts";
import { migrations, TODAY } from "../../src/server/stores/postgres/migrations.ts";
import {
  RELEASE,
  RELEASE_KEYED,
  RELEASE_MANY,
  RELEASE_MANY_AGAIN,
} from "../../src/server/stores/postgres/release.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { PRUNE_QUESTIONS, SWEEP, SWEEP_ACCOUNT } from "../../src/server/stores/postgres/sweep.ts";
import { USAGE, USAGE_BY_KEY, USAGE_BY_MODEL } from "../../src/server/stores/postgres/usage.ts";
import { createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noOwnPostgres, noPostgres, query, type Place, skipped } from "../support/postgres.ts";
import { createUser } from "../support/postgres-user.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";

describe.skipIf(noPostgres)(`the schema in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  function database(connectionString = place.url): Database {
    const opened = openDatabase({
      connectionString,
      connections: 2,
      ...unhurried,
      warn,
    });
    closers.push(() => opened.close());
    return opened;
  }

  const version = async () =>
    (await place.query<{ version: number }>("SELECT version FROM chat_schema"))[0]?.version;

  it("is created once by eight servers that start at the same moment", async () => {
    const open = () => openPostgresStore({ url: place.url, warn });
    const stores = await Promise.all(Array.from({ length: 8 }, open));
    await Promise.all(stores.map((store) => store.close()));
    expect(await version()).toBe(migrations.length);
  });

  it("is migrated from any version to this one, each step once, by several servers at once", async () => {
    const steps = [
      ["CREATE TABLE counts (step int)"],
      ["INSERT INTO counts VALUES (2)", "INSERT INTO counts VALUES (2)"],
      ["INSERT INTO counts VALUES (3)"],
    ];
    await migrate(database(), steps.slice(0, 1));
    await Promise.all(Array.from({ length: 6 }, () => migrate(database(), steps)));
    expect(await place.query("SELECT step FROM counts ORDER BY step")).toEqual([
      { step: 2 },
      { step: 2 },
      { step: 3 },
    ]);
    expect(await version()).toBe(3);
  });

  it("stays at the last complete step if a step fails, and continues later", async () => {
    const first = ["CREATE TABLE one (a int)"];
    const broken = ["CREATE TABLE two (a int)", "CREATE TABLE three (a nonsense)"];
    await expect(migrate(database(), [first, broken])).rejects.toThrow("nonsense");
    expect(await version()).toBe(1);
    await migrate(database(), [first, ["CREATE TABLE two (a int)"]]);
    expect(await version()).toBe(2);
  });

  it("is unchanged if it has a newer version", async () => {
    await migrate(database(), [...migrations, ["CREATE TABLE chat_newer (a int)"]]);
    const opened = openPostgresStore({ url: place.url, warn });
    await expect(opened).rejects.toBeInstanceOf(StartupError);
    await expect(opened).rejects.toThrow("newer version");
  });

  it.each([
    ["int4", "-1"],
    ["int4", "NULL"],
    ["text", "'one'"],
    ["numeric", "0.5"],
  ])("is refused if its version, of type %s, is %s", async (type, value) => {
    await place.query(`CREATE TABLE chat_schema (one int4 PRIMARY KEY, version ${type})`);
    await place.query(`INSERT INTO chat_schema VALUES (1, ${value})`);
    const opened = openPostgresStore({ url: place.url, warn });
    await expect(opened).rejects.toBeInstanceOf(StartupError);
    await expect(opened).rejects.toThrow("does not hold a store's version");
  });

  it.each([
    "CREATE TABLE chat_schema (name text)",
    "CREATE TABLE chat_schema (one text, version int4)",
    "CREATE VIEW chat_schema AS SELECT 1 AS mine",
    "CREATE SEQUENCE chat_schema",
  ])("is refused after another program ran %s", async (statement) => {
    await place.query(statement);
    const opened = openPostgresStore({ url: place.url, warn, waitSeconds: 0 });
    await expect(opened).rejects.toBeInstanceOf(StartupError);
    await expect(opened).rejects.toThrow("belongs to another program");
  });

  it.skipIf(noOwnPostgres).each([
    ["alone", (schema: string) => schema],
    ["before one where tables can be made", (schema: string) => `${schema},open_${schema}`],
    ["in quotes", (schema: string) => `"${schema}"`],
  ])(
    "is refused with the name of a schema that its user may not use, %s in the search_path",
    async (_, path) => {
      const { url, name } = await createUser(places);
      await place.query(`REVOKE USAGE ON SCHEMA ${name} FROM ${name}`);
      await place.query(`CREATE SCHEMA open_${name}`);
      await place.query(`GRANT ALL ON SCHEMA open_${name} TO ${name}`);
      closers.push(() => place.query(`DROP SCHEMA open_${name} CASCADE`));
      const asked = new URL(url);
      asked.searchParams.set("options", `-c search_path=${path(name)}`);
      const opened = openPostgresStore({ url: asked.href, warn, waitSeconds: 0 });
      await expect(opened).rejects.toBeInstanceOf(StartupError);
      await expect(opened).rejects.toMatchObject({
        message: expect.stringContaining(`may not use the schema ${name},`) as unknown,
        hint: expect.stringContaining(`GRANT USAGE ON SCHEMA ${name} TO`) as unknown,
      });
      await place.query(`GRANT USAGE ON SCHEMA ${name} TO ${name}`);
      const store = await openPostgresStore({ url: asked.href, warn });
      await store.close();
    },
  );

  it("is refused if another program has made a table with one of its names", async () => {
    await place.query("CREATE TABLE chat_accounts (mine text)");
    const opened = openPostgresStore({ url: place.url, warn });
    await expect(opened).rejects.toBeInstanceOf(StartupError);
    await expect(opened).rejects.toThrow("already has a table");
    expect(await place.query("SELECT mine FROM chat_accounts")).toEqual([]);
    expect(await version()).toBe(0);
  });

  it("has no integer whose width depends on the engine", async () => {
    // CockroachDB reads int and integer as int8, which pg gives back as text.
    const said = [...migrations.flat(), TODAY, USAGE].join("\n");
    expect(said).not.toMatch(/\b(int|integer|serial)\b/i);
    await migrate(database());
    const rows = await place.query(
      "SELECT DISTINCT data_type FROM information_schema.columns WHERE table_schema = $1 AND column_name IN ('generation', 'day', 'version')",
      [place.name],
    );
    expect(rows).toEqual([{ data_type: "integer" }]);
  });

  it("refuses a balance below the held tokens", async () => {
    const store = await openPostgresStore({ url: place.url, warn });
    closers.push(() => store.close());
    const { id } = await createAccount(store, 100);
    for (const change of ["held = 101", "held = -1", "tokens = -1"])
      await expect(place.query(`UPDATE chat_accounts SET ${change} WHERE id = $1`, [id])).rejects.toThrow(
        "chat_accounts_balance",
      );
  });

  it.skipIf(noOwnPostgres)(
    "accepts a look-up of any name, also if the database's encoding lacks its characters",
    async () => {
      const name = `latin_${place.name}`;
      await query(place.url, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
      closers.push(() => query(place.url, `DROP DATABASE ${name} WITH (FORCE)`));
      const url = new URL(place.url);
      url.pathname = name;
      url.search = "";
      const store = await openPostgresStore({ url: url.href, warn });
      closers.push(() => store.close());
      const jane = await createAccount(store, 100, "jane");
      expect(await store.accounts.byName("日本")).toBeUndefined();
      expect(await store.accounts.byName("JANE")).toEqual(jane);
    },
  );

  it("takes one round trip to authenticate, one to hold and one to charge", async () => {
    const wire = await openTcpProxy(places.cluster.port);
    closers.push(() => wire.close());
    const store = await openPostgresStore({ url: place.url, warn });
    closers.push(() => store.close());
    const jane = await createAccount(store);
    const connection = database(wire.through(place.url));
    const lanes = createLanes(2, 5000);
    const ledger = createLedger({ database: connection, lanes, now: Date.now, abandoned: new Map() });
    const accounts = createAccounts(connection);
    // The server answers at each Sync; whoever waits for an answer before going on has sent one, or a simple query.
    let asked = 0;
    wire.seen = (data) => (asked += data.toString("latin1").split(/[S]\0\0\0\x04|Q\0\0/).length - 1);
    const trips = async (work: Promise<unknown>) => {
      const before = asked;
      await work;
      return asked - before;
    };
    // The first time tells what it prepares, in the same trip.
    for (const key of ["first", "second"]) {
      const request = question(jane, { key });
      expect(await trips(accounts.session(jane.id, "jti"))).toBe(1);
      expect(await trips(ledger.hold(request))).toBe(1);
      expect(await trips(ledger.charge(request.id))).toBe(1);
    }
    expect(await ledger.balance(jane.id)).toEqual({ tokens: 3800, held: 0 });
  });

  it("reads everything that a question needs by an index", async () => {
    await migrate(database());
    const client = new Client({ connectionString: place.url });
    await client.connect();
    closers.push(() => client.end());
    await client.query(`
      INSERT INTO chat_accounts (id, name, folded, password_hash, generation, disabled, tokens, held, created_at)
        SELECT 'a' || i, 'n' || i, 'n' || i, 'h', 1, false, 1000, 0, now() FROM generate_series(1, 5000) i;
      INSERT INTO chat_questions (id, account, key, digest, price, expires, charged_at)
        SELECT 'q' || i, 'a' || (i % 5000), 'k' || i, 'd', 100, now(), CASE WHEN i % 100 > 0 THEN now() END
        FROM generate_series(1, 50000) i;
      INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
        SELECT 'q' || i, 'charge', 'a' || (i % 5000), now(), -100, 0 FROM generate_series(1, 50000) i;
      INSERT INTO chat_usage (account, day, questions, tokens)
        SELECT 'a' || i, 20000 + d, 1, 100 FROM generate_series(1, 5000) i, generate_series(1, 10) d;
      INSERT INTO chat_revoked (account, jti, expires) SELECT 'a' || i, 'j', now() FROM generate_series(1, 5000) i;
      INSERT INTO chat_api_keys (id, account, slot, name, folded, digest, generation, per, created_at, held, spent,
          spent_from, before, before_from, recounts)
        SELECT 'k' || i, 'a' || (i % 1000), i, i, i, i, 1, 'month', now(), 0, 0, now(), 0, now(), 0
        FROM generate_series(1, 5000) i;
      ANALYZE chat_accounts, chat_questions, chat_ledger, chat_usage, chat_revoked, chat_api_keys;
      SET plan_cache_mode = force_generic_plan`);
    const plans = async (statements: Record<string, string>) => {
      const told: string[] = [];
      for (const [name, sql] of Object.entries(statements)) {
        // EXPLAIN (GENERIC_PLAN) would do, from PostgreSQL 16 on.
        await client.query(`PREPARE ${name} AS ${sql}`);
        const values = Array.from(new Set(sql.match(/\$\d+/g)), () => "NULL").join(", ");
        const { rows } = await client.query<{ "QUERY PLAN": string }>(
          `EXPLAIN EXECUTE ${name}${values && ` (${values})`}`,
        );
        told.push([name, ...rows.map((row) => row["QUERY PLAN"])].join("\n"));
      }
      return told;
    };
    const questions = {
      HOLD,
      HOLD_LOOK,
      ASK_AGAIN,
      CHARGE,
      CHARGE_AGAIN,
      CHARGE_LOOK,
      RELEASE,
      HOLD_ONE,
      CHARGE_ONE,
    };
    const keyed = {
      HOLD_KEYED,
      HOLD_KEYED_ONE,
      KEY_LOOK,
      RECOUNT,
      CHARGE_KEYED,
      CHARGE_KEYED_ONE,
      RELEASE_KEYED,
    };
    const together = {
      HOLDS: skippingLocked(HOLD),
      CHARGES: skippingLocked(CHARGE),
      HOLD_ALONE: skippingLocked(HOLD_ONE),
      CHARGE_ALONE: skippingLocked(CHARGE_ONE),
      KEYED_HOLDS: skippingLocked(HOLD_KEYED),
      KEYED_CHARGES: skippingLocked(CHARGE_KEYED),
      KEYED_HOLD_ALONE: skippingLocked(HOLD_KEYED_ONE),
      KEYED_CHARGE_ALONE: skippingLocked(CHARGE_KEYED_ONE),
    };
    const releases = { RELEASE_MANY, RELEASE_MANY_AGAIN };
    for (const plan of await plans({
      ...questions,
      ...keyed,
      ...together,
      ...releases,
      SESSION,
      BALANCE,
      REFILL,
      USAGE,
      USAGE_BY_KEY,
      USAGE_BY_MODEL,
      SWEEP_ACCOUNT,
      ACCOUNTS_PAGE,
    })) {
      expect(plan).toContain("Index");
      expect(plan).not.toMatch(/Seq Scan on chat_/);
    }
    // Two hundred accounts at a time may well be read from the front.
    for (const plan of await plans({ SWEEP, PRUNE_QUESTIONS }))
      expect(plan).not.toMatch(/Seq Scan on chat_questions/);
  });
});
