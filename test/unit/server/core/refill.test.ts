import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Period, RefillSetting } from "../../../../src/protocol/refill.ts";
import {
  changeRefills,
  dueRefill,
  isSameRefill,
  nextRefill,
  nextStart,
  periodName,
  startOfId,
  type Refillable,
  type Refills,
} from "../../../../src/server/core/refill.ts";

const DAY = 86_400_000;
const at = (text: string) => Date.parse(text);
const on = (tokens: number, period: Period, cap: number | null, since: string): Refills =>
  changeRefills([], { tokens, period, cap }, at(since));

test.each<[Period, string, string]>([
  ["day", "2026-11-26", "2026-11-26"],
  ["month", "2026-11-01", "2026-11"],
  ["month", "2028-02-01", "2028-02"],
  ["week", "2026-11-23", "2026-W48"],
  // ISO 8601: week 1 has the year's first Thursday.
  ["week", "2026-12-28", "2026-W53"],
  ["week", "2027-01-04", "2027-W01"],
  ["week", "2024-12-30", "2025-W01"],
  ["week", "2018-01-01", "2018-W01"],
])("the %s that begins on %s is %s", (period, day, name) => {
  expect(periodName(period, at(day))).toBe(name);
  expect(startOfId(`refill:${name}`)).toBe(at(day));
});

test.each([
  "june",
  "refill:",
  "refill:2026-W54",
  "refill:2026-02-30",
  "refill:2026-13",
  "refill:2026",
  "refill:x",
])("%s is the id of no refill", (id) => expect(startOfId(id)).toBeUndefined());

describe("one setting", () => {
  const account = (tokens: number, created: string, refilled = 0): Refillable => ({
    created: at(created),
    refilled,
    tokens,
  });

  test("pays the first period that begins after the later of registration and switching on", () => {
    const refills = on(1000, "day", 4000, "2026-11-24T10:00Z");
    const old = account(0, "2026-01-01");
    expect(dueRefill(refills, old, at("2026-11-24T23:59:59.999Z"))).toBeUndefined();
    expect(dueRefill(refills, old, at("2026-11-25"))).toEqual({
      id: "refill:2026-11-25",
      start: at("2026-11-25"),
      tokens: 1000,
    });
    const late = account(0, "2026-11-25T00:00Z");
    expect(dueRefill(refills, late, at("2026-11-25T12:00Z"))).toBeUndefined();
    expect(dueRefill(refills, late, at("2026-11-26"))?.tokens).toBe(1000);
  });

  test("pays missed periods at once, with the id of the last, up to the cap", () => {
    const refills = on(1000, "day", 4000, "2026-11-01");
    expect(dueRefill(refills, account(500, "2026-11-01"), at("2026-11-03T08:00Z"))).toEqual({
      id: "refill:2026-11-03",
      start: at("2026-11-03"),
      tokens: 2000,
    });
    expect(dueRefill(refills, account(500, "2026-11-01"), at("2026-12-03"))?.tokens).toBe(3500);
  });

  test("uses up a period at a full balance, and lowers none", () => {
    const refills = on(1000, "week", 4000, "2026-11-01");
    for (const tokens of [4000, 9000])
      expect(dueRefill(refills, account(tokens, "2026-11-01"), at("2026-11-26"))).toEqual({
        id: "refill:2026-W48",
        start: at("2026-11-23"),
        tokens: 0,
      });
  });

  test("without a cap it pays everything that was missed, as far as a balance can be exact", () => {
    const refills = on(1_000_000_000, "day", null, "2026-11-01");
    expect(dueRefill(refills, account(9e9, "2026-11-01"), at("2026-11-03"))?.tokens).toBe(2e9);
    const full = Number.MAX_SAFE_INTEGER - 5;
    expect(dueRefill(refills, account(full, "2026-11-01"), at("2026-11-03"))?.tokens).toBe(5);
  });

  test("pays a period once, also when the clock goes back and forward", () => {
    const refills = on(1000, "day", null, "2026-11-01");
    const paid = account(0, "2026-11-01", at("2026-11-20"));
    for (const now of ["2026-11-10", "2026-11-20T23:00Z", "2020-01-01"])
      expect(dueRefill(refills, paid, at(now))).toBeUndefined();
    expect(dueRefill(refills, paid, at("2026-11-22"))?.tokens).toBe(2000);
  });

  test("tells what comes next: as much as fits below the cap", () => {
    const refills = on(1000, "month", 4000, "2026-11-05");
    const next = (tokens: number) => nextRefill(refills, account(tokens, "2026-11-05"), at("2026-11-26"));
    expect(next(50)).toEqual({ tokens: 1000, at: at("2026-12-01") });
    expect(next(3900)).toEqual({ tokens: 100, at: at("2026-12-01") });
    expect(next(4000)).toBeUndefined();
    expect(nextRefill([], account(0, "2026-11-05"), at("2026-11-26"))).toBeUndefined();
    expect(nextStart([], account(0, "2026-11-05"), at("2026-11-26"))).toBe(Number.POSITIVE_INFINITY);
  });
});

