import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LimitName } from "../../src/server/core/limit-names.ts";
import type { Limit } from "../../src/server/core/ports.ts";
import type { Store } from "../../src/server/core/store.ts";
import { createLimit } from "../../src/server/limits/limit.ts";
import { openDatabase } from "../../src/server/stores/postgres/database.ts";
import { openPostgresStore } from "../../src/server/stores/postgres/store.ts";
import { sweep } from "../../src/server/stores/postgres/sweep.ts";
import { ownClock } from "../support/postgres-clock.ts";
import { openPlaces } from "../support/postgres-places.ts";
import { unhurried } from "../support/postgres-store.ts";
import { noPostgres, type Place, skipped } from "../support/postgres.ts";

describe.skipIf(noPostgres)(`limits of several servers on one Postgres${skipped(noPostgres)}`, () => {
  const places = openPlaces();
  let place: Place;
  let clock: Awaited<ReturnType<typeof ownClock>>;
  beforeEach(async () => {
    ({ place } = places);
    clock = await ownClock(place, Date.parse("2026-11-22T10:00:00Z"));
  });

  const warn = (sentence: string) => {
    throw new Error(sentence);
  };

  /** The limit of a server. */
  async function open(name: LimitName = "login"): Promise<Limit> {
    const store: Store = await openPostgresStore({ url: place.url, warn, ...unhurried });
    places.closers.push(() => store.close());
    const rate = () => ({ count: 3, seconds: 900 });
    return createLimit({ name, rate, detail: "Too many.", shared: store.counter });
  }

  const taken = async (limits: Limit[], times: number, key = "jane") => {
    const all = Array.from({ length: times }, (_, time) => limits[time % limits.length]!.take(key));
    return (await Promise.allSettled(all)).filter(({ status }) => status === "fulfilled").length;
  };

  it("takes as many of a burst at all servers together as at one", async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(await taken([one, two], 20)).toBe(3);
    expect(await taken([one, two], 2, "john")).toBe(2);
    await expect(two.take("jane")).rejects.toMatchObject({ code: "rate_limited", retryAfter: 900 });
    expect(await taken([await open("register")], 4)).toBe(3);
  });

  it("takes one more at any server for each that another gives back, and forgets a key at all", async () => {
    const [one, two] = [await open(), await open()];
    const giveBack = await one.take("jane");
    expect(await taken([two], 5)).toBe(2);
    await giveBack();
    expect(await taken([one, two], 4)).toBe(1);
    await two.clear("jane");
    expect(await taken([one, two], 8)).toBe(3);
  });

  it("begins anew when the window has ended, and the sweeper removes what is old", async () => {
    const limits = [await open(), await open()];
    expect(await taken(limits, 4)).toBe(3);
    await clock.advance(899_999);
    expect(await taken(limits, 4)).toBe(0);
    await clock.advance(1);
    expect(await taken(limits, 4)).toBe(3);
    const database = openDatabase({
      connectionString: place.url,
      connections: 1,
      wait: 60_000,
      answer: 60_000,
      warn,
    });
    try {
      for (const [ms, left] of [
        [899_999, 1],
        [1, 0],
      ] as const) {
        await clock.advance(ms);
        await sweep(database);
        expect(await place.query("SELECT key FROM chat_limits")).toHaveLength(left);
      }
    } finally {
      await database.close();
    }
  });

  it("counts by the database's clock, whatever those of the servers say", async () => {
    const [one, two] = [await open(), await open()];
    try {
      vi.useFakeTimers({ toFake: ["Date"] });
      const statuses = [];
      for (const hours of [0, 5, -5, 10]) {
        vi.setSystemTime(clock.now() + hours * 3_600_000);
        statuses.push(await taken([one], 1));
      }
      expect(statuses).toEqual([1, 1, 1, 0]);
      await expect(two.take("jane")).rejects.toMatchObject({ code: "rate_limited", retryAfter: 900 });
    } finally {
      vi.useRealTimers();
    }
  });

  it("takes nothing back once the window has ended", async () => {
    const limit = await open();
    const giveBack = await limit.take("jane");
    await clock.advance(900_000);
    await giveBack();
    expect(await taken([limit], 5)).toBe(3);
  });

  it("keeps no name that somebody typed", async () => {
    await (await open()).take("my-password");
    const rows = await place.query<{ key: string }>("SELECT key FROM chat_limits");
    expect(rows).toEqual([{ key: expect.stringMatching(/^[\da-f]{64}$/) }]);
  });
});
