import { expect, test } from "vitest";
import { columnsOf } from "../../../../../src/cli/commands/accounts/columns.ts";
import { chosen } from "../../../../../src/cli/commands/accounts/list.ts";
import { createTable } from "../../../../../src/cli/io/table.ts";
import type { AccountRow } from "../../../../../src/server/local.ts";

const row = (username: string, more: Partial<AccountRow> = {}): AccountRow => ({
  id: username,
  username,
  tokens: 0,
  held: 0,
  used: 0,
  created: 0,
  lastQuestion: null,
  disabled: false,
  due: 0,
  ...more,
});
const at = Date.UTC(2026, 10, 26, 14, 30);
const rows = [
  row("bob", { tokens: 5, used: 9, created: 3 }),
  row("Ann", { tokens: 7, used: 9, created: 1, lastQuestion: 4 }),
  row("ann.2", { tokens: 5, used: 1, created: 2, lastQuestion: 8 }),
  row("Zoe", { tokens: 9, used: 3, created: 4 }),
];
const names = (how: Parameters<typeof chosen>[1]) => chosen(rows, how).map(({ username }) => username);

test("accounts are sorted by name without regard to case, else the most or the newest first", () => {
  expect(names({})).toEqual(["Ann", "ann.2", "bob", "Zoe"]);
  expect(names({ sort: "balance" })).toEqual(["Zoe", "Ann", "ann.2", "bob"]);
  expect(names({ sort: "used" })).toEqual(["Ann", "bob", "Zoe", "ann.2"]);
  expect(names({ sort: "created" })).toEqual(["Zoe", "bob", "ann.2", "Ann"]);
  expect(names({ sort: "last" })).toEqual(["ann.2", "Ann", "bob", "Zoe"]);
});

test("a search finds part of a name in any case, and the limit counts what was found", () => {
  expect(names({ search: "AN" })).toEqual(["Ann", "ann.2"]);
  expect(names({ search: "o", sort: "balance", limit: 1 })).toEqual(["Zoe"]);
  expect(names({ search: "nobody" })).toEqual([]);
});

const shown = row("jane.of.the.long.name", {
  tokens: 1_234_567,
  held: 100,
  used: 9_876_543,
  created: at,
  lastQuestion: at,
  disabled: true,
  due: 1000,
});
const lines = (width: number | undefined, of = [shown]) =>
  createTable(columnsOf({ width }), { width, ascii: false }).lines(of);

test("the table fits the screen: the wider, the more it shows", async () => {
  const titles = async (width: number) => (await lines(width))[0]?.split(/ {2,}/).slice(1);
  const wide = ["TOKENS", "HELD", "USED", "CREATED (UTC)", "LAST QUESTION (UTC)", "DISABLED", "REFILL DUE"];
  expect(await titles(119)).toEqual(wide);
  expect(await titles(79)).toEqual(["TOKENS", "HELD", "USED", "CREATED", "LAST QUESTION", "DISABLED"]);
  expect(await titles(59)).toEqual(["TOKENS", "USED", "LAST QUESTION", "DISABLED"]);
  for (const width of [40, 59, 79, 99, 100, 119])
    for (const line of await lines(width)) expect(line.length).toBeLessThanOrEqual(width);
});

test("a screen says nothing of what no account has; a pipe has all columns", async () => {
  const quiet = [row("jane", { created: at })];
  expect((await lines(79, quiet))[0]).toBe("NAME  TOKENS  HELD  USED  CREATED     LAST QUESTION");
  expect(await lines(undefined, quiet)).toEqual([
    "username  tokens  held  used  created_at                last_question_at  disabled  refill_due",
    "jane           0     0     0  2026-11-26T14:30:00.000Z  -                 -                  -",
  ]);
});
