import { array, assert, asyncProperty, integer, maxSafeInteger, option, record, string } from "fast-check";
import { expect, test } from "vitest";
import { width as cellsOf } from "../../../../src/tui/terminal/width.ts";
import { createTable, fieldLines, type Column, type TableLook } from "../../../../src/cli/io/table.ts";

interface Row {
  name: string;
  tokens: number;
  at: number | null;
  why: string | null;
}

const columns: Column<Row>[] = [
  { name: "name", title: "name", kind: "text", value: ({ name }) => name },
  { name: "tokens", title: "tokens", kind: "number", value: ({ tokens }) => tokens },
  { name: "at", title: "time", kind: "minute", value: ({ at }) => at, rank: 2 },
  { name: "why", title: "why", kind: "text", value: ({ why }) => why, rank: 1 },
];
const at = Date.UTC(2026, 10, 26, 14, 30, 5, 6);
const jane: Row = { name: "jane", tokens: 3900, at, why: "prize" };
const joe: Row = { name: "joe", tokens: -100, at: null, why: null };

const pipe: TableLook = { width: undefined, ascii: false };
const screen = (width: number): TableLook => ({ width, ascii: false });
const lines = (rows: Row[], look: TableLook, of = columns) => createTable(of, look).lines(rows);

test("a screen gets commas, minutes and aligned numbers", async () => {
  expect(await lines([jane, joe], screen(79))).toEqual([
    "NAME  TOKENS  TIME              WHY",
    "jane   3,900  2026-11-26 14:30  prize",
    "joe     -100",
  ]);
});

test("a pipe gets plain numbers, whole times and a dash for nothing", async () => {
  expect(await lines([jane, joe], pipe)).toEqual([
    "name  tokens  at                        why",
    "jane    3900  2026-11-26T14:30:05.006Z  prize",
    "joe     -100  -                         -",
  ]);
});

test("a narrow screen leaves out the column with the highest rank, and cuts text", async () => {
  const long = { ...jane, name: "a".repeat(40), why: "b".repeat(40) };
  expect(await lines([long], screen(60))).toEqual([
    "NAME                  TOKENS  TIME              WHY",
    `${"a".repeat(19)}…   3,900  2026-11-26 14:30  ${"b".repeat(11)}…`,
  ]);
  expect(await lines([long], screen(40))).toEqual([
    "NAME                TOKENS  WHY",
    `${"a".repeat(17)}…   3,900  ${"b".repeat(11)}…`,
  ]);
  expect(await lines([long], { width: 24, ascii: true })).toEqual([
    "NAME              TOKENS",
    `${"a".repeat(13)}...   3,900`,
  ]);
  expect(await lines([long], screen(10))).toEqual(["NAME  TOKENS", "aaa…   3,900"]);
});

test("titles come once, and widths only grow", async () => {
  const table = createTable(columns, pipe);
  expect((await table.lines([joe]))[0]).toMatch(/^name/);
  const [line = ""] = await table.lines([{ ...jane, tokens: 1_234_567_890 }]);
  expect(line).toMatch(/^jane {2}1234567890 {2}2026/);
  expect((await table.lines([joe]))[0]).toMatch(/^joe {9}-100 {2}- /);
});

test("a column can be left out on a screen if it is empty, and never in a pipe", async () => {
  const [name, tokens, , why] = columns;
  const some = [name!, tokens!, { ...why!, onlyIfFilled: true as const }];
  expect((await lines([joe], screen(79), some))[0]).toBe("NAME  TOKENS");
  expect((await lines([joe, jane], screen(79), some))[0]).toBe("NAME  TOKENS  WHY");
  expect((await lines([joe], pipe, some))[0]).toBe("name  tokens  why");
});

test("no cell has a line end or a control sequence, and wide characters count as such", async () => {
  const hostile = { ...jane, name: "a\x1b[2Jb\nc", why: "\u202eevil" };
  for (const look of [screen(79), pipe]) expect((await lines([hostile], look))[1]).toMatch(/^ab c .* evil$/);
  const wide = { ...jane, name: "日本語".repeat(20) };
  const [title = "", line = ""] = await lines([wide, joe], screen(60));
  expect(cellsOf(line)).toBeLessThanOrEqual(60);
  expect(title.indexOf("TOKENS") + 6).toBe(cellsOf(line.slice(0, line.indexOf("3,900") + 5)));
});

test("no line is wider than the screen, from 40 cells on, and no number is cut", async () => {
  const text = string({ unit: "grapheme", maxLength: 60 });
  const row = record({
    name: text,
    tokens: maxSafeInteger(),
    at: option(integer({ min: 0, max: 4e12 })),
    why: option(text),
  });
  await assert(
    asyncProperty(array(row), integer({ min: 40, max: 120 }), async (rows, width) => {
      const all = await lines(rows, screen(width));
      expect(all).toHaveLength(rows.length + 1);
      for (const line of all) expect(cellsOf(line)).toBeLessThanOrEqual(width);
      for (const [nth, { tokens }] of rows.entries())
        expect(all[nth + 1]?.replaceAll(",", "")).toContain(String(tokens));
    }),
    { numRuns: 50 },
  );
});

test("a row alone has a line for each column", () => {
  expect(fieldLines(columns, joe, screen(79))).toEqual(["name    joe", "tokens  -100"]);
  expect(fieldLines(columns, joe, pipe)).toEqual(["name    joe", "tokens  -100", "at      -", "why     -"]);
});
