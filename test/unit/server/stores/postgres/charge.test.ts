import type { ApiError } from "../../../../../src/server/core/api-error.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { charge, CHARGE_KEYED } from "../../../../../src/server/stores/postgres/charge.ts";
import { unavailable, type Database } from "../../../../../src/server/stores/postgres/database.ts";
import { problemOf } from "../../../../../src/server/http/problem.ts";
import { createLedger } from "../../../../../src/server/stores/postgres/ledger.ts";
import { createLanes, overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";

// Not setImmediate: nobody would call it after the time has passed.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** How a charge fails if no connection is free after CHARGE_KEYED has changed nothing. */
async function failureAfter({ repeated }: { repeated: boolean }): Promise<unknown> {
  const run: Database["run"] = async (sql) => {
    if (sql !== CHARGE_KEYED) throw overloaded();
    return { rows: [], conflict: false, repeated };
  };
  const failure = charge({ run }, "hold").catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10_000);
  return failure;
}

test("a charge whose response was lost does not count as unsent if no connection is free afterwards", async () => {
  expect(await failureAfter({ repeated: true })).toMatchObject({ code: "store_unavailable" });
});

test("a charge that changed nothing counts as unsent if no connection is free afterwards", async () => {
  expect(await failureAfter({ repeated: false })).toMatchObject({ code: "overloaded" });
});

test("the problem document says whether the question may have been charged", async () => {
  const inDoubtAfter = async (failure: Error) => {
    const run: Database["run"] = () => Promise.reject(failure);
    const lanes = createLanes(1, 1_000);
    const ledger = createLedger({ database: { run }, lanes, now: Date.now, abandoned: new Map() });
    const charging = ledger.charge("hold").catch((error: ApiError) => problemOf(error, "id"));
    await vi.advanceTimersByTimeAsync(10_000);
    return charging;
  };
  expect(await inDoubtAfter(unavailable(new Error("lost")))).toHaveProperty("in_doubt", true);
  expect(await inDoubtAfter(overloaded())).not.toHaveProperty("in_doubt");
});
