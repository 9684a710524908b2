import { beforeEach, describe, expect, it } from "vitest";
import type { FactReader, FactRow } from "../../src/server/core/operations.ts";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { findAccount, listAccounts } from "../../src/server/local.ts";
import { openPostgresReader } from "../../src/server/stores/postgres/read-facts.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { createUser } from "../support/postgres-user.ts";
import { noOwnPostgres, noPostgres, type Place, skipped } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`facts read from Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  async function open(): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried });
    closers.push(() => store.close());
    return store;
  }

  async function read(url = place.url): Promise<FactReader> {
    const reader = await openPostgresReader(url, { warn });
    closers.push(() => reader.close());
    return reader;
  }

  async function ask(store: Store, account: Account, more = {}): Promise<void> {
    const request = question(account, more);
    await store.ledger.hold(request);
    await store.ledger.charge(request.id);
  }

  async function factsOf(reader: FactReader, asked: Parameters<FactReader["facts"]>[0]): Promise<FactRow[]> {
    const rows: FactRow[] = [];
    for await (const row of reader.facts(asked)) rows.push(row);
    return rows;
  }

  /** jane's creation, two charges, a repeat, a grant; john beside her. */
  async function fill(): Promise<{ store: Store; jane: Account }> {
    const store = await open();
    const jane = await createAccount(store, 1000, "jane");
    const john = await createAccount(store, 500, "john");
    await ask(store, jane, { key: "k" });
    await ask(store, john, { model: "large" });
    await ask(store, jane, { key: "k" });
    await ask(store, jane, { price: 300 });
    await store.ledger.grant({ id: "g", account: jane.id, tokens: 50, reason: "exam" });
    return { store, jane };
  }

  const brief = (rows: FactRow[]) => rows.map(({ fact, tokens, balance }) => [fact, tokens, balance]);
  const JANE = [
    ["account", 1000, 1000],
    ["charge", -100, 900],
    ["again", 0, 900],
    ["charge", -300, 600],
    ["grant", 50, 650],
  ];

  /** Rises from row to row. */
  const rises = (rows: FactRow[]) => rows.every(({ n }, index) => index === 0 || n > rows[index - 1]!.n);

  it("come in their order, with everything that is known of them", async () => {
    const { jane } = await fill();
    const rows = await factsOf(await read(), { account: jane.id });
    expect(brief(rows)).toEqual(JANE);
    expect(rises(rows)).toBe(true);
    const none = { model: null, key: null, reason: null, by: null };
    expect(rows[1]).toEqual({
      ...none,
      n: expect.any(Number) as number,
      at: expect.any(Number) as number,
      fact: "charge",
      tokens: -100,
      balance: 900,
      model: "small",
    });
    expect(rows[4]).toMatchObject({ ...none, reason: "exam" });
  });

  it("come from a number on, and between two times", async () => {
    const { jane } = await fill();
    const reader = await read();
    const rows = await factsOf(reader, { account: jane.id });
    expect(await factsOf(reader, { account: jane.id, after: rows[2]!.n })).toEqual(rows.slice(3));
    await place.query("UPDATE chat_ledger SET at = '2026-01-01T00:00:00Z' WHERE kind = 'account'");
    await place.query("UPDATE chat_ledger SET at = '2026-01-02T00:00:00Z' WHERE kind = 'again'");
    const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)];
    const between = async (since?: number, until?: number) =>
      (await factsOf(reader, { account: jane.id, since, until })).map(({ fact }) => fact);
    expect(await between(from, to)).toEqual(["account"]);
    expect(await between(from, to + 1)).toEqual(["account", "again"]);
    expect(await between(to, to + 1)).toEqual(["again"]);
    expect(await between(from + 1)).toEqual(["charge", "again", "charge", "grant"]);
  });

  it("from before they were numbered come first, by their times and balances", async () => {
    const { store, jane } = await fill();
    const minutes = "at = timestamptz '2026-01-01T00:00:00Z' + (n % 1000) * interval '1 minute'";
    await place.query(`UPDATE chat_ledger SET ${minutes}, n = NULL WHERE account = $1`, [jane.id]);
    // The charge began before the repeat and waited; the creation was recorded last.
    await place.query(
      "UPDATE chat_ledger SET at = '2026-01-01T00:02:00Z' WHERE tokens = -100 AND kind = 'charge'",
    );
    await place.query("UPDATE chat_ledger SET at = '2026-01-01T00:10:00Z' WHERE kind = 'account'");
    await ask(store, jane);
    const reader = await read();
    const rows = await factsOf(reader, { account: jane.id });
    expect(brief(rows)).toEqual([...JANE, ["charge", -100, 550]]);
    expect(rises(rows)).toBe(true);
    expect(rows.slice(0, 5).map(({ n }) => n)).toEqual([-4, -3, -2, -1, 0]);
    expect(await factsOf(reader, { account: jane.id, after: -2 })).toEqual(rows.slice(3));
    expect(await factsOf(reader, { account: jane.id, after: 0 })).toEqual(rows.slice(5));
    const none = await factsOf(reader, { account: jane.id, until: Date.UTC(2025, 0, 1) });
    expect(none).toEqual([]);
  });

  it("come in their order if a server of the version before numbered them backwards", async () => {
    const { jane } = await fill();
    await place.query(
      `INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
       SELECT 'c' || i, 'charge', $1, now(), -1, 650 - i FROM generate_series(12000, 1, -1) i`,
      [jane.id],
    );
    const rows = await factsOf(await read(), { account: jane.id });
    expect(rows).toHaveLength(12_005);
    expect(rises(rows)).toBe(true);
    expect(rows.slice(5).map(({ balance }) => balance)).toEqual(
      Array.from({ length: 12_000 }, (_, index) => 649 - index),
    );
  });

  it("come in pages, numbered or not", async () => {
    const { jane } = await fill();
    const insert = `INSERT INTO chat_ledger (id, kind, account, at, tokens, balance)
      SELECT 'c' || i, 'grant', $1, now() + i * interval '1 second', 1, 650 + i FROM generate_series(1, 12000) i`;
    await place.query(insert, [jane.id]);
    const reader = await read();
    const rows = await factsOf(reader, { account: jane.id });
    expect(rows.map(({ balance }) => balance).slice(5)).toEqual(
      Array.from({ length: 12_000 }, (_, index) => 651 + index),
    );
    await place.query("UPDATE chat_ledger SET n = NULL");
    const older = await factsOf(reader, { account: jane.id });
    expect(brief(older)).toEqual(brief(rows));
  });

  it("are followed as they come, until the signal", async () => {
    const { store, jane } = await fill();
    const over = new AbortController();
    const reader = await read();
    const rows = reader.facts({ account: jane.id, follow: over.signal })[Symbol.asyncIterator]();
    const next = async () => ((await rows.next()) as { value: FactRow }).value;
    for (const row of JANE) expect(brief([await next()])).toEqual([row]);
    const waiting = next();
    await ask(store, jane);
    expect(brief([await waiting])).toEqual([["charge", -100, 550]]);
    const end = rows.next();
    over.abort();
    expect(await end).toMatchObject({ done: true });
  });

  it("add up by account, day and model", async () => {
    const { jane } = await fill();
    await place.query(
      "UPDATE chat_ledger SET at = '2026-01-01T23:59:59.999Z' WHERE kind = 'charge' AND tokens = -100",
    );
    await place.query("UPDATE chat_ledger SET at = '2026-01-02T00:00:00Z', model = NULL WHERE tokens = -300");
    const reader = await read();
    const january = (day: string) => ({ day: `2026-01-${day}`, questions: 1 });
    expect(await reader.use("2026-01-01")).toHaveLength(3);
    expect(await reader.use("2026-01-01")).toEqual(
      expect.arrayContaining([
        { account: "jane", ...january("01"), model: "small", tokens: 100 },
        { account: "john", ...january("01"), model: "large", tokens: 100 },
        { account: "jane", ...january("02"), model: "unknown", tokens: 300 },
      ]),
    );
    expect(await reader.use("2026-01-02")).toEqual([
      { account: "jane", ...january("02"), model: "unknown", tokens: 300 },
    ]);
    expect(await reader.use("2026-01-03")).toEqual([]);
    expect(await factsOf(reader, { account: "nobody" })).toEqual([]);
    expect(await factsOf(reader, { account: jane.id })).toHaveLength(5);
  });

  it.skipIf(noOwnPostgres)("need no right but SELECT", async () => {
    const { jane } = await fill();
    const { url } = await createUser(places, { rights: "SELECT" });
    expect(await factsOf(await read(url), { account: jane.id })).toHaveLength(5);
  });

  it.skipIf(noOwnPostgres)("need no right but SELECT for accounts, either", async () => {
    const { store, jane } = await fill();
    await store.ledger.hold(question(jane));
    const { url } = await createUser(places, { rights: "SELECT" });
    const opening = { warn, signal: new AbortController().signal };
    const place = { kind: "postgres", url } as const;
    const row = { id: jane.id, username: "jane", tokens: 650, held: 100, used: 400 };
    expect(await findAccount(place, "JANE", opening)).toMatchObject(row);
    const all = await listAccounts(place, opening);
    expect(all.map(({ username }) => username).sort()).toEqual(["jane", "john"]);
  });

  it("are refused from a database that has no store, which stays empty", async () => {
    await expect(openPostgresReader(place.url, { warn })).rejects.toThrow("no store in the database");
    const opening = { warn, signal: new AbortController().signal };
    const listed = listAccounts({ kind: "postgres", url: place.url }, opening);
    await expect(listed).rejects.toThrow("no store in the database");
    expect(await place.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [place.name])).toEqual(
      [],
    );
  });
});