test("a changed amount holds from the next period, and another period from the first that begins", () => {
  const daily = on(1000, "day", 10_000, "2026-11-01");
  const account = { created: at("2026-11-01"), refilled: at("2026-11-24"), tokens: 0 };
  const more = changeRefills(daily, { tokens: 50, period: "day", cap: 10_000 }, at("2026-11-26T10:00Z"));
  expect(dueRefill(more, account, at("2026-11-26T12:00Z"))?.tokens).toBe(2000);
  expect(dueRefill(more, account, at("2026-11-27T12:00Z"))?.tokens).toBe(2050);
  const weekly = changeRefills(daily, { tokens: 7, period: "week", cap: 10_000 }, at("2026-11-26T10:00Z"));
  expect(dueRefill(weekly, account, at("2026-11-29T12:00Z"))).toMatchObject({
    id: "refill:2026-11-26",
    tokens: 2000,
  });
  expect(dueRefill(weekly, account, at("2026-11-30"))).toMatchObject({ id: "refill:2026-W49", tokens: 2007 });
});

test("switched off they pay nothing, and count anew from the next switching on", () => {
  const setting = { tokens: 1000, period: "day", cap: null } as const;
  const off = changeRefills(on(1000, "day", null, "2026-11-01"), undefined, at("2026-11-10T10:00Z"));
  const account = { created: at("2026-11-01"), refilled: 0, tokens: 0 };
  expect(dueRefill(off, account, at("2026-11-20"))).toBeUndefined();
  const again = changeRefills(off, setting, at("2026-11-20T10:00Z"));
  expect(dueRefill(again, account, at("2026-11-22"))?.tokens).toBe(2000);
});

test("settings are the same if all of them are", () => {
  const one = { tokens: 1000, period: "day", cap: null } as const;
  expect(isSameRefill(one, { ...one })).toBe(true);
  expect(isSameRefill(undefined, undefined)).toBe(true);
  for (const other of [
    undefined,
    { ...one, cap: 1 },
    { ...one, tokens: 1 },
    { ...one, period: "week" as const },
  ])
    expect(isSameRefill(one, other)).toBe(false);
});

describe("against a model that steps from day to day", () => {
  const ORIGIN = at("2026-09-20");
  const moment = fc.integer({ min: 0, max: 90 * 24 }).map((hour) => ORIGIN + (hour * DAY) / 24);
  const setting: fc.Arbitrary<RefillSetting | undefined> = fc.option(
    fc.record({
      tokens: fc.integer({ min: 1, max: 30 }),
      period: fc.constantFrom<Period>("day", "week", "month"),
      cap: fc.option(fc.integer({ min: 0, max: 100 })),
    }),
    { nil: undefined, freq: 6 },
  );
  type Step = { at: number } & ({ set: RefillSetting | undefined } | { spend: number });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 1, arbitrary: fc.record({ at: moment, set: setting }) },
    { weight: 3, arbitrary: fc.record({ at: moment, spend: fc.integer({ min: 0, max: 40 }) }) },
  );

  const begins = (period: Period, start: number) => {
    const date = new Date(start);
    if (period === "week") return date.getUTCDay() === 1;
    return period === "day" || date.getUTCDate() === 1;
  };

  /** All changes in their order, and one account, each period on its own. */
  function createModel(created: number) {
    let changes: { at: number; set: RefillSetting }[] = [];
    let marker = 0;
    const model = {
      tokens: 50,
      change(now: number, set: RefillSetting | undefined) {
        if (set) changes = [...changes.filter(({ at }) => at < now), { at: now, set }];
        else changes = [];
      },
      visit(now: number) {
        let last: number | undefined;
        for (let start = ORIGIN; start <= now; start += DAY) {
          const set = changes.findLast(({ at }) => at < start)?.set;
          if (!set || start <= created || start <= marker || !begins(set.period, start)) continue;
          last = start;
          const filled = Math.min(set.cap ?? Number.POSITIVE_INFINITY, model.tokens + set.tokens);
          model.tokens = Math.max(model.tokens, filled);
        }
        if (last !== undefined) marker = last;
        return last;
      },
    };
    return model;
  }

  const runs = (steps: Step[], created: number) => {
    const model = createModel(created);
    const account: Refillable = { created, refilled: 0, tokens: model.tokens };
    let refills: Refills = [];
    for (const step of steps) {
      if ("set" in step) {
        refills = changeRefills(refills, step.set, step.at);
        model.change(step.at, step.set);
        continue;
      }
      const next = nextStart(refills, account, step.at);
      const due = dueRefill(refills, account, step.at);
      const last = model.visit(step.at);
      expect(due?.start).toBe(last);
      if (due) {
        expect(startOfId(due.id)).toBe(due.start);
        expect(due.start).toBeGreaterThan(account.refilled);
        account.refilled = due.start;
        account.tokens += due.tokens;
      }
      expect(account.tokens).toBe(model.tokens);
      expect(dueRefill(refills, account, step.at)).toBeUndefined();
      if (next < Number.POSITIVE_INFINITY) {
        expect(dueRefill(refills, account, next - 1)).toBeUndefined();
        expect(dueRefill(refills, account, next)?.start).toBe(next);
      }
      const spent = Math.min(account.tokens, step.spend);
      account.tokens -= spent;
      model.tokens -= spent;
    }
  };

  const inOrder = fc.array(step, { maxLength: 30 }).map((steps) => steps.toSorted((a, b) => a.at - b.at));

  test.each([
    ["only goes forward", inOrder],
    ["jumps", fc.array(step, { maxLength: 30 })],
  ])("at a clock that %s", (_, steps) => {
    expect(() => fc.assert(fc.property(steps, moment, runs))).not.toThrow();
  });
});
