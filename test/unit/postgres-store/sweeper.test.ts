import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../../../src/server/stores/postgres/database.ts";
import { RELEASE } from "../../../src/server/stores/postgres/release.ts";
import { openSweeper } from "../../../src/server/stores/postgres/sweeper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Longer than the time between two rounds can be. */
const ROUND = 8_000;

test("releases what was abandoned once the database answers, and leaves to the sweep what has had its time", async () => {
  let down = true;
  const released: unknown[] = [];
  const run: Database["run"] = async (sql, values = []) => {
    if (down) throw new Error("down");
    if (sql === RELEASE) released.push(values[0]);
    return { rows: [], conflict: false, repeated: false };
  };
  const abandoned = new Map([
    ["over", 999],
    ["just over", 1000],
    ["open", 1001],
  ]);
  const sweeper = openSweeper({ run }, abandoned, () => 1000);

  await vi.advanceTimersByTimeAsync(ROUND);
  expect([...abandoned.keys()]).toEqual(["open"]);
  down = false;
  await vi.advanceTimersByTimeAsync(ROUND);
  expect([released, abandoned.size]).toEqual([["open"], 0]);
  await sweeper.close();
});
