import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { charge, CHARGE } from "../../../../../src/server/stores/postgres/charge.ts";
import type { Database } from "../../../../../src/server/stores/postgres/database.ts";
import { overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How a charge fails if no connection is free after CHARGE has changed nothing. */
async function failureAfter({ repeated }: { repeated: boolean }): Promise<unknown> {
  const run: Database["run"] = async (sql) => {
    if (sql !== CHARGE) throw overloaded();
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
