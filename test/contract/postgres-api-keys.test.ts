import { createHash, randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Client } from "pg";
import type { ApiKey, NewApiKey } from "../../src/server/core/api-keys.ts";
import type { Account, HoldRequest } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { checkDatabase } from "../../src/server/stores/postgres/check.ts";
import { openPostgresReader } from "../../src/server/stores/postgres/read-facts.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";

/** How a server of the version before deletes expired questions. It is never changed. */
const SWEEP_BEFORE = `
WITH due AS (
  SELECT DISTINCT account FROM chat_questions WHERE charged_at IS NULL AND expires <= now() LIMIT 200
), account AS (
  SELECT id FROM chat_accounts WHERE id IN (SELECT account FROM due) ORDER BY id FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM chat_questions q USING account
  WHERE q.account = account.id AND q.charged_at IS NULL AND q.expires <= now()
  RETURNING q.account, q.price
)
UPDATE chat_accounts a SET held = a.held - g.price
FROM (SELECT account, sum(price)::bigint AS price FROM gone GROUP BY account) g
WHERE a.id = g.account
RETURNING a.id`;

const act = { reason: null, by: null };

describe.skipIf(noPostgres)(`API keys at several servers on Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  async function open(now = Date.now): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried, now });
    closers.push(() => store.close());
    return store;
  }

  const newKey = ({ id: account }: Account, more: Partial<NewApiKey> = {}): NewApiKey => {
    const id = randomUUID();
    const digest = createHash("sha256").update(id).digest("hex");
    return { id, account, name: `key ${id}`, digest, limit: null, expires: null, ...more };
  };

  async function createKey(store: Store, account: Account, more?: Partial<NewApiKey>): Promise<ApiKey> {
    const made = await store.apiKeys!.create(newKey(account, more));
    if (made.kind !== "created") throw new Error(made.kind);
    return made.key;
  }

  /** What the rows of the keys say that is held, and what their open questions hold. */
  const held = async () => {
    const rows = await place.query<{ held: number; open: number }>(
      `SELECT held::int4, (SELECT coalesce(sum(price), 0)::int4 FROM chat_questions q
        WHERE q.api_key = k.id AND q.charged_at IS NULL) AS open
       FROM chat_api_keys k ORDER BY n`,
    );
    expect(rows.map((row) => row.held)).toEqual(rows.map((row) => row.open));
    return rows.map((row) => row.held);
  };

  const admit = (store: Store, request: HoldRequest) => store.ledger.admit!("api_key", request);

  /** Waits until so many statements wait for a row. */
  const waiting = (count: number) =>
    vi.waitFor(
      async () => {
        const rows = await place.query(
          "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
          [place.name],
        );
        expect(rows).toHaveLength(count);
      },
      { timeout: 60_000, interval: 5 },
    );

  it("spend exactly their limits and the balance, together with logins, and are charged at any server", async () => {
    const stores = await Promise.all([open(), open(), open(), open()]);
    const jane = await createAccount(stores[0]);
    const daily = await createKey(stores[0], jane, { limit: { tokens: 1250, per: "day" } });
    const weekly = await createKey(stores[1], jane, { limit: { tokens: 800, per: "week" } });
    const askers = [daily.id, weekly.id, undefined, daily.id];
    const asked = Array.from({ length: 120 }, (_, index) => ({
      store: stores[index % 4]!,
      request: question(jane, { apiKey: askers[(index >> 2) % 4] }),
    }));
    const outcomes = await Promise.all(asked.map(({ store, request }) => store.ledger.hold(request)));
    const begun = asked.filter((_, index) => outcomes[index]?.kind === "held");
    const heldBy = (apiKey?: string) => begun.filter(({ request }) => request.apiKey === apiKey).length;
    expect([heldBy(daily.id), heldBy(weekly.id)]).toEqual([12, 8]);
    expect(heldBy()).toBe(20);
    expect(await held()).toEqual([1200, 800]);
    const charges = await Promise.all(
      begun.map(({ request }, index) => stores[(index + 1) % 4]!.ledger.charge(request.id)),
    );
    expect(charges.filter(({ kind }) => kind === "charged")).toHaveLength(40);
    expect((await stores[2].apiKeys!.list(jane.id)).map(({ spent }) => spent)).toEqual([1200, 800]);
    expect(await stores[3].ledger.balance(jane.id)).toEqual({ tokens: 0, held: 0 });
    expect(await held()).toEqual([0, 0]);
    expect(await balanced(place)).toBe(true);
  });

  it("give back what they held when questions are released at another server or expire", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const [one, other] = [await open(clock.now), await open(clock.now)];
    const jane = await createAccount(one);
    const { id: apiKey } = await createKey(one, jane, { limit: { tokens: 300, per: "day" } });
    const ask = () => question(jane, { apiKey, expires: clock.now() + 130_000 });
    const [first, second, third] = [ask(), ask(), ask()];
    for (const request of [first, second, third])
      expect(await one.ledger.hold(request)).toEqual({ kind: "held" });
    await one.ledger.release(first.id);
    await other.ledger.release(second.id);
    expect(await held()).toEqual([100]);
    await clock.advance(130_000);
    expect(await one.ledger.charge(third.id)).toEqual({ kind: "expired" });
    expect(await held()).toEqual([0]);
    expect(await balanced(place)).toBe(true);
  });

  it("are checked with their account in the statement that holds, alone and together", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const store = await open(clock.now);
    const [jane, john] = [await createAccount(store), await createAccount(store)];
    const good = (await createKey(store, jane)).id;
    const ended = (await createKey(store, jane)).id;
    const expired = (await createKey(store, jane, { expires: clock.now() + 1000 })).id;
    const johns = (await createKey(store, john)).id;
    const ask = (apiKey: string, account = jane) =>
      question(account, { apiKey, expires: clock.now() + 130_000 });
    await store.apiKeys!.revoke(jane.id, ended);
    await clock.advance(1000);
    const is = (kind: string) => ({ kind: "admitted", name: jane.name, outcome: { kind } });
    expect(await admit(store, ask(good))).toEqual(is("held"));
    expect(await admit(store, ask(ended))).toEqual({ kind: "ended" });
    expect(await admit(store, ask(expired))).toEqual({ kind: "ended" });
    expect(await admit(store, ask(johns))).toEqual({ kind: "ended" });
    expect(await admit(store, { ...ask(ended), key: "k" })).toEqual({ kind: "ended" });
    expect(await admit(store, ask(good, { ...jane, id: "nobody" }))).toEqual({ kind: "ended" });
    const together = [good, ended, good, expired, johns, good];
    expect(await Promise.all(together.map((apiKey) => admit(store, ask(apiKey))))).toEqual([
      is("held"),
      { kind: "ended" },
      is("held"),
      { kind: "ended" },
      { kind: "ended" },
      is("held"),
    ]);
    await store.operations.setDisabled(jane.id, true, act);
    expect(await admit(store, ask(good))).toEqual({ kind: "disabled" });
    expect(await Promise.all([good, good, ended].map((apiKey) => admit(store, ask(apiKey))))).toEqual([
      { kind: "disabled" },
      { kind: "disabled" },
      { kind: "ended" },
    ]);
    await store.operations.setDisabled(jane.id, false, act);
    expect(await admit(store, ask(good))).toEqual(is("held"));
    expect(await held()).toEqual([500, 0, 0, 0]);
    expect(await store.ledger.balance(john.id)).toEqual({ tokens: 4000, held: 0 });
  });

  it("are known with their account without a statement from the second time on, and no others", async () => {
    const store = await open();
    const jane = await createAccount(store);
    const { id, account, digest } = await createKey(store, jane);
    expect(await store.apiKeys!.ownerOf!("none")).toBeUndefined();
    expect(await store.apiKeys!.ownerOf!(digest)).toEqual({ id, account });
    const locker = new Client({ connectionString: place.url });
    await locker.connect();
    closers.push(() => locker.end());
    await locker.query("BEGIN; LOCK chat_api_keys");
    expect(await store.apiKeys!.ownerOf!(digest)).toEqual({ id, account });
    await locker.query("ROLLBACK");
  });

  it("end with a password that is set while they are made", async () => {
    const store = await open();
    const jane = await createAccount(store);
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    const change = [
      () =>
        store.accounts.setPassword({
          account: jane.id,
          generation: 1,
          passwordHash: "$2b$one",
          endsKeys: true,
        }),
      () => store.operations.setPassword(jane.id, "$2b$two", act),
      () => store.operations.remove(jane.id, act),
    ];
    for (const ends of change) {
      const key = newKey(jane);
      await operator.query("BEGIN");
      await operator.query("SELECT id FROM chat_accounts WHERE id = $1 FOR UPDATE", [jane.id]);
      const making = store.apiKeys!.create(key);
      await waiting(1);
      const ending = ends();
      await waiting(2);
      await operator.query("ROLLBACK");
      expect(await making).toMatchObject({ kind: "created" });
      await ending;
      expect(await store.apiKeys!.list(jane.id)).toEqual([]);
      expect(await store.apiKeys!.byDigest(key.digest)).toBeUndefined();
      expect(await store.ledger.hold(question(jane, { apiKey: key.id }))).toEqual({ kind: "key_ended" });
    }
    // The deletion is a fact itself.
    expect(await place.query("SELECT id FROM chat_ledger WHERE kind = 'api_key_ended'")).toHaveLength(2);
  });

  it("are as many as an account may have, whatever servers make them at once", async () => {
    const stores = await Promise.all([open(), open(), open()]);
    const jane = await createAccount(stores[0]);
    const made = await Promise.all(
      Array.from({ length: 120 }, (_, index) => stores[index % 3]!.apiKeys!.create(newKey(jane))),
    );
    expect(made.filter(({ kind }) => kind === "created")).toHaveLength(100);
    expect(made.filter(({ kind }) => kind === "too_many")).toHaveLength(20);
  });

  it("may spend again what a killed server held, though a server of the version before has swept it", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const [gone, one, other] = [await open(clock.now), await open(clock.now), await open(clock.now)];
    const jane = await createAccount(gone);
    const { id: apiKey } = await createKey(gone, jane, { limit: { tokens: 400, per: "day" } });
    const ask = () => question(jane, { apiKey, expires: clock.now() + 130_000 });
    for (let asked = 0; asked < 3; asked += 1) await gone.ledger.hold(ask());
    await gone.close();
    await clock.advance(130_000);
    await place.query(SWEEP_BEFORE);
    const requests = Array.from({ length: 10 }, () => ask());
    const outcomes = await Promise.all(
      requests.map((request, index) => (index % 2 ? one : other).ledger.hold(request)),
    );
    expect(outcomes.filter(({ kind }) => kind === "held")).toHaveLength(4);
    expect(outcomes.filter(({ kind }) => kind === "key_limit")).toHaveLength(6);
    expect(await held()).toEqual([400]);
    expect(await balanced(place)).toBe(true);
  });

  it("are named by what they paid for, and by what was done to them", async () => {
    const store = await open();
    const jane = await createAccount(store);
    const key = await createKey(store, jane, { name: "CI of jane" });
    for (const apiKey of [key.id, undefined, key.id]) {
      const request = question(jane, { apiKey, key: apiKey && "k" });
      await store.ledger.hold(request);
      await store.ledger.charge(request.id);
    }
    await store.apiKeys!.revoke(jane.id, key.id);
    const reader = await openPostgresReader(place.url, { warn });
    closers.push(() => reader.close());
    const facts: [string, string | null][] = [];
    for await (const { fact, key: name } of reader.facts({ account: jane.id })) facts.push([fact, name]);
    expect(facts).toEqual([
      ["account", null],
      ["api_key", "CI of jane"],
      ["charge", "CI of jane"],
      ["charge", null],
      ["again", "CI of jane"],
      ["api_key_ended", "CI of jane"],
    ]);
  });

  /** A key that has held 30 tokens and spent 20. */
  async function spending(store: Store): Promise<Account> {
    const jane = await createAccount(store, 4000, "jane");
    const { id: apiKey } = await createKey(store, jane, { id: "k", limit: { tokens: 500, per: "day" } });
    const [charged, open] = [question(jane, { apiKey, price: 20 }), question(jane, { apiKey, price: 30 })];
    for (const request of [charged, open]) await store.ledger.hold(request);
    await store.ledger.charge(charged.id);
    return jane;
  }

  it.each([
    ["chat_api_keys", "UPDATE chat_api_keys SET held = held + 1", /has 31 tokens held.*hold 30/],
    ["chat_api_keys", "UPDATE chat_api_keys SET spent = 0", /has spent 0 tokens.*add up to 20/],
    ["chat_api_keys", "UPDATE chat_api_keys SET account = 'nobody'", /1 rows of the account nobody/],
    ["chat_ledger", "DELETE FROM chat_api_keys", /2 rows name the API key k/],
    ["chat_schema", "ALTER TABLE chat_api_keys DROP CONSTRAINT chat_api_keys_held", /chat_api_keys_held/],
  ])("are checked: what is wrong with %s is found after %s", async (table, harm, what) => {
    await spending(await open());
    expect(await checkDatabase(place.url, { warn })).toMatchObject({ ok: true, findings: [] });
    await place.query(harm);
    const { findings } = await checkDatabase(place.url, { warn });
    expect(findings).toContainEqual({
      file: table,
      what: expect.stringMatching(what) as string,
      repair: expect.any(String) as string,
    });
  });

  it.each(["held = held + 1", "spent = 0"])("have a repair that works after SET %s", async (harm) => {
    await spending(await open());
    await place.query(`UPDATE chat_api_keys SET ${harm}`);
    const [finding] = (await checkDatabase(place.url, { warn })).findings;
    await place.query(/then: (.*;)$/.exec(finding?.repair ?? "")?.[1] ?? "the repair is no statement");
    expect(await checkDatabase(place.url, { warn })).toMatchObject({ ok: true });
  });
});
