import { expect, test } from "vitest";
import { reportLines } from "../../../../../src/cli/commands/report/chart.ts";
import { firstDay, sumsOf, totalOf, type ReportKind } from "../../../../../src/cli/commands/report/sums.ts";

const row = (account: string, day: string, model: string, questions: number, tokens: number) => ({
  account,
  day,
  model,
  questions,
  tokens,
});
const rows = [
  row("jane", "2026-11-26", "small", 2, 200),
  row("jane", "2026-11-24", "large", 1, 500),
  row("joe", "2026-11-26", "small", 4, 400),
  row("ann", "2026-11-26", "unknown", 4, 400),
  row("deleted#7", "2026-11-27", "free", 3, 0),
];
const sums = (kind: ReportKind) => sumsOf(rows, { kind, first: "2026-11-23", days: 4 });
const plain = (kind: ReportKind) =>
  sums(kind).map(({ label, questions, tokens }) => `${label} ${questions} ${tokens}`);

test("days are in order, those without use are there, and so is one of a clock that is ahead", () => {
  expect(plain("day")).toEqual([
    "2026-11-23 0 0",
    "2026-11-24 1 500",
    "2026-11-25 0 0",
    "2026-11-26 10 1000",
    "2026-11-27 3 0",
  ]);
});

test("accounts and models: the most tokens first, then the most questions, then by name", () => {
  expect(plain("account")).toEqual(["jane 3 700", "ann 4 400", "joe 4 400", "deleted#7 3 0"]);
  expect(plain("model")).toEqual(["small 6 600", "large 1 500", "unknown 4 400", "free 3 0"]);
});

test("the total is the same however it is grouped", () => {
  for (const kind of ["account", "day", "model"] as const)
    expect(totalOf(sums(kind))).toEqual({ label: "total", questions: 14, tokens: 1500 });
});

test("the days to look back are UTC days, with today", () => {
  expect(firstDay(1, Date.UTC(2026, 10, 26, 23, 59))).toBe("2026-11-26");
  expect(firstDay(30, Date.UTC(2026, 10, 26, 0, 0))).toBe("2026-10-28");
});

const look = { kind: "model" as const, ascii: false, color: false };

test("a screen gets a bar for each line but the total, as long as its tokens are to the most", async () => {
  expect(await reportLines(sums("model"), { ...look, width: 50 })).toEqual([
    "MODEL    QUESTIONS  TOKENS",
    `small            6     600  ${"█".repeat(22)}`,
    `large            1     500  ${"█".repeat(18)}`,
    `unknown          4     400  ${"█".repeat(15)}`,
    "free             3       0",
    "total           14   1,500",
  ]);
});

test("where nothing costs tokens, bars are as long as the questions", async () => {
  const free = sums("model").map((sum) => ({ ...sum, tokens: 0 }));
  const lines = await reportLines(free, { ...look, width: 45, ascii: true });
  expect(lines.map((line) => line.replaceAll(/[^#]/g, "").length)).toEqual([0, 17, 3, 11, 9, 0]);
});

test("bars have a colour only if stdout has, and what is not zero has one", async () => {
  const some = [
    { label: "much", questions: 1, tokens: 1_000_000 },
    { label: "little", questions: 1, tokens: 1 },
  ];
  const lines = await reportLines(some, { ...look, width: 79, color: true });
  expect(lines[1]).toMatch(/ \x1b\[32m█{40}\x1b\[0m$/);
  expect(lines[2]).toMatch(/ \x1b\[32m█\x1b\[0m$/);
});

test("a pipe gets plain columns with a total", async () => {
  expect(await reportLines(sums("day"), { ...look, kind: "day", width: undefined })).toEqual([
    "day         questions  tokens",
    "2026-11-23          0       0",
    "2026-11-24          1     500",
    "2026-11-25          0       0",
    "2026-11-26         10    1000",
    "2026-11-27          3       0",
    "total              14    1500",
  ]);
});

test("no line is wider than the screen, and a long name is cut", async () => {
  const long = [{ label: "a".repeat(150), questions: 1_000_000, tokens: 100_000_000_000 }];
  for (const width of [40, 59, 79, 119]) {
    const lines = await reportLines(long, { ...look, kind: "account", width });
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    expect(lines[1]).toContain("100,000,000,000");
  }
});
