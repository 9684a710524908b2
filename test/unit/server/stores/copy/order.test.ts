import { array, assert, integer, nat, property, record, shuffledSubarray, tuple } from "fast-check";
import { expect, test } from "vitest";
import { createOrder } from "../../../../../src/server/stores/copy/order.ts";
import type { Entry } from "../../../../../src/server/stores/copy/side.ts";

const entry = (account: string, kind: Entry["kind"], tokens: number, id = ""): Entry => ({
  id,
  account,
  kind,
  at: 0,
  tokens,
});

/** What one account did: a start, then grants (positive), charges (negative) that the balance sufficed for, and repeats. */
const history = (account: string) =>
  record({ start: nat(300), moves: array(integer({ min: -200, max: 200 }), { maxLength: 20 }) }).map(
    ({ start, moves }) => {
      let balance = start;
      const entries = [entry(account, "account", start, account)];
      for (const [index, tokens] of moves.entries()) {
        if (balance + tokens < 0) continue;
        balance += tokens;
        const kind = tokens > 0 ? "grant" : tokens < 0 ? "charge" : "again";
        entries.push(entry(account, kind, tokens, `${account}${index}`));
      }
      return entries;
    },
  );

const shuffled = tuple(history("jane"), history("john"))
  .map((both) => both.flat())
  .chain((all) => shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));

test("entries in any order come out once each, with no negative balance", () => {
  assert(
    property(shuffled, (entries) => {
      const order = createOrder();
      const out = entries.flatMap((one) => order.next(one));
      expect(order.waiting()).toBe(0);
      expect(new Set(out)).toEqual(new Set(entries));
      expect(out).toHaveLength(entries.length);
      const balances = new Map<string, number>();
      for (const { account, kind, tokens } of out) {
        expect(balances.has(account)).toBe(kind !== "account");
        balances.set(account, (balances.get(account) ?? 0) + tokens);
        expect(balances.get(account)).toBeGreaterThanOrEqual(0);
      }
      const unpaid = (all: Entry[]) => all.filter(({ account, tokens }) => account === "jane" && tokens < 0);
      expect(unpaid(out)).toEqual(unpaid(entries));
    }),
  );
});

test("entries in a valid order keep it", () => {
  assert(
    property(history("jane"), (entries) => {
      const order = createOrder();
      expect(entries.map((one) => order.next(one))).toEqual(entries.map((one) => [one]));
    }),
  );
});

test("entries without their account's first entry, and charges above the balance, wait", () => {
  const order = createOrder();
  expect(order.next(entry("john", "grant", 100))).toEqual([]);
  expect(order.next(entry("jane", "account", 50))).toHaveLength(1);
  expect(order.next(entry("jane", "charge", -100))).toEqual([]);
  expect(order.waiting()).toBe(2);
});

test("a repeat of a waiting charge stays after it", () => {
  const order = createOrder();
  const all = [
    entry("jane", "account", 0, "account"),
    entry("jane", "charge", -100, "charge"),
    entry("jane", "again", 0, "again"),
    entry("jane", "grant", 100, "grant"),
  ];
  expect(all.flatMap((one) => order.next(one)).map(({ id }) => id)).toEqual([
    "account",
    "grant",
    "charge",
    "again",
  ]);
});
