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

test("rows of a lost statement are all sent again at once, so that none waits longer than the database is away", async () => {
  const accounts = ["one", "two", "three", "four"];
  let allSent = () => {};
  const all = new Promise<void>((resolve) => (allSent = resolve));
  const again: unknown[] = [];
  const run: Database["run"] = async (_sql, [id] = [], _timeout, together) => {
    if (together) throw new TogetherFailed(true, new Error("cut"));
    again.push(id);
    if (again.length === accounts.length) allSent();
    await all;
    return { rows: [{ id, locked: false }] as never[], conflict: false, repeated: false };
  };
  // Two lanes for locked accounts.
  const send = createGather({ run }, { wait: 10, connections: 4 });
  const sent = accounts.map((account) => send(call(account, account)));
  for (const one of sent) one.catch(allSent);
  const outcomes = await Promise.allSettled(sent);
  expect(outcomes.map(({ status }) => status)).toEqual(accounts.map(() => "fulfilled"));
});

test("rows together wait for a connection as long as the most patient of them, and so does each alone", async () => {
  const timeouts: unknown[] = [];
  const run: Database["run"] = async (_sql, _values, timeout, together) => {
    timeouts.push(timeout);
    if (together) throw new TogetherFailed(false, new Error("poison"));
    return { rows: [], conflict: false, repeated: false };
  };
  const send = createGather({ run }, { wait: 1_000, connections: 9 });
  await Promise.all([
    send({ ...call("one"), timeout: 3_000 }),
    send({ ...call("two"), timeout: 8_000 }),
    send({ ...call("three", "joe"), timeout: 5_000 }),
  ]);
  expect(timeouts).toEqual([8_000, 8_000, 5_000]);
  timeouts.length = 0;
  await send(call("four"));
  expect(timeouts).toEqual([undefined, undefined]);
});
