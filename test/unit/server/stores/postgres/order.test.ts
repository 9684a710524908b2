import { array, assert, integer, nat, property, record, shuffledSubarray, tuple } from "fast-check";
import { expect, test } from "vitest";
import { createOrder, type Kept } from "../../../../../src/server/stores/postgres/order.ts";

interface Row extends Kept {
  id: string;
}

const row = (account: string, kind: string, tokens: number, balance: number, id = ""): Row => ({
  id,
  account,
  kind,
  tokens,
  balance,
  n: null,
});

/** What one account did: a start, then grants (positive), charges (negative) that the balance sufficed for, and repeats. */
const history = (account: string) =>
  record({ start: nat(300), moves: array(integer({ min: -200, max: 200 }), { maxLength: 20 }) }).map(
    ({ start, moves }) => {
      let balance = start;
      const rows = [row(account, "account", start, balance, account)];
      for (const [index, tokens] of moves.entries()) {
        if (balance + tokens < 0) continue;
        balance += tokens;
        const kind = tokens > 0 ? "grant" : tokens < 0 ? "charge" : "again";
        rows.push(row(account, kind, tokens, balance, `${account}${index}`));
      }
      return rows;
    },
  );

const shuffled = tuple(history("jane"), history("john"))
  .map((both) => both.flat())
  .chain((all) => shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));

const ordered = (rows: Row[]): Row[] => {
  const order = createOrder<Row>();
  const out = [...rows.flatMap((one) => order.next(one)), ...order.rest()];
  expect(order.stuck()).toEqual([]);
  return out;
};

test("rows in any order come out once each, with no negative balance", () => {
  assert(
    property(shuffled, (rows) => {
      const out = ordered(rows);
      expect(new Set(out)).toEqual(new Set(rows));
      expect(out).toHaveLength(rows.length);
      const balances = new Map<string, number>();
      for (const { account, kind, tokens } of out) {
        expect(balances.has(account)).toBe(kind !== "account");
        balances.set(account, (balances.get(account) ?? 0) + tokens);
        expect(balances.get(account)).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("rows in a valid order keep it", () => {
  assert(
    property(history("jane"), (rows) => {
      const order = createOrder<Row>();
      expect(rows.map((one) => order.next(one))).toEqual(rows.map((one) => [one]));
    }),
  );
});

test("rows whose times are in no order follow by their balances", () => {
  const rows = [
    row("jane", "account", 100, 100),
    row("jane", "grant", 50, 150),
    row("jane", "charge", -30, 120),
    row("jane", "charge", -15, 105),
    row("jane", "grant", 7, 112),
  ];
  const shuffles = shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length });
  assert(
    property(shuffles, (any) => {
      expect(ordered(any)).toEqual(rows);
    }),
  );
});

test("rows without their account's first row, and charges above the balance, wait", () => {
  const order = createOrder<Row>();
  expect(order.next(row("john", "grant", 100, 100))).toEqual([]);
  expect(order.next(row("jane", "account", 50, 50))).toHaveLength(1);
  expect(order.next(row("jane", "charge", -100, 0))).toEqual([]);
  expect(order.rest()).toEqual([]);
  expect(order.stuck()).toHaveLength(2);
});

test("a repeat of a waiting charge stays after it", () => {
  const all = [
    row("jane", "account", 0, 0, "account"),
    row("jane", "charge", -100, 0, "charge"),
    row("jane", "again", 0, 0, "again"),
    row("jane", "grant", 100, 100, "grant"),
  ];
  const ids = ordered(all).map(({ id }) => id);
  expect(ids.indexOf("charge")).toBeGreaterThan(ids.indexOf("grant"));
});

test("a numbered row follows those from before, although their balances are wrong", () => {
  const order = createOrder<Row>();
  const all = [
    row("jane", "account", 100, 100, "account"),
    row("jane", "grant", 5, 999, "grant"),
    { ...row("jane", "charge", -5, 994, "charge"), n: 1 },
  ];
  expect(all.map((one) => order.next(one).map(({ id }) => id))).toEqual([
    ["account"],
    [],
    ["grant", "charge"],
  ]);
});
