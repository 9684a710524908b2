import { expect, test } from "vitest";
import { booksOptions } from "../../../../src/cli/argv/books-options.ts";

const parse = (text: string) => {
  const { start, end } = booksOptions.since.parse(text) ?? { start: 0, end: 0 };
  return [new Date(start).toISOString(), new Date(end).toISOString()];
};

test("a day is that day in UTC, with its end", () => {
  expect(parse("2026-11-26")).toEqual(["2026-11-26T00:00:00.000Z", "2026-11-27T00:00:00.000Z"]);
  expect(parse(" 2028-02-29 ")).toEqual(["2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z"]);
});

test("a time ends where it starts; without an offset it is UTC", () => {
  const both = (time: string) => [time, time];
  expect(parse("2026-11-26T14:30")).toEqual(both("2026-11-26T14:30:00.000Z"));
  expect(parse("2026-11-26T14:30:05.25Z")).toEqual(both("2026-11-26T14:30:05.250Z"));
  expect(parse("2026-11-26t14:30z")).toEqual(both("2026-11-26T14:30:00.000Z"));
  expect(parse("2026-11-26T00:30:00+02:00")).toEqual(both("2026-11-25T22:30:00.000Z"));
});

const invalid = [
  "",
  "today",
  "2026",
  "2026-11",
  "26.11.2026",
  "2026-13-01",
  "2026-02-30",
  "2027-02-29",
  "2026-11-26 14:30",
  "2026-11-26T24:01",
  "2026-11-26T14",
  "2026-11-26T14:30+2",
  "2026-11-26T14:30+25:00",
  "2026-02-30T10:00Z",
  "1764115200000",
];
test.each(invalid)("%j is refused", (text) => {
  for (const { parse } of [booksOptions.since, booksOptions.until])
    expect(() => parse(text)).toThrow("a day like 2026-11-26 or a time like 2026-11-26T14:30Z");
});
