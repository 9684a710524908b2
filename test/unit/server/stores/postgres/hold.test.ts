import { expect, test } from "vitest";
import type { Database } from "../../../../../src/server/stores/postgres/database.ts";
import type { RunRow } from "../../../../../src/server/stores/postgres/gather.ts";
import { hold } from "../../../../../src/server/stores/postgres/hold.ts";
import { createRefills } from "../../../../../src/server/stores/postgres/refills.ts";
import { overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";

const request = {
  id: "hold",
  account: "jane",
  digest: "",
  price: 100,
  model: "small",
  expires: 1,
};
/** The account could pay, and no hold is seen yet. */
const state = { name: "jane", tokens: "4000", held: "0", stale: "0", key_id: null, mine: null };

test.each([
  [true, "store_unavailable"],
  [false, "overloaded"],
])("a hold whose response was lost (%s) and that finds no connection later is %s", async (lost, code) => {
  let tries = 0;
  const runRow: RunRow = async () => {
    tries += 1;
    if (tries > 1) throw overloaded();
    return { rows: [], conflict: false, repeated: lost };
  };
  const run: Database["run"] = async () => ({ rows: [state] as never[], conflict: false, repeated: false });
  const refills = createRefills({ run, warn: () => {} });
  await expect(hold({ run, runRow, now: () => 0, refills }, request)).rejects.toMatchObject({ code });
});
