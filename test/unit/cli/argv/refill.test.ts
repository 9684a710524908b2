import { expect, test } from "vitest";
import { optionNamed } from "../../../../src/cli/argv/options.ts";
import { checkRefill } from "../../../../src/cli/connection/server-config.ts";
import { refillWords } from "../../../../src/protocol/refill.ts";
import { resolve } from "../../../../src/cli/argv/resolve.ts";

const { refill, refillCap } = { refill: optionNamed("refill"), refillCap: optionNamed("refillCap") };

test.each([
  ["1000/day", { tokens: 1000, period: "day" }],
  ["1/week", { tokens: 1, period: "week" }],
  ["1000000000/month", { tokens: 1_000_000_000, period: "month" }],
  ["off", undefined],
])("reads the refill %s", (typed, expected) => {
  expect(refill.parse(typed)).toEqual(expected);
  expect(refill.read(typed)).toEqual(expected);
  expect(typed).toMatch(new RegExp(String(refill.schema.pattern)));
});

test.each([
  "",
  "1000",
  "0/day",
  "-1/day",
  "1.5/day",
  "1000/hour",
  "1000/days",
  "1000001000/day",
  "1000 / day",
  "on",
])("refuses the refill %j", (typed) => {
  expect(() => refill.parse(typed)).toThrow("such as 1000/day, or off");
  expect(() => refill.read(typed)).toThrow("such as 1000/day, or off");
});

test("a cap is a number, or none", () => {
  expect([refillCap.parse("0"), refillCap.parse("none"), refillCap.read(7), refillCap.read("none")]).toEqual([
    0,
    null,
    7,
    null,
  ]);
  for (const typed of ["off", "-1", "", "1e3"])
    expect(() => refillCap.parse(typed)).toThrow("a whole number from 0 to 1000000000, or none");
  expect(() => refillCap.read("7")).toThrow("or none");
});

test("says a setting in the words of the options", () => {
  expect(refillWords({ tokens: 1000, period: "day", cap: 4000 })).toBe("1000/day, up to 4000");
  expect(refillWords({ tokens: 5, period: "month", cap: null })).toBe("5/month, without a cap");
  expect(refillWords(undefined)).toBe("none");
});

test("a cap without a refill is refused, but not beside one that is off", () => {
  const given = (flags: ["refill" | "refillCap", string][]) =>
    resolve(["refill", "refillCap"], { flags: new Map(flags), env: {}, setting: () => undefined });
  expect(() => checkRefill(given([["refillCap", "5"]]))).toThrow("--refill-cap is set without --refill.");
  for (const refill of ["off", "1/day"])
    expect(() =>
      checkRefill(
        given([
          ["refill", refill],
          ["refillCap", "5"],
        ]),
      ),
    ).not.toThrow();
  expect(() => checkRefill(given([]))).not.toThrow();
});
