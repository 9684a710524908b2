import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../../../../../src/server/stores/postgres/database.ts";
import { RELEASE_MANY, RELEASE_MANY_AGAIN } from "../../../../../src/server/stores/postgres/release.ts";
import { openSweeper } from "../../../../../src/server/stores/postgres/sweeper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Longer than the time between two rounds can be. */
const ROUND = 8_000;

/** A database that is down at first; `found`: the holds that each statement finds. */
function fakeDatabase() {
  const database = { down: true, found: new Map<string, string[]>(), tried: [] as string[] };
  const run: Database["run"] = async (sql, values = []) => {
    if (database.down) throw new Error("down");
    if (sql === RELEASE_MANY) database.tried.push(...(values[0] as string[]));
    const rows = (database.found.get(sql) ?? []).map((id) => ({ id }));
    return { rows: rows as never[], conflict: false, repeated: false };
  };
  return Object.assign(database, { run });
}

test("the sweeper releases abandoned holds until it finds them, and leaves expired ones to the sweep", async () => {
  const database = fakeDatabase();
  let now = 1000;
  const abandoned = new Map([
    ["over", 999],
    ["just over", 1000],
    ["held", 2001],
    ["asked again", 2001],
    ["never made", 2001],
  ]);
  const sweeper = openSweeper(database, abandoned, () => now);
  const round = async () => {
    database.tried = [];
    await vi.advanceTimersByTimeAsync(ROUND);
    return [...abandoned.keys()];
  };

  expect(await round()).toEqual(["held", "asked again", "never made"]);
  database.down = false;
  // Their transactions are still under way.
  expect(await round()).toEqual(["held", "asked again", "never made"]);
  expect(database.tried).toEqual(expect.arrayContaining(["held", "asked again", "never made"]));
  database.found.set(RELEASE_MANY, ["held"]).set(RELEASE_MANY_AGAIN, ["asked again"]);
  expect(await round()).toEqual(["never made"]);
  now = 2001;
  expect(await round()).toEqual([]);
  expect(database.tried).toEqual([]);
  await sweeper.close();
});

test("the sweeper releases many abandoned holds in pieces", async () => {
  const ids = Array.from({ length: 2_500 }, (_, index) => String(index));
  const sizes: number[] = [];
  const run: Database["run"] = async (sql, values = []) => {
    if (sql !== RELEASE_MANY) return { rows: [], conflict: false, repeated: false };
    const piece = values[0] as string[];
    sizes.push(piece.length);
    return { rows: piece.map((id) => ({ id })) as never[], conflict: false, repeated: false };
  };
  const abandoned = new Map(ids.map((id) => [id, 2000]));
  const sweeper = openSweeper({ run }, abandoned, () => 1000);
  await vi.advanceTimersByTimeAsync(ROUND);
  expect([sizes, abandoned.size]).toEqual([[1000, 1000, 500], 0]);
  await sweeper.close();
});
