import { Client } from "pg";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { StoreState } from "../../src/server/core/store-meter.ts";
import { createAccounts } from "../../src/server/stores/postgres/accounts.ts";
import {
  openDatabase,
  TogetherFailed,
  unavailable,
  type Database,
} from "../../src/server/stores/postgres/database.ts";
import { createGather } from "../../src/server/stores/postgres/gather.ts";
import { createLanes } from "../../src/server/stores/postgres/lanes.ts";
import { createLedger, heldIn, type OpenHolds } from "../../src/server/stores/postgres/ledger.ts";
import { createOperations } from "../../src/server/stores/postgres/operations.ts";
import { createRefills } from "../../src/server/stores/postgres/refills.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { createTally } from "../../src/server/stores/postgres/tally.ts";
import { createUnderWay } from "../../src/server/stores/postgres/under-way.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";
import { recordMeter } from "../support/recorded-meter.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { meterContract, type MeteredFixture } from "./meter-contract.ts";

const DAY = 24 * 60 * 60 * 1000;

describe.skipIf(noPostgres)(`a meter of Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  const { closers } = places;
  let place: Place;
  beforeEach(() => void ({ place } = places));

  const warn = () => {};
  const lost = () => Object.assign(new Error("made by a test"), { code: "ECONNRESET" });

  async function prepare() {
    const clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    await (await openPostgresStore({ url: place.url, warn, ...unhurried })).close();
    const database = openDatabase({ connectionString: place.url, connections: 4, ...unhurried, warn });
    closers.push(() => database.close());
    return { clock, database };
  }

  /** A database whose statements get these fates: 1 does not arrive, 2 loses its response, 3 does so and is sent again. */
  function faulty({ run }: Database, next: () => number | undefined): Database["run"] {
    return async (sql, values, timeout, together) => {
      const fate = next() ?? 0;
      const failed = () => (together ? new TogetherFailed(fate > 1, lost()) : unavailable(lost()));
      if (fate === 1) throw failed();
      const outcome = await run<never>(sql, values, timeout, together);
      if (fate === 2 || (fate === 3 && together)) throw failed();
      return fate === 3 ? { ...(await run<never>(sql, values, timeout)), repeated: true } : outcome;
    };
  }

  type Prepared = Awaited<ReturnType<typeof prepare>>;

  async function open({ clock, database }: Prepared): Promise<MeteredFixture> {
    let fates: number[] = [];
    const run = faulty(database, () => fates.shift());
    const { now } = clock;
    const meter = recordMeter();
    const tally = createTally(database, meter, now);
    const statements = { run, tally };
    const refills = createRefills({ ...statements, warn });
    await refills.set({ tokens: 70, period: "day", cap: 900 });
    const inFlight: OpenHolds = new Map();
    const lanes = createLanes(2, unhurried.wait);
    const runRow = createGather(statements, { wait: unhurried.wait, connections: 4 });
    const abandoned = new Map();
    const needs = { database: statements, lanes, runRow, refills, now, abandoned, inFlight };
    const ready = async () => true;
    meter.watch({ ready, held: () => heldIn(inFlight, now()) });
    const query = async <Row>(sql: string, values: unknown[] = []) =>
      (await database.run<Row>(sql, values)).rows;
    const sum = async () =>
      Number((await query<{ sum: string }>("SELECT sum(tokens) FROM chat_accounts"))[0]?.sum ?? 0);
    const before = await sum();
    const [last] = await query<{ n: string }>("SELECT coalesce(max(n), 0) AS n FROM chat_ledger");
    return {
      store: {
        ledger: createLedger(needs),
        accounts: createAccounts(statements),
        operations: createOperations(statements, createUnderWay()),
      },
      meter,
      now,
      fail: (next) => (fates = [...next]),
      async calm() {
        fates = [];
        await tally.look();
      },
      async stored() {
        const charges = await query<{ model: string; tokens: number }>(
          "SELECT model, -sum(tokens)::int4 AS tokens FROM chat_ledger WHERE kind = 'charge' AND n > $1 GROUP BY model",
          [last?.n],
        );
        const charged = new Map(charges.map(({ model, tokens }) => [model, tokens]));
        return { tokens: (await sum()) - before, charged };
      },
      nextDay: () => clock.advance(DAY),
      destroy: async () => expect(await balanced(place)).toBe(true),
    };
  }

  let prepared: Promise<Prepared> | undefined;
  beforeEach(() => {
    prepared = undefined;
  });
  // Once for all histories of a test.
  meterContract("Postgres", async () => open(await (prepared ??= prepare())), 15);

  async function openWired(isMetered = true) {
    const wire = await openTcpProxy(places.cluster.port);
    closers.push(() => wire.close());
    const meter = recordMeter();
    const given = isMetered ? { meter } : {};
    const store = await openPostgresStore({ url: wire.through(place.url), warn, ...unhurried, ...given });
    closers.push(() => store.close());
    const state = () => meter.state as Required<StoreState>;
    return { store, wire, meter, state };
  }

  it("gets what goes together, how long it took, and what is held and waits", async () => {
    const { store, meter, state } = await openWired();
    const people = await Promise.all([createAccount(store), createAccount(store), createAccount(store)]);
    const asked = people.map((person) => question(person));
    await Promise.all(asked.map((one) => store.ledger.hold(one)));
    expect(state().held()).toBe(300);
    expect(meter.batches).toEqual([]);
    const { writes } = meter;
    await Promise.all(asked.map(({ id }) => store.ledger.charge(id)));
    expect(meter.batches).toEqual([3]);
    expect(meter.writes).toBe(writes + 1);
    expect(state().held()).toBe(0);
    // A look-up is no write.
    await store.accounts.byName(people[0].name);
    expect(meter.writes).toBe(writes + 1);
    expect(await state().ready()).toBe(true);

    const locker = new Client({ connectionString: place.url });
    await locker.connect();
    closers.push(() => locker.end());
    await locker.query("BEGIN");
    await locker.query("SELECT id FROM chat_accounts FOR UPDATE");
    const holds = [store.ledger.hold(question(people[0]))];
    await vi.waitUntil(() => state().connections().in_use > 0, { timeout: 60_000 });
    // Their account has a statement already.
    while (holds.length < 3) holds.push(store.ledger.hold(question(people[0])));
    await vi.waitUntil(() => state().waiting() === 2, { timeout: 60_000 });
    await locker.query("ROLLBACK");
    await Promise.all(holds);
    expect(state().held()).toBe(300);
    expect(state().waiting()).toBe(0);
    await vi.waitUntil(() => state().connections().in_use === 0, { timeout: 60_000 });
    expect(state().connections().idle).toBeGreaterThan(0);
  });

  it("costs a question no statement", async () => {
    const count = async (isMetered: boolean) => {
      const { store, wire } = await openWired(isMetered);
      const jane = await createAccount(store);
      const [request, other] = [question(jane), question(jane)];
      let sent = 0;
      // Each statement about an account or a question names it; the sweeper names none.
      const ids = [jane.id, request.id, other.id];
      wire.seen = (data) => (sent += ids.some((id) => data.includes(id)) ? 1 : 0);
      await store.ledger.hold(request);
      await store.ledger.charge(request.id);
      await store.ledger.hold(other);
      await store.ledger.release(other.id);
      return sent;
    };
    expect([await count(true), await count(false)]).toEqual([4, 4]);
  });

  it("gets a charge in doubt by itself when the database answers again", async () => {
    const { store, wire, meter } = await openWired();
    const jane = await createAccount(store);
    const request = question(jane);
    await store.ledger.hold(request);
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    wire.seen = (data) => {
      if (!data.includes(request.id)) return;
      // No more patience: the response that is lost now was the last one.
      wire.next = "cut before its answer";
      vi.advanceTimersByTime(60_000);
    };
    await expect(store.ledger.charge(request.id)).rejects.toMatchObject({ code: "store_unavailable" });
    wire.seen = () => {};
    wire.next = "pass";
    expect((await store.ledger.balance(jane.id)).tokens).toBe(3900);
    await vi.waitUntil(() => meter.gained() === 3900, { timeout: 60_000 });
    expect(meter.chargedTokens).toEqual(new Map([["small", 100]]));
  });
});
