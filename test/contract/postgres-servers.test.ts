import { beforeEach, describe, expect, it } from "vitest";
import { Client } from "pg";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { sweep } from "../../src/server/stores/postgres/sweep.ts";
import { openPooler } from "../support/pooler.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { noPostgres, type Place, skipped } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`several servers on one database${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => ({ place } = places));

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  async function open(
    options: { now?: () => number; connections?: number; url?: string } = {},
  ): Promise<Store> {
    const store = await openPostgresStore({ url: place.url, warn, ...unhurried, ...options });
    closers.push(() => store.close());
    return store;
  }

  const openMany = (count: number) => Promise.all(Array.from({ length: count }, () => open()));

  /** An operator's transaction that keeps an account's row locked. */
  async function lockAccount(id: string): Promise<Client> {
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    await operator.query("BEGIN");
    await operator.query("SELECT id FROM chat_accounts WHERE id = $1 FOR UPDATE", [id]);
    return operator;
  }

  it("hold exactly what the balance allows for sixty concurrent questions through four servers", async () => {
    const stores = await openMany(4);
    const jane = await createAccount(stores[0]!);
    const asked = Array.from({ length: 60 }, (_, index) => ({
      store: stores[index % 4]!,
      request: question(jane),
    }));
    const outcomes = await Promise.all(asked.map(({ store, request }) => store.ledger.hold(request)));
    const held = asked.filter((_, index) => outcomes[index]?.kind === "held");
    expect(held).toHaveLength(40);
    expect(outcomes.filter(({ kind }) => kind === "all_held")).toHaveLength(20);
    // Charged through another server than the one that held.
    const charges = await Promise.all(
      held.map(({ request }, index) => stores[(index + 1) % 4]!.ledger.charge(request.id)),
    );
    expect(charges.every(({ kind }) => kind === "charged")).toBe(true);
    expect(await stores[3]!.ledger.balance(jane.id)).toEqual({ tokens: 0, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("accept one of two questions with the same key, and answer in_flight to the other", async () => {
    const [one, two] = (await openMany(2)) as [Store, Store];
    const jane = await createAccount(one);
    for (let round = 0; round < 20; round += 1) {
      const key = `key ${round}`;
      const outcomes = await Promise.all(
        [one, two].map((store) => store.ledger.hold(question(jane, { key }))),
      );
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["held", "in_flight"]);
    }
    expect(await one.ledger.balance(jane.id)).toEqual({ tokens: 4000, held: 2000 });
  });

  it("answer a charged key once more on any server, and only once", async () => {
    const stores = await openMany(3);
    const jane = await createAccount(stores[0]!);
    const first = question(jane, { key: "key" });
    await stores[0]!.ledger.hold(first);
    await stores[0]!.ledger.charge(first.id);
    const again = stores.map((store) => ({ store, request: question(jane, { key: "key" }) }));
    const outcomes = await Promise.all(again.map(({ store, request }) => store.ledger.hold(request)));
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["in_flight", "in_flight", "paid"]);
    await Promise.all(again.map(({ store, request }) => store.ledger.charge(request.id)));
    expect(await stores[2]!.ledger.hold(question(jane, { key: "key" }))).toMatchObject({
      kind: "answer_expired",
    });
    expect(await stores[1]!.ledger.balance(jane.id)).toEqual({ tokens: 3900, held: 0 });
  });

  it("free the holds of a killed server when they expire, and answer in_flight until then", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const gone = await open({ now: clock.now });
    const other = await open({ now: clock.now });
    const jane = await createAccount(gone, 100);
    const asked = () => question(jane, { key: "key", expires: clock.now() + 130_000 });
    await gone.ledger.hold(asked());
    await gone.close();
    await clock.advance(129_999);
    expect(await other.ledger.hold(asked())).toEqual({ kind: "in_flight" });
    await clock.advance(1);
    const next = asked();
    expect(await other.ledger.hold(next)).toEqual({ kind: "held" });
    await other.ledger.charge(next.id);
    expect(await other.ledger.balance(jane.id)).toEqual({ tokens: 0, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("expire a hold by the database's clock, not by a server's", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const fast = await open({ now: () => clock.now() + 3_600_000 });
    const jane = await createAccount(fast, 100);
    const request = question(jane, { expires: clock.now() + 3_600_000 + 130_000 });
    await fast.ledger.hold(request);
    await clock.advance(130_000);
    expect(await fast.ledger.charge(request.id)).toEqual({ kind: "expired" });
  });

  it("sign with one secret, made once by servers that start at the same moment", async () => {
    const stores = await openMany(8);
    const secrets = await Promise.all(stores.map((store) => store.signingSecret()));
    expect(new Set(secrets.map((secret) => secret.toString("hex"))).size).toBe(1);
    expect(secrets[0]!.length).toBeGreaterThanOrEqual(32);
  });

  it("see a logout and a new password of another server at once", async () => {
    const [one, two] = (await openMany(2)) as [Store, Store];
    const jane = await createAccount(one);
    await one.accounts.revoke({ account: jane.id, jti: "gone", expires: Date.now() + 60_000 });
    await one.accounts.setPassword({ account: jane.id, generation: 1, passwordHash: "$2b$new" });
    expect(await two.accounts.session(jane.id, "gone")).toEqual({
      account: { ...jane, passwordHash: "$2b$new", generation: 2 },
      revoked: true,
    });
  });

  it("serve the others while one account's row is locked, though it has more questions than connections", async () => {
    const store = await open({ connections: 4 });
    const [jane, john] = [await createAccount(store), await createAccount(store)];
    const operator = await lockAccount(jane.id);
    const janes = Array.from({ length: 30 }, () => store.ledger.hold(question(jane)));
    const request = question(john);
    expect(await store.ledger.hold(request)).toEqual({ kind: "held" });
    expect((await store.ledger.charge(request.id)).kind).toBe("charged");
    expect(await store.ready()).toBe(true);
    await operator.query("ROLLBACK");
    const outcomes = await Promise.all(janes);
    expect(outcomes).toEqual(outcomes.map(() => ({ kind: "held" })));
  });

  it("sweep expired rows together, and skip a locked account", async () => {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    const store = await open({ now: clock.now });
    const [jane, john] = [await createAccount(store), await createAccount(store)];
    const expires = clock.now() + 130_000;
    const charged = question(john, { key: "key", expires });
    await store.ledger.hold(charged);
    await store.ledger.charge(charged.id);
    for (const account of [jane, john, john]) await store.ledger.hold(question(account, { expires }));
    await store.accounts.revoke({ account: jane.id, jti: "gone", expires });
    await clock.advance(130_000);
    const databases = Array.from({ length: 3 }, () =>
      openDatabase({ connectionString: place.url, connections: 2, ...unhurried, warn }),
    );
    for (const database of databases) closers.push(() => database.close());
    const operator = await lockAccount(jane.id);
    const sweepAll = () => Promise.all(databases.map((database) => sweep(database)));
    await sweepAll();
    const held = () => place.query("SELECT held::int FROM chat_accounts ORDER BY id = $1", [jane.id]);
    expect(await held()).toEqual([{ held: 0 }, { held: 100 }]);
    await operator.query("ROLLBACK");
    await sweepAll();
    expect(await held()).toEqual([{ held: 0 }, { held: 0 }]);
    expect(await balanced(place)).toBe(true);
    // An hour longer than it is good: a server whose clock is behind would still take the token.
    expect(await place.query("SELECT jti FROM chat_revoked")).toEqual([{ jti: "gone" }]);

    await clock.advance(90 * 24 * 3_600_000);
    await sweepAll();
    for (const table of ["questions", "revoked", "usage"])
      expect(await place.query(`SELECT * FROM chat_${table}`)).toEqual([]);
    expect(await store.ledger.balance(john.id)).toEqual({ tokens: 3900, held: 0 });
  });

  it("work behind a pooler that gives every statement another connection", async () => {
    // The schema is made beforehand: whoever goes through this pooler has nothing of a session.
    await (await openPostgresStore({ url: place.url, warn })).close();
    const pooler = await openPooler(place.url, 3);
    closers.push(() => pooler.close());
    const stores = [
      await open({ url: pooler.through(place.url) }),
      await open({ url: pooler.through(place.url) }),
    ];
    const jane = await createAccount(stores[0]!, 1000);
    const asked = Array.from({ length: 30 }, (_, index) => ({
      store: stores[index % 2]!,
      request: question(jane, { key: `key ${index}` }),
    }));
    const charged = await Promise.all(
      asked.map(async ({ store, request }) => {
        if ((await store.ledger.hold(request)).kind !== "held") return 0;
        return (await store.ledger.charge(request.id)).kind === "charged" ? 1 : 0;
      }),
    );
    expect(charged.filter((one) => one === 1)).toHaveLength(10);
    expect(await stores[1]!.ledger.balance(jane.id)).toEqual({ tokens: 0, held: 0 });
    expect(await balanced(place)).toBe(true);
  });
});
