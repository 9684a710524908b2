import { Client } from "pg";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Account, HoldRequest, Login } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { createLanes } from "../../src/server/stores/postgres/lanes.ts";
import { createLedger } from "../../src/server/stores/postgres/ledger.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";
import { openTcpProxy, type Fate, type TcpProxy } from "../support/tcp-proxy.ts";

type Work<T> = () => Promise<T>;
async function inTurn<T>(work: Work<T>[]): Promise<T[]> {
  const done: T[] = [];
  for (const one of work) done.push(await one());
  return done;
}
/** How questions come. One that is alone goes in another statement. */
const ways: [string, <T>(work: Work<T>[]) => Promise<T[]>][] = [
  ["together", (work) => Promise.all(work.map((one) => one()))],
  ["one after another", inTurn],
];

describe.skipIf(noPostgres)(`questions that come at the same moment${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  let wire: TcpProxy;
  let store: Store;
  let people: Account[];
  beforeEach(async () => {
    ({ place } = places);
    wire = await openTcpProxy(places.cluster.port);
    closers.push(() => wire.close());
    store = await open();
    people = [];
    while (people.length < 6) people.push(await createAccount(store));
  });

  async function open(options: { connections?: number } = {}): Promise<Store> {
    const warn = () => {};
    const opened = await openPostgresStore({
      url: wire.through(place.url),
      warn,
      ...unhurried,
      ...options,
    });
    closers.push(() => opened.close());
    return opened;
  }

  /** A ledger without the sweeper of a store, whose statements would be counted; and the round trips of its calls. */
  async function openCounted() {
    const url = wire.through(place.url);
    const database = openDatabase({ connectionString: url, connections: 4, ...unhurried, warn: () => {} });
    closers.push(() => database.close());
    const lanes = createLanes(2, unhurried.wait);
    const ledger = createLedger({ database, lanes, now: Date.now, abandoned: new Map() });
    // No other store may use the wire.
    await store.close();
    let count = 0;
    // Each statement ends with one Sync.
    wire.seen = (data) => (count += data.toString("latin1").split(/S\0\0\0\x04|Q\0\0/).length - 1);
    async function trips(work: Promise<unknown>[]): Promise<number> {
      count = 0;
      await Promise.all(work);
      return count;
    }
    return {
      ledger,
      hold: (requests: HoldRequest[]) => trips(requests.map((request) => ledger.hold(request))),
      charge: (requests: HoldRequest[]) => trips(requests.map(({ id }) => ledger.charge(id))),
    };
  }

  const askAll = (more: Partial<HoldRequest> = {}) => people.map((person) => question(person, more));
  const hold = (requests: HoldRequest[]) =>
    Promise.all(requests.map((request) => store.ledger.hold(request)));
  const charge = (requests: HoldRequest[]) => Promise.all(requests.map(({ id }) => store.ledger.charge(id)));
  const held = { kind: "held" };
  const charged = (tokens: number, holds = 0) => ({ kind: "charged", balance: { tokens, held: holds } });

  async function lockAccounts(...accounts: Account[]): Promise<Client> {
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    await operator.query("BEGIN");
    const ids = accounts.map(({ id }) => id);
    await operator.query("SELECT id FROM chat_accounts WHERE id = ANY($1) FOR UPDATE", [ids]);
    return operator;
  }

  /** The statements with this word in their first 1,024 characters, which is what Postgres shows, that wait for a lock. */
  const waitingFor = async (word: string) =>
    (
      await place.query(
        "SELECT FROM pg_stat_activity WHERE application_name = $1 AND query LIKE $2 AND wait_event_type = 'Lock'",
        [place.name, `%${word}%`],
      )
    ).length;

  /** From now on this statement fails for a row with this text in this column. */
  async function poison(table: string, column: string, text: string, state: string): Promise<void> {
    await place.query(
      `CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.${column} = '${text}' THEN RAISE 'poison' USING ERRCODE = '${state}'; END IF; RETURN NEW;
       END $$`,
    );
    await place.query(
      `CREATE TRIGGER poison BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION poison()`,
    );
  }

  it("are held in one round trip and charged in one", async () => {
    const counted = await openCounted();
    for (let round = 0; round < 2; round += 1) {
      const requests = askAll();
      expect(await counted.hold(requests)).toBe(1);
      expect(await counted.charge(requests)).toBe(1);
    }
    for (const { id } of people) expect(await counted.ledger.balance(id)).toEqual({ tokens: 3800, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it.each(ways)(
    "each cost their own price, and their charges name their own model, %s",
    async (_how, all) => {
      const requests = people.map((person, place) =>
        question(person, { price: 10 + place, model: `model ${place}`, key: "key" }),
      );
      await all(requests.map((request) => () => store.ledger.hold(request)));
      await all(
        requests.map(
          ({ id }) =>
            () =>
              store.ledger.charge(id),
        ),
      );
      const again = requests.map(({ price, model }) => ({ kind: "paid", cost: price, model }));
      expect(await hold(askAll({ key: "key" }))).toEqual(again);
      expect(
        await place.query(
          "SELECT -tokens::int4 AS price, model FROM chat_ledger WHERE kind = 'charge' ORDER BY tokens DESC",
        ),
      ).toEqual(requests.map(({ price, model }) => ({ price, model })));
    },
  );

  it("take no more round trips when one account asks them all", async () => {
    const counted = await openCounted();
    const requests = people.map(() => question(people[0]!));
    expect(await counted.hold(requests)).toBe(1);
    expect(await counted.charge(requests)).toBe(1);
    expect(await counted.ledger.balance(people[0]!.id)).toEqual({ tokens: 3400, held: 0 });
  });

  it("take one more round trip for those that are refused, each", async () => {
    const counted = await openCounted();
    const dear = askAll({ price: 4001 });
    expect(await counted.hold([...askAll(), ...dear])).toBe(1 + dear.length);
  });

  it("are decided in their order if they are of one account", async () => {
    const poor = await createAccount(store, 250);
    const requests = [question(poor), question(poor), question(poor)];
    const balance = { tokens: 250, held: 200 };
    expect(await hold(requests)).toEqual([held, held, { kind: "all_held", balance }]);
    expect(await charge(requests.slice(0, 2))).toEqual([charged(150, 100), charged(50)]);
    expect(await store.ledger.usage(poor.id, 1)).toMatchObject([{ questions: 2, tokens: 200 }]);
    const entries = await place.query(
      "SELECT id, balance::int FROM chat_ledger WHERE account = $1 AND kind = 'charge' ORDER BY balance DESC",
      [poor.id],
    );
    expect(entries).toEqual([
      { id: requests[0]!.id, balance: 150 },
      { id: requests[1]!.id, balance: 50 },
    ]);
    expect(await balanced(place)).toBe(true);
  });

  it("hold a key once, and what comes after it", async () => {
    const poor = await createAccount(store, 250);
    const requests = [question(poor, { key: "key" }), question(poor, { key: "key" }), question(poor)];
    expect(await hold(requests)).toEqual([held, { kind: "in_flight" }, held]);
    expect(await store.ledger.balance(poor.id)).toEqual({ tokens: 250, held: 200 });
    expect(await balanced(place)).toBe(true);
  });

  it("hold a cheap question after one that is too dear", async () => {
    const poor = await createAccount(store, 100);
    const outcomes = await hold([question(poor, { price: 101 }), question(poor)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["insufficient", "held"]);
  });

  it("do not wait for one whose account is locked", async () => {
    const operator = await lockAccounts(people[0]!);
    const [first, ...others] = askAll();
    const waiting = store.ledger.hold(first!);
    expect(await hold(others)).toEqual(others.map(() => held));
    expect(await charge(others)).toEqual(others.map(() => charged(3900)));
    expect(await store.ledger.balance(people[0]!.id)).toEqual({ tokens: 4000, held: 0 });
    await operator.query("ROLLBACK");
    expect(await waiting).toEqual(held);

    const again = await lockAccounts(people[0]!);
    const more = askAll().slice(1);
    await hold(more);
    const paying = store.ledger.charge(first!.id);
    expect(await charge(more)).toEqual(more.map(() => charged(3800)));
    await again.query("ROLLBACK");
    expect(await paying).toEqual(charged(3900));
    expect(await balanced(place)).toBe(true);
  });

  it("are served while as many accounts are locked as the server has connections", async () => {
    const small = await open({ connections: 4 });
    const [free, ...locked] = askAll();
    const operator = await lockAccounts(...people.slice(1));
    const waiting = Promise.all(locked.map((request) => small.ledger.hold(request)));
    expect(await small.ledger.hold(free!)).toEqual(held);
    await vi.waitUntil(async () => (await waitingFor("INTO chat_questions")) === 2, { timeout: 60_000 });
    expect(await small.ledger.charge(free!.id)).toEqual(charged(3900));
    expect(await waitingFor("INTO chat_questions")).toBe(2);
    await operator.query("ROLLBACK");
    expect(await waiting).toEqual(locked.map(() => held));
  });

  it.each([
    ["by mistake", "22000"],
    ["because it is refused", "53100"],
  ])("are held if one of them fails %s, also of its account", async (_why, state) => {
    await poison("chat_questions", "digest", "poison", state);
    const [bad, same] = [question(people[0]!, { digest: "poison" }), question(people[0]!)];
    const outcomes = await Promise.allSettled(
      [bad, same, ...askAll().slice(1)].map((request) => store.ledger.hold(request)),
    );
    const fulfilled = { status: "fulfilled", value: held };
    expect(outcomes[0]?.status).toBe("rejected");
    expect(outcomes.slice(1)).toEqual(people.map(() => fulfilled));
    expect(await store.ledger.balance(people[0]!.id)).toEqual({ tokens: 4000, held: 100 });
    expect(await balanced(place)).toBe(true);
  });

  it("are not charged with the others once their hold has expired", async () => {
    const late = [question(people[0]!, { expires: 0 }), question(people[1]!, { expires: 0 })];
    const requests = askAll();
    await hold([...late, ...requests]);
    const expired = late.map(() => ({ kind: "expired" }));
    const outcomes = await charge([...late, ...requests]);
    expect(outcomes.slice(0, 2)).toEqual(expired);
    expect(outcomes.slice(2)).toMatchObject(people.map(() => ({ kind: "charged" })));
    for (const { id } of people) expect(await store.ledger.balance(id)).toEqual({ tokens: 3900, held: 0 });
    expect(await balanced(place)).toBe(true);
  });

  it("are charged if one of them fails, also of its account", async () => {
    const requests = [question(people[0]!), ...askAll()];
    await hold(requests);
    await poison("chat_ledger", "id", requests[0]!.id, "22000");
    const [bad, ...others] = await Promise.allSettled(requests.map(({ id }) => store.ledger.charge(id)));
    expect(bad?.status).toBe("rejected");
    expect(others.map(({ status }) => status)).toEqual(people.map(() => "fulfilled"));
    expect(await store.ledger.balance(people[0]!.id)).toEqual({ tokens: 3900, held: 100 });
    await store.ledger.release(requests[0]!.id);
    expect(await balanced(place)).toBe(true);
  });

  it("do not wait for one that is rolled back again and again", async () => {
    await poison("chat_questions", "digest", "poison", "40001");
    const [first, ...others] = askAll();
    const failing = store.ledger.hold({ ...first!, digest: "poison" }).catch((error: unknown) => error);
    expect(await hold(others)).toEqual(others.map(() => held));
    expect(await failing).toMatchObject({ code: "store_unavailable" });
    expect(await store.ledger.balance(people[0]!.id)).toEqual({ tokens: 4000, held: 0 });
  });

  it.each<Fate>(["cut before it arrives", "cut before its answer"])(
    "are held and charged once if their connection is %s",
    async (fate) => {
      const requests = [...askAll({ key: "key" }), ...askAll()];
      wire.nextWith = requests[0]!.id;
      wire.next = fate;
      expect(await hold(requests)).toEqual(requests.map(() => held));
      expect(wire.next).toBe("pass");
      wire.next = fate;
      const outcomes = await charge(requests);
      expect(outcomes.map(({ kind }) => kind)).toEqual(requests.map(() => "charged"));
      expect(wire.next).toBe("pass");
      for (const { id } of people) expect(await store.ledger.balance(id)).toEqual({ tokens: 3800, held: 0 });
      expect(await balanced(place)).toBe(true);
    },
  );

  it("wait behind no statement that gets no response", async () => {
    const [first, ...others] = askAll();
    // A charge is not answered, because the database waits for the lock of this table.
    const operator = new Client({ connectionString: place.url });
    await operator.connect();
    closers.push(() => operator.end());
    await operator.query("BEGIN");
    await operator.query("LOCK TABLE chat_usage");
    await hold([first!, ...others]);
    const stuck = store.ledger.charge(first!.id);
    const waitFor = (count: number) =>
      vi.waitUntil(async () => (await waitingFor("charged_at = now()")) >= count, { timeout: 60_000 });
    await waitFor(1);
    const more = charge(others);
    await waitFor(2);
    await operator.query("ROLLBACK");
    expect(await stuck).toEqual(charged(3900));
    expect(await more).toEqual(others.map(() => charged(3900)));
  });

  it("of the same accounts on several servers are all charged, without a deadlock", async () => {
    const stores = [store, await open(), await open()];
    const deadlocks = async () =>
      (await place.query<{ n: string }>("SELECT sum(deadlocks) AS n FROM pg_stat_database"))[0]?.n;
    const before = await deadlocks();
    for (let round = 0; round < 8; round += 1)
      await Promise.all(
        stores.map(async ({ ledger }, index) => {
          const requests = askAll();
          if (index % 2 === 1) requests.reverse();
          await Promise.all(requests.map((request) => ledger.hold(request)));
          await Promise.all(requests.map(({ id }) => ledger.charge(id)));
        }),
      );
    for (const { id } of people) expect(await store.ledger.balance(id)).toEqual({ tokens: 1600, held: 0 });
    expect(await deadlocks()).toBe(before);
    expect(await balanced(place)).toBe(true);
  });

  it.each(ways)("are admitted only with a login that is still good, %s", async (_how, all) => {
    const admit = (login: Login, request: HoldRequest) => store.ledger.admit!(login, request);
    const [jane, out, changed, off] = people as [Account, Account, Account, Account];
    await store.accounts.revoke({ account: out.id, jti: "one", expires: Date.now() + 60_000 });
    await store.accounts.setPassword({ account: changed.id, generation: 1, passwordHash: "$2b$new" });
    await store.accounts.setDisabled(off.id, true);
    const ask =
      (account: Pick<Account, "id">, login = { generation: 1, jti: "one" }) =>
      () =>
        admit(login, question(account as Account));
    const yes = ({ name }: Account) => ({ kind: "admitted", name, outcome: held });
    const outcomes = await all([
      ask(jane),
      ask(out),
      ask(out, { generation: 1, jti: "two" }),
      ask(changed),
      ask(changed, { generation: 2, jti: "one" }),
      ask(off),
      ask({ id: "nobody" }),
      ask(people[4]!, { generation: 2 ** 40, jti: "one" }),
    ]);
    const ended = { kind: "ended" };
    expect(outcomes).toEqual([
      yes(jane),
      ended,
      yes(out),
      ended,
      yes(changed),
      { kind: "disabled" },
      ended,
      ended,
    ]);
    const holds = await place.query("SELECT sum(held)::int AS held FROM chat_accounts");
    expect(holds).toEqual([{ held: 300 }]);
    // The login comes before the key and the balance.
    const used = question(out, { key: "key" });
    await store.ledger.hold(used);
    const again = question(out, { key: "key", price: 1_000_000 });
    expect(await admit({ generation: 1, jti: "one" }, again)).toEqual(ended);
    expect(await admit({ generation: 1, jti: "two" }, again)).toMatchObject({
      outcome: { kind: "in_flight" },
    });
  });
});
