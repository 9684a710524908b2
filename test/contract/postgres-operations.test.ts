import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AccountRow } from "../../src/server/core/operations.ts";
import type { Account } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";
import { openTcpProxy, type Fate } from "../support/tcp-proxy.ts";

describe.skipIf(noPostgres)(`an operator's acts in Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  /** Two servers on one database. */
  let one: Store;
  let other: Store;
  beforeEach(async () => {
    ({ place } = places);
    one = await open();
    other = await open();
  });

  const act = { reason: null, by: null };

  async function open(url = place.url, options: { connections?: number } = {}): Promise<Store> {
    const store = await openPostgresStore({ url, warn: () => {}, ...unhurried, ...options });
    closers.push(() => store.close());
    return store;
  }

  /** The account's facts in their order; their balances must agree. */
  async function facts(account: string): Promise<{ kind: string; tokens: number }[]> {
    const rows = await place.query<{ kind: string; tokens: number; balance: number }>(
      "SELECT kind, tokens::int4, balance::int4 FROM chat_ledger WHERE account = $1 ORDER BY n",
      [account],
    );
    let balance = 0;
    for (const row of rows) expect(row.balance).toBe((balance += row.tokens));
    return rows.map(({ kind, tokens }) => ({ kind, tokens }));
  }

  const kinds = async (account: string) => (await facts(account)).map(({ kind }) => kind);
  const login = { generation: 1, jti: "jti" };

  const acts: [
    string,
    string,
    (account: string, { operations, ledger }: Store) => Promise<{ kind: string }>,
  ][] = [
    ["disabled", "UPDATE", (id, { operations }) => operations.setDisabled(id, true, act)],
    ["password", "UPDATE", (id, { operations }) => operations.setPassword(id, "$2b$new", act)],
    ["renamed", "UPDATE", (id, { operations }) => operations.rename(id, "joan", act)],
    ["deleted", "UPDATE", (id, { operations }) => operations.remove(id, act)],
    ["take", "least(", (id, { operations }) => operations.take({ id: "t", account: id, tokens: 50, ...act })],
    ["grant", "UPDATE", (id, { ledger }) => ledger.grant({ id: "t", account: id, tokens: 50, reason: "" })],
    [
      "revoked",
      "",
      async (id, { accounts }) => {
        await accounts.revoke({ account: id, jti: "jti", expires: Date.now() + 60_000 });
        return { kind: "done" };
      },
    ],
  ];
  describe.each<Fate>(["cut before it arrives", "cut before its answer"])(
    "if the connection is %s",
    (fate) => {
      it.each(acts)("writes %s once, and says that it did it", async (kind, words, run) => {
        const wire = await openTcpProxy(places.cluster.port);
        closers.push(() => wire.close());
        const store = await open(wire.through(place.url), { connections: 1 });
        const { id } = await createAccount(one, 4000, "jane");
        wire.nextWith = words;
        wire.next = fate;
        const done = await run(id, store);
        expect(["done", "taken", "granted"]).toContain(done.kind);
        expect(wire.next).toBe("pass");
        expect(await kinds(id)).toEqual(["account", kind]);
        expect(await balanced(place)).toBe(true);
      });
    },
  );

  it("never takes what is held, while two servers ask and take at the same moment", async () => {
    const jane = await createAccount(one, 4000);
    const asked = Array.from({ length: 30 }, () => question(jane));
    const work = asked.map((request, index) => [one, other][index % 2]!.ledger.hold(request));
    const takes = Array.from({ length: 10 }, (_, index) =>
      [one, other][index % 2]!.operations.take({ id: `t${index}`, account: jane.id, tokens: 300, ...act }),
    );
    const held = (await Promise.all(work)).filter(({ kind }) => kind === "held").length * 100;
    const outcomes = await Promise.all(takes);
    const taken = outcomes.reduce((sum, take) => sum + (take.kind === "taken" ? take.taken : 0), 0);
    expect(await one.ledger.balance(jane.id)).toEqual({ tokens: 4000 - taken, held });
    expect(taken).toBeLessThanOrEqual(4000 - held);
    const rest = await other.operations.take({ id: "rest", account: jane.id, tokens: 4000, ...act });
    expect(rest).toEqual({ kind: "taken", taken: 4000 - held - taken, balance: { tokens: held, held } });
    expect((await facts(jane.id)).slice(1).map(({ kind }) => kind)).toEqual(Array(11).fill("take"));
    expect(await balanced(place)).toBe(true);
  });

  it.each(["grant", "take"] as const)(
    "makes a grant or a take of one id, if both wait for the account, the %s first",
    async (first) => {
      const jane = await createAccount(one, 1000);
      const operator = new Client({ connectionString: place.url });
      await operator.connect();
      closers.push(() => operator.end());
      await operator.query("BEGIN");
      await operator.query("SELECT id FROM chat_accounts WHERE id = $1 FOR UPDATE", [jane.id]);
      const waiting = (count: number) =>
        vi.waitFor(
          async () =>
            expect(
              await place.query(
                "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
                [place.name],
              ),
            ).toHaveLength(count),
          { timeout: 60_000, interval: 5 },
        );
      const id = { id: "june", account: jane.id, tokens: 50 };
      const give = {
        grant: () => one.ledger.grant({ ...id, reason: "" }),
        take: () => other.operations.take({ ...id, ...act }),
      };
      const done = give[first]();
      await waiting(1);
      const late = give[first === "grant" ? "take" : "grant"]();
      await waiting(2);
      await operator.query("ROLLBACK");
      expect((await done).kind).toBe(first === "grant" ? "granted" : "taken");
      expect(await late).toEqual({ kind: "id_taken" });
      expect(await kinds(jane.id)).toEqual(["account", first]);
      expect(await balanced(place)).toBe(true);
    },
  );

  it("takes what an expired question holds", async () => {
    const jane = await createAccount(one, 100);
    await one.ledger.hold(question(jane, { expires: Date.now() }));
    expect(await other.operations.take({ id: "t", account: jane.id, tokens: 100, ...act })).toEqual({
      kind: "taken",
      taken: 100,
      balance: { tokens: 0, held: 0 },
    });
    expect(await balanced(place)).toBe(true);
  });

  it("gives a grant or take with one id once, whichever servers try at the same moment", async () => {
    const jane = await createAccount(one, 4000);
    const stores = [one, other, one, other];
    const given = await Promise.all(
      stores.map(({ ledger }) => ledger.grant({ id: "g", account: jane.id, tokens: 50, reason: "" })),
    );
    expect(given.map(({ kind }) => kind).toSorted()).toEqual(["granted", "repeated", "repeated", "repeated"]);
    const taken = await Promise.all(
      stores.map(({ operations }) => operations.take({ id: "t", account: jane.id, tokens: 70, ...act })),
    );
    expect(taken.map(({ kind }) => kind).toSorted()).toEqual(["repeated", "repeated", "repeated", "taken"]);
    expect(await one.ledger.balance(jane.id)).toEqual({ tokens: 3980, held: 0 });
  });

  it("leaves a name to one of those that want it: by rename or by registration", async () => {
    const people = [await createAccount(one), await createAccount(one)];
    for (let round = 0; round < 10; round += 1) {
      const name = `name${round}`;
      const register = ({ accounts }: Store) => accounts.create({ name, passwordHash: "$2b$", tokens: 1 });
      const outcomes = await Promise.all([
        one.operations.rename(people[0]!.id, name, act),
        other.operations.rename(people[1]!.id, name.toUpperCase(), act),
        register(one),
        register(other),
      ]);
      expect(outcomes.filter(({ kind }) => kind !== "taken")).toHaveLength(1);
    }
    const [wrong] = await place.query<{ count: number }>(
      "SELECT count(*)::int4 AS count FROM (SELECT folded FROM chat_accounts GROUP BY folded HAVING count(*) > 1) f",
    );
    expect(wrong?.count).toBe(0);
  });

  it("settles the questions in flight of an account that is deleted, and frees its name at once", async () => {
    const jane = await createAccount(one, 4000, "jane");
    const again = question(jane, { key: "key" });
    await one.ledger.hold(again);
    await one.ledger.charge(again.id);
    const [charged, released] = [question(jane), question(jane)];
    for (const asked of [charged, released]) expect(await one.ledger.hold(asked)).toEqual({ kind: "held" });
    expect(await one.ledger.hold({ ...again, id: "second answer" })).toMatchObject({ kind: "paid" });
    await one.accounts.remember(jane.id, "address");
    await one.accounts.revoke({ account: jane.id, jti: "old", expires: Date.now() + 60_000 });

    const { pseudonym } = (await other.operations.remove(jane.id, act)) as { pseudonym: string };
    const next = await createAccount(other, 500, "jane");
    expect(next.id).not.toBe(jane.id);
    expect(await one.accounts.session(jane.id, "jti")).toBeUndefined();
    expect(await one.ledger.admit!(login, question(jane))).toEqual({ kind: "ended" });
    expect(await one.accounts.byName(pseudonym)).toBeUndefined();
    await one.accounts.remember(jane.id, "later");
    for (const table of ["chat_known", "chat_revoked"])
      expect(await place.query(`SELECT account FROM ${table}`)).toEqual([]);

    expect((await one.ledger.charge("second answer")).kind).toBe("charged");
    expect((await one.ledger.charge(charged.id)).kind).toBe("charged");
    await one.ledger.release(released.id);
    expect(await kinds(jane.id)).toEqual(["account", "charge", "revoked", "deleted", "again", "charge"]);
    expect(await one.operations.account(pseudonym)).toMatchObject({
      id: jane.id,
      username: pseudonym,
      tokens: 3800,
      held: 0,
      used: 200,
    });
    const kept = await place.query<{ row: string }>(
      "SELECT a::text AS row FROM chat_accounts a WHERE id = $1 UNION ALL SELECT l::text FROM chat_ledger l WHERE account = $1",
      [jane.id],
    );
    for (const { row } of kept) expect(row).not.toMatch(/jane|\$2b\$/);
    expect(await one.operations.account("jane")).toMatchObject({ id: next.id, tokens: 500, used: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("keeps no question of a deleted account once it is settled", async () => {
    const jane = await createAccount(one);
    const asked = question(jane, { key: "key" });
    await one.ledger.hold(asked);
    await one.ledger.charge(asked.id);
    await other.operations.remove(jane.id, act);
    expect(await place.query("SELECT id FROM chat_questions")).toEqual([]);
    expect((await one.ledger.charge(asked.id)).kind).toBe("charged");
    expect(await kinds(jane.id)).toEqual(["account", "charge", "deleted"]);
  });

  it("does each act on a deleted account once, while two servers and a question are at it", async () => {
    for (let round = 0; round < 10; round += 1) {
      const jane = await createAccount(one, 4000);
      const asked = question(jane);
      await one.ledger.hold(asked);
      const [first, second, charged] = await Promise.all([
        one.operations.remove(jane.id, act),
        other.operations.remove(jane.id, act),
        one.ledger.charge(asked.id),
        other.operations.rename(jane.id, `joan${round}`, act),
        other.operations.setPassword(jane.id, "$2b$new", act),
        one.operations.setDisabled(jane.id, true, act),
        one.accounts.remember(jane.id, "address"),
      ]);
      expect([first.kind, second.kind].toSorted()).toEqual(["done", "repeated"]);
      expect(charged.kind).toBe("charged");
      expect((await kinds(jane.id)).filter((kind) => kind === "deleted")).toHaveLength(1);
      expect(await one.operations.account(`joan${round}`)).toBeUndefined();
      expect(await one.accounts.session(jane.id, "jti")).toBeUndefined();
    }
    expect(await place.query("SELECT account FROM chat_known")).toEqual([]);
    expect(
      await place.query("SELECT id FROM chat_accounts WHERE password_hash <> '' OR NOT disabled"),
    ).toEqual([]);
    expect(await balanced(place)).toBe(true);
  });

  it("refuses a disabled account at the other server at once, until it is enabled", async () => {
    const jane = await createAccount(one);
    const admit = () => other.ledger.admit!(login, question(jane));
    expect(await admit()).toMatchObject({ kind: "admitted" });
    await one.operations.setDisabled(jane.id, true, act);
    expect(await admit()).toEqual({ kind: "disabled" });
    await one.operations.setDisabled(jane.id, false, act);
    expect(await admit()).toMatchObject({ kind: "admitted" });
  });

  it("records why and by whom, and what an account does itself", async () => {
    const jane = await createAccount(one, 4000, "jane");
    const why = { reason: "asked for it", by: "jim" };
    await one.operations.setPassword(jane.id, "$2b$new", why);
    await one.ledger.grant({ id: "g", account: jane.id, tokens: 5, reason: "gift", by: "jim" });
    await one.operations.take({ id: "t", account: jane.id, tokens: 9_000, ...why });
    await one.accounts.setPassword({ account: jane.id, generation: 2, passwordHash: "$2b$own" });
    for (const _ of [1, 2])
      await one.accounts.revoke({ account: jane.id, jti: "a", expires: Date.now() + 1e6 });
    const rows = await place.query(
      "SELECT kind, tokens::int4, asked::int4, reason, by FROM chat_ledger ORDER BY n OFFSET 1",
    );
    const own = { tokens: 0, asked: null, reason: null, by: null };
    expect(rows).toEqual([
      { kind: "password", tokens: 0, asked: null, ...why },
      { kind: "grant", tokens: 5, asked: null, reason: "gift", by: "jim" },
      { kind: "take", tokens: -4005, asked: 9000, ...why },
      { kind: "password", ...own },
      { kind: "revoked", ...own },
    ]);
    expect(await one.operations.account("jane")).toMatchObject({ tokens: 0, used: 0 });
  });

  it("lists every account but deleted ones once, in pages, while others are made", async () => {
    const made: Account[] = [];
    while (made.length < 450) {
      const some = Array.from({ length: 50 }, () => createAccount(one, 1000));
      made.push(...(await Promise.all(some)));
    }
    const [gone, asking] = made as [Account, Account];
    await one.operations.remove(gone.id, act);
    const asked = question(asking);
    await one.ledger.hold(asked);
    const pages: AccountRow[][] = [];
    for await (const page of other.operations.accounts()) {
      pages.push(page);
      await createAccount(one, 1000, `during${pages.length}`);
    }
    expect(pages.map(({ length }) => length).slice(0, 2)).toEqual([200, 200]);
    const rows = pages.flat();
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    const ids = new Set(rows.map(({ id }) => id));
    expect(made.filter(({ id }) => !ids.has(id))).toEqual([gone]);
    expect(rows.find(({ id }) => id === asking.id)).toMatchObject({ tokens: 1000, held: 100, used: 0 });
  });

  it("refuses a list once the store is closed", async () => {
    await createAccount(one);
    const store = await open();
    await store.close();
    await expect(store.operations.accounts()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: "store_unavailable",
    });
  });
});
