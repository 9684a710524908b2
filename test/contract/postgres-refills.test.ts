import { beforeEach, describe, expect, it } from "vitest";
import type { RefillSetting } from "../../src/protocol/refill.ts";
import type { Store } from "../../src/server/core/store.ts";
import { openDatabase, type Database } from "../../src/server/stores/postgres/database.ts";
import { createLanes } from "../../src/server/stores/postgres/lanes.ts";
import { createLedger } from "../../src/server/stores/postgres/ledger.ts";
import { createRefills } from "../../src/server/stores/postgres/refills.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { balanced, createAccount, question, unhurried } from "../support/postgres-store.ts";
import { noPostgres, skipped, type Place } from "../support/postgres.ts";

const DAY = 24 * 60 * 60 * 1000;
const daily: RefillSetting = { tokens: 1000, period: "day", cap: 4000 };

describe.skipIf(noPostgres)(`refills by several servers on Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  let clock: Awaited<ReturnType<typeof ownClock>>;
  let warnings: string[];
  beforeEach(async () => {
    ({ place } = places);
    clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
    warnings = [];
  });

  async function open(setting?: RefillSetting): Promise<Store> {
    const store = await openPostgresStore({
      url: place.url,
      now: clock.now,
      ...unhurried,
      warn: (sentence) => warnings.push(sentence),
    });
    places.closers.push(() => store.close());
    await store.setRefill(setting);
    return store;
  }

  const refilled = () =>
    place.query<{ id: string; tokens: number; balance: number; reason: string }>(
      "SELECT split_part(id, ' ', 2) AS id, tokens::int4, balance::int4, reason FROM chat_ledger WHERE kind = 'grant' ORDER BY at, id",
    );

  it("are paid once for each account when all of them ask at the same moment", async () => {
    const stores = await Promise.all([open(daily), open(daily), open(daily)]);
    const people = await Promise.all(Array.from({ length: 6 }, () => createAccount(stores[0], 0)));
    await clock.advance(DAY);
    const asked = people.flatMap((person) =>
      Array.from({ length: 9 }, () => question(person, { expires: clock.now() + 130_000 })),
    );
    const ledgerOf = (index: number) => stores[index % stores.length]!.ledger;
    const kinds = await Promise.all(asked.map(async (one, index) => (await ledgerOf(index).hold(one)).kind));
    expect(new Set(kinds)).toEqual(new Set(["held"]));
    await Promise.all(asked.map(({ id }, index) => ledgerOf(index).charge(id)));
    const paid = { id: "refill:2026-11-23", tokens: 1000, balance: 1000, reason: "refill 2026-11-23" };
    expect(await refilled()).toEqual(people.map(() => paid));
    expect(await stores[1].ledger.balance(people[3]!.id)).toMatchObject({ tokens: 100, held: 0 });
    expect(await balanced(place)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it("follow the setting of the server that pays first, and each server is told of the other's", async () => {
    const [one, other] = [await open(daily), await open({ ...daily, tokens: 50, cap: null })];
    const [jane, john] = [await createAccount(one, 0), await createAccount(one, 0)];
    expect(warnings).toEqual([
      expect.stringMatching(/: 1000\/day, up to 4000\. .*: 50\/day, without a cap,/),
    ]);
    await clock.advance(DAY);
    const tokens = async (store: Store, id: string) => (await store.ledger.balance(id)).tokens;
    expect([await tokens(one, jane.id), await tokens(other, jane.id)]).toEqual([1000, 1000]);
    expect([await tokens(other, john.id), await tokens(one, john.id)]).toEqual([50, 50]);
    await open(daily);
    expect(warnings).toHaveLength(2);
    await open(daily);
    expect(warnings).toHaveLength(2);
  });

  it("are written once by servers that start at the same moment", async () => {
    await Promise.all(Array.from({ length: 5 }, () => open(daily)));
    expect(await place.query("SELECT name FROM chat_settings WHERE name LIKE 'refill%'")).toEqual([
      { name: "refill:1" },
    ]);
    expect(warnings).toEqual([]);
  });

  it("cost a question no statement while nothing is due", async () => {
    const store = await open(daily);
    const jane = await createAccount(store, 500);
    const database = openDatabase({
      connectionString: place.url,
      ...unhurried,
      connections: 2,
      warn: () => {},
    });
    places.closers.push(() => database.close());
    let statements = 0;
    const run: Database["run"] = (...statement) => {
      statements += 1;
      return database.run(...statement);
    };
    const refills = createRefills({ run, warn: () => {} });
    await refills.set(daily);
    const ledger = createLedger({
      database: { ...database, run },
      lanes: createLanes(2, 120_000),
      now: clock.now,
      abandoned: new Map(),
      refills,
    });
    const statementsOf = async (work: () => Promise<unknown>) => {
      statements = 0;
      await work();
      return statements;
    };
    const ask = () => ledger.hold(question(jane, { expires: clock.now() + 130_000 }));
    const balance = () => ledger.balance(jane.id);
    expect(await statementsOf(ask)).toBe(1);
    expect(await statementsOf(balance)).toBe(1);
    await clock.advance(DAY);
    expect(await statementsOf(ask)).toBeGreaterThan(1);
    expect(await statementsOf(ask)).toBe(1);
    expect(await statementsOf(balance)).toBe(1);
    // Switched on just now, a period that began before is not due, and nobody looks for it again.
    await refills.set({ ...daily, period: "month" });
    expect(await statementsOf(ask)).toBe(1);
  });
});
