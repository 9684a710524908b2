import { beforeEach, describe, expect, it } from "vitest";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { checkDatabase } from "../../src/server/stores/postgres/check.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { migrate } from "../../src/server/stores/postgres/migrate.ts";
import { migrations } from "../../src/server/stores/postgres/migrations.ts";
import { WRITE } from "../../src/server/stores/postgres/readiness.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { createUser } from "../support/postgres-user.ts";
import { noOwnPostgres, noPostgres, type Place, skipped } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`a check of a database${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };
  const check = (url = place.url) => checkDatabase(url, { warn });

  async function ask(store: Store, account: Account, key?: string): Promise<void> {
    const request = question(account, { key });
    await store.ledger.hold(request);
    await store.ledger.charge(request.id);
  }

  async function open(): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried });
    places.closers.push(() => store.close());
    return store;
  }

  /** jane with 3,700 tokens of which 100 are held, john with an invitation. */
  async function fill(): Promise<{ store: Store; jane: Account }> {
    const store = await open();
    const jane = await createAccount(store, 4000, "jane");
    for (const key of ["once", "twice", "twice", undefined]) await ask(store, jane, key);
    await store.ledger.hold(question(jane));
    const invite = { id: "i", digest: "d", tokens: null, uses: 2, expires: Date.now() + 3_600_000 };
    await store.invites.create([invite]);
    await store.accounts.create({ name: "john", passwordHash: "$2b$", tokens: 50, invite: "i" });
    await store.ledger.grant({ id: "g", account: jane.id, tokens: 10, reason: "" });
    await store.accounts.remember(jane.id, "home");
    await store.accounts.revoke({ account: jane.id, jti: "gone", expires: Date.now() + 3_600_000 });
    return { store, jane };
  }

  it("finds nothing wrong in a sound one, and counts its content", async () => {
    await fill();
    const [{ count }] = (await place.query("SELECT count(*)::int4 AS count FROM chat_ledger")) as [
      { count: number },
    ];
    expect(await check()).toEqual({
      ok: true,
      findings: [],
      notes: [],
      running: undefined,
      lines: count,
      accounts: 2,
      tokens: 4000 - 300 + 10 + 50,
      head: undefined,
      description: expect.stringContaining("Postgres database"),
    });
  });

  it("finds nothing wrong in what a readiness check has written", async () => {
    await fill();
    await place.query(WRITE, ["check"]);
    expect(await check()).toMatchObject({ ok: true, findings: [] });
  });

  it.each([
    ["chat_accounts", "UPDATE chat_accounts SET tokens = tokens + 1 WHERE name = 'jane'", /3711.*3710/],
    ["chat_accounts", "UPDATE chat_accounts SET held = held + 1 WHERE name = 'jane'", /101 .*100\./],
    [
      "chat_ledger",
      "DELETE FROM chat_ledger WHERE kind = 'account' AND tokens = 50",
      /begin with its creation/,
    ],
    [
      "chat_ledger",
      "UPDATE chat_ledger SET balance = balance + 1 WHERE id LIKE '%g'",
      /has the balance 3711/,
    ],
    ["chat_ledger", "UPDATE chat_ledger SET tokens = 1 WHERE kind = 'again'", /no such row is ever written/],
    ["chat_ledger", "UPDATE chat_ledger SET invite = 'x' WHERE invite = 'i'", /invitation x, which does not/],
    [
      "chat_questions",
      "UPDATE chat_questions SET charged_at = now() WHERE charged_at IS NULL",
      /was charged/,
    ],
    ["chat_usage", "UPDATE chat_usage SET questions = questions + 1", /4 questions and 300.*3 and 300/],
    ["chat_usage", "DELETE FROM chat_usage", /0 questions and 0.*3 and 300/],
    ["chat_invites", "UPDATE chat_invites SET used = 2", /2 of 2 uses taken, but the ledger has 1/],
    ["chat_known", "UPDATE chat_known SET account = 'nobody'", /1 rows of the account nobody/],
    ["chat_revoked", "UPDATE chat_revoked SET account = 'nobody'", /1 rows of the account nobody/],
    ["chat_usage", "UPDATE chat_usage SET account = 'nobody'", /1 rows of the account nobody/],
    [
      "chat_ledger",
      "UPDATE chat_ledger SET account = 'nobody' WHERE id LIKE '%g'",
      /1 rows of the account nobody/,
    ],
    [
      "chat_schema",
      "ALTER TABLE chat_accounts DROP CONSTRAINT chat_accounts_balance",
      /chat_accounts_balance/,
    ],
  ])("finds what is wrong with %s after %s", async (table, harm, what) => {
    await fill();
    await place.query(harm);
    const { ok, findings } = await check();
    expect(ok).toBe(false);
    expect(findings).toContainEqual({
      file: table,
      what: expect.stringMatching(what) as string,
      repair: expect.stringContaining("Nothing was changed") as string,
    });
  });

  it.each([
    "UPDATE chat_accounts SET tokens = tokens + 1 WHERE name = 'jane'",
    "UPDATE chat_accounts SET held = 0 WHERE name = 'jane'",
    "DELETE FROM chat_usage",
    "UPDATE chat_usage SET tokens = 7",
    "UPDATE chat_invites SET used = 2",
    "UPDATE chat_known SET account = 'no''body'",
  ])("gives a repair that works after %s", async (harm) => {
    await fill();
    await place.query(harm);
    for (const { repair } of (await check()).findings)
      await place.query(/then: (.*;)$/.exec(repair)?.[1] ?? "the repair is no statement");
    expect(await check()).toMatchObject({ ok: true });
  });

  it("names the first rows of many, and how many more there are", async () => {
    const store = await open();
    for (let index = 0; index < 7; index += 1) await createAccount(store, 5);
    await place.query("UPDATE chat_accounts SET tokens = 6");
    const { findings } = await check();
    expect(findings).toHaveLength(5);
    expect(findings[4]?.what).toContain("2 further rows have the same fault");
  });

  it("accepts any order of rows from before they were numbered, if each follows from another", async () => {
    await fill();
    await place.query("UPDATE chat_ledger SET n = NULL, at = now() - random() * interval '1 hour'");
    await place.query("DELETE FROM chat_usage");
    await place.query(
      `INSERT INTO chat_usage SELECT account, floor(extract(epoch FROM at) / 86400)::int4, count(*), -sum(tokens)
       FROM chat_ledger WHERE kind = 'charge' GROUP BY 1, 2`,
    );
    expect(await check()).toMatchObject({ ok: true });
    await place.query("UPDATE chat_ledger SET balance = balance + 1 WHERE id LIKE '%g'");
    expect((await check()).findings).toContainEqual(
      expect.objectContaining({ what: expect.stringContaining("do not follow from each other") as string }),
    );
  });

  it("says once that times cannot be right, which is no damage", async () => {
    await fill();
    await place.query("UPDATE chat_ledger SET at = now() + interval '23 hours' WHERE kind = 'again'");
    expect((await check()).notes).toEqual([]);
    await place.query("UPDATE chat_ledger SET at = '2019-12-31' WHERE kind = 'again'");
    await place.query(
      "UPDATE chat_ledger SET at = now() + interval '2 days' WHERE kind IN ('account', 'grant')",
    );
    const { ok, notes } = await check();
    expect({ ok, notes }).toEqual({ ok: true, notes: [expect.stringContaining("more than a day ahead")] });
  });

  it("finds nothing wrong while two servers charge", async () => {
    const { store, jane } = await fill();
    const other = await open();
    const over = new AbortController();
    const asking = Promise.all(
      [store, other].map(async (each) => {
        while (!over.signal.aborted) await ask(each, jane);
      }),
    );
    for (let round = 0; round < 5; round += 1) expect((await check()).findings).toEqual([]);
    over.abort();
    await asking;
  });

  it.skipIf(noOwnPostgres)("needs no right but SELECT", async () => {
    await fill();
    const { url } = await createUser(places, { rights: "SELECT" });
    expect(await check(url)).toMatchObject({ ok: true, accounts: 2 });
  });

  it("refuses a schema of an older version, and none, and changes neither", async () => {
    await expect(check()).rejects.toThrow("no store in the database");
    const database = openDatabase({ connectionString: place.url, connections: 1, ...unhurried, warn });
    places.closers.push(() => database.close());
    await migrate(database, migrations.slice(0, -1));
    await expect(check()).rejects.toMatchObject({
      message: expect.stringContaining("of an older version"),
      hint: expect.stringContaining("Start one server"),
    });
    expect(await place.query("SELECT version FROM chat_schema")).toEqual([
      { version: migrations.length - 1 },
    ]);
  });
});
