import { expect, test } from "vitest";
import type { ApiError } from "../../../../../src/server/core/api-error.ts";
import { TogetherFailed, type Database } from "../../../../../src/server/stores/postgres/database.ts";
import { createGather } from "../../../../../src/server/stores/postgres/gather.ts";
import { overloaded } from "../../../../../src/server/stores/postgres/lanes.ts";

const call = (id: string, account = "jane") => ({
  sql: "FOR UPDATE",
  one: "one",
  id,
  account,
  values: () => [],
});

/** The errors of two calls of which one statement together failed so, and found no connection afterwards. */
async function errorsAfter(lost: boolean): Promise<unknown[]> {
  const run: Database["run"] = async (_sql, _values, _timeout, together) => {
    throw together ? new TogetherFailed(lost, new Error("cut")) : overloaded();
  };
  const send = createGather({ run }, { wait: 1_000, connections: 9 });
  const failed = [send(call("one")), send(call("two"))];
  return Promise.all(failed.map((each) => each.catch((error: ApiError) => error)));
}

test("rows of a lost statement do not count as unsent if no connection is free afterwards", async () => {
  const [one, two] = await errorsAfter(true);
  expect(one).toMatchObject({ code: "store_unavailable" });
  expect(two).toMatchObject({ code: "store_unavailable" });
  expect(one).not.toBe(two);
});

test("rows of a statement that changed nothing count as unsent if no connection is free afterwards", async () => {
  expect(await errorsAfter(false)).toMatchObject([{ code: "overloaded" }, { code: "overloaded" }]);
});

test("a row gets its own result, whatever the order of the results", async () => {
  const run: Database["run"] = async (_sql, values = []) => {
    const rows = (values[0] as string[]).map((id) => ({ id, locked: false })).reverse();
    return { rows: rows.filter(({ id }) => id !== "two") as never[], conflict: false, repeated: false };
  };
  const send = createGather({ run }, { wait: 1_000, connections: 9 });
  const sent = ["one", "two", "three"].map((id) => send<{ id: string }>(call(id, id)));
  expect((await Promise.all(sent)).map(({ rows }) => rows.map(({ id }) => id))).toEqual([
    ["one"],
    [],
    ["three"],
  ]);
});

test("rows beyond the most of a statement go in the next one, and an account has one at a time", async () => {
  const sizes: number[] = [];
  let accounts: string[] = [];
  const run: Database["run"] = async (_sql, values = []) => {
    const ids = [values[0]].flat() as string[];
    sizes.push(ids.length);
    const own = ids.map((id) => id.split(" ")[0]!);
    expect(accounts.filter((account) => own.includes(account))).toEqual([]);
    accounts = own;
    await new Promise(setImmediate);
    accounts = [];
    return { rows: ids.map((id) => ({ id, locked: false })) as never[], conflict: false, repeated: false };
  };
  const send = createGather({ run }, { wait: 60_000, connections: 9 });
  const ids = Array.from({ length: 450 }, (_, index) => `${index % 300} ${index}`);
  const outcomes = await Promise.all(ids.map((id) => send(call(id, id.split(" ")[0]))));
  expect(outcomes.every(({ rows }) => rows.length === 1)).toBe(true);
  expect(sizes[0]).toBe(200);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(450);
});
