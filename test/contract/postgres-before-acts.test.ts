import { beforeEach, describe, expect, it } from "vitest";
import type { AccountRow } from "../../src/server/core/operations.ts";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { migrate } from "../../src/server/stores/postgres/migrate.ts";
import { migrations } from "../../src/server/stores/postgres/migrations.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { BEFORE_ACTS, openBeforeActs } from "../support/postgres-before-acts.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`a server of before an operator's acts in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  let older: Awaited<ReturnType<typeof openBeforeActs>>;
  const act = { reason: null, by: null };
  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  /** It has made jane, with 4,000 tokens, before this version starts. */
  beforeEach(async () => {
    ({ place } = places);
    const database = openDatabase({ connectionString: place.url, connections: 1, ...unhurried, warn });
    await migrate(database, migrations.slice(0, BEFORE_ACTS));
    await database.close();
    older = await openBeforeActs(place.url);
    closers.push(() => older.close());
    await older.create("jane", 4000);
  });

  async function open(): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried });
    closers.push(() => store.close());
    return store;
  }

  const facts = (account: string) =>
    place.query<{ kind: string; numbered: boolean; balance: number }>(
      `SELECT kind, n IS NOT NULL AS numbered, balance::int4 FROM chat_ledger
       WHERE account = $1 ORDER BY n NULLS FIRST, at`,
      [account],
    );

  const shown = async (store: Store, name: string): Promise<Partial<AccountRow>> => {
    const { tokens, held, used } = (await store.operations.account(name))!;
    return { tokens, held, used };
  };

  it("goes on beside this one: its rows are numbered, and what is used is right whoever charged", async () => {
    await older.hold("before", "jane", 110);
    await older.charge(["before"]);
    const store = await open();
    expect(await shown(store, "jane")).toEqual({ tokens: 3890, held: 0, used: 110 });
    await older.hold("beside", "jane", 120);
    await older.charge(["beside"]);
    const jane = (await store.accounts.byName("jane"))!;
    const asked = question(jane, { price: 130 });
    await store.ledger.hold(asked);
    await store.ledger.charge(asked.id);
    await store.ledger.grant({ id: "june", account: "jane", tokens: 500, reason: "grant" });
    await older.hold("last", "jane", 140);
    await older.charge(["last"]);
    expect(await shown(store, "jane")).toEqual({ tokens: 4000, held: 0, used: 500 });
    expect(await facts("jane")).toEqual([
      { kind: "account", numbered: false, balance: 4000 },
      { kind: "charge", numbered: false, balance: 3890 },
      { kind: "charge", numbered: true, balance: 3770 },
      { kind: "charge", numbered: true, balance: 3640 },
      { kind: "grant", numbered: true, balance: 4140 },
      { kind: "charge", numbered: true, balance: 4000 },
    ]);
    const [last] = await place.query<{ at: number }>(
      "SELECT (extract(epoch FROM at) * 1000)::float8 AS at FROM chat_ledger WHERE id = 'last'",
    );
    expect((await store.operations.account("jane"))?.lastQuestion).toBe(Math.floor(last!.at));
    expect(await balanced(place)).toBe(true);
  });

  it("makes accounts beside this one, and each charges those of the other", async () => {
    const store = await open();
    expect(await older.create("john", 1000)).toHaveLength(1);
    const made = await store.accounts.create({ name: "jim", passwordHash: "$2b$", tokens: 2000 });
    const jim = made.kind === "created" ? made.account : undefined;
    const asked = question((await store.accounts.byName("john"))!, { price: 100 });
    await store.ledger.hold(asked);
    await store.ledger.charge(asked.id);
    await older.hold("of jim", jim!.id, 300);
    await older.charge(["of jim"]);
    expect(await shown(store, "john")).toEqual({ tokens: 900, held: 0, used: 100 });
    expect(await shown(store, "jim")).toEqual({ tokens: 1700, held: 0, used: 300 });
    const taken = { id: "t", account: "john", tokens: 400, ...act };
    expect(await store.operations.take(taken)).toMatchObject({ kind: "taken", taken: 400 });
    expect(await shown(store, "john")).toEqual({ tokens: 500, held: 0, used: 100 });
    expect(await facts("john")).toEqual([
      { kind: "account", numbered: true, balance: 1000 },
      { kind: "charge", numbered: true, balance: 900 },
      { kind: "take", numbered: true, balance: 500 },
    ]);
    expect(await balanced(place)).toBe(true);
  });

  it("numbers charges that go together so that their balances tell their order", async () => {
    await open();
    const ids = ["a", "b", "c", "d"];
    for (const [index, id] of ids.entries()) await older.hold(id, "jane", 100 + index);
    expect(await older.charge(ids)).toHaveLength(4);
    const rows = await place.query<{ id: string; at: string }>(
      "SELECT id, at::text FROM chat_ledger WHERE account = 'jane' AND n IS NOT NULL ORDER BY at, balance DESC",
    );
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(new Set(rows.map(({ at }) => at)).size).toBe(1);
  });

  it("sees at once who is disabled, enabled, renamed or deleted, or has another password", async () => {
    const { operations, accounts } = await open();
    const holds = async (id: string, generation?: number) =>
      (await older.hold(id, "jane", 100, generation)).length === 1;
    await operations.setDisabled("jane", true, act);
    expect(await holds("disabled")).toBe(false);
    await operations.setDisabled("jane", false, act);
    await operations.rename("jane", "Joan", act);
    expect(await older.hold("renamed", "jane", 100)).toMatchObject([{ name: "Joan" }]);
    expect(await older.byName("jane")).toEqual([]);
    expect(await older.create("joan", 4000)).toEqual([]);
    await operations.setPassword("jane", "$2b$reset", act);
    expect(await holds("first password")).toBe(false);
    expect(await older.setPassword("jane", 1)).toEqual([]);
    expect(await holds("second password", 2)).toBe(true);
    expect(await older.setPassword("jane", 2)).toHaveLength(1);
    await older.revoke("jane", "jti");
    expect(await holds("revoked", 3)).toBe(false);
    expect(await accounts.session("jane", "jti")).toMatchObject({ revoked: true });

    await operations.remove("jane", act);
    expect(await older.byName("joan")).toEqual([]);
    expect(await older.byName("deleted#jane")).toMatchObject([{ password_hash: "" }]);
    expect(await holds("deleted", 3)).toBe(false);
    expect(await older.setPassword("jane", 3)).toEqual([]);
    expect(await older.charge(["renamed", "second password"])).toHaveLength(2);
    expect(await older.create("joan", 4000)).toHaveLength(1);
    expect(await operations.account("deleted#jane")).toMatchObject({ tokens: 3800, held: 0, used: 200 });
    expect(await balanced(place)).toBe(true);
  });

  it("has given ids that count for the account that got them, and for no other", async () => {
    await older.create("john", 1000);
    await older.grant("june", "jane", 500);
    const { ledger, operations } = await open();
    const june = { id: "june", tokens: 500, reason: "grant" };
    expect(await ledger.grant({ ...june, account: "jane" })).toMatchObject({ kind: "repeated" });
    expect(await ledger.grant({ ...june, account: "jane", tokens: 400 })).toEqual({ kind: "id_taken" });
    expect(await operations.take({ id: "june", account: "jane", tokens: 500, ...act })).toEqual({
      kind: "id_taken",
    });
    expect(await ledger.grant({ ...june, account: "john" })).toEqual({
      kind: "granted",
      balance: { tokens: 1500, held: 0 },
    });
    expect(await ledger.balance("jane")).toEqual({ tokens: 4500, held: 0 });
  });
});
