import { expect, test } from "vitest";
import { rate } from "../../../../src/cli/argv/option.ts";

const option = rate({ flag: "limit-login", help: "" }, "10/15m");

test.each([
  ["1/1s", { count: 1, seconds: 1 }],
  ["10/15m", { count: 10, seconds: 900 }],
  ["50/1h", { count: 50, seconds: 3600 }],
  ["999999999/7d", { count: 999_999_999, seconds: 604_800 }],
  ["off", undefined],
])("reads the rate %s", (typed, expected) => {
  expect(option.parse(typed)).toEqual(expected);
  expect(option.read(typed)).toEqual(expected);
  expect(typed).toMatch(new RegExp(String(option.schema.pattern)));
});

test.each([
  "",
  "10",
  "10/",
  "/1h",
  "0/1h",
  "10/0m",
  "10/1",
  "1.5/1h",
  "10/1w",
  "-1/1h",
  "10 / 1h",
  "10/8d",
  "OFF",
])("refuses the rate %j", (typed) => {
  expect(() => option.parse(typed)).toThrow(
    "a number and a time of at most 7d, such as 10/15m (s, m, h or d), or off",
  );
});

test("has the default that the help shows", () => {
  expect(option).toMatchObject({ shown: "10/15m", fallback: { count: 10, seconds: 900 } });
});
