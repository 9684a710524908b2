import * as fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { edit } from "../../../../src/tui/composer/editor.ts";
import { createEditor } from "../../../../src/tui/composer/editor-state.ts";
import { layoutEditor } from "../../../../src/tui/composer/layout.ts";
import { graphemesOf } from "../../../../src/tui/terminal/width.ts";

const layout = (text: string, cursor: number, columns: number, maxRows = 10) => {
  const { rows, ...rest } = layoutEditor({ ...createEditor(text), cursor }, columns, maxRows);
  return { rows: rows.map((row) => row.text), ...rest };
};

describe("the composer's layout", () => {
  it("wraps the text at ten columns and places the cursor", () => {
    const rows: [text: string, cursor: number, shown: string[], at: { x: number; y: number }][] = [
      ["", 0, [""], { x: 0, y: 0 }],
      ["hello", 5, ["hello"], { x: 5, y: 0 }],
      ["hello\n", 6, ["hello", ""], { x: 0, y: 1 }],
      ["0123456789", 4, ["0123456789"], { x: 4, y: 0 }],
      ["0123456789", 10, ["0123456789", ""], { x: 0, y: 1 }],
      ["0123456789a", 10, ["0123456789", "a"], { x: 0, y: 1 }],
      ["0123456789\nb", 10, ["0123456789", "", "b"], { x: 0, y: 1 }],
      ["한글 한글", 2, ["한글 한글"], { x: 4, y: 0 }],
      ["abcdefghi한", 10, ["abcdefghi", "한"], { x: 2, y: 1 }],
      ["👍👍🏽👨‍👩‍👧x", 2, ["👍👍🏽👨‍👩‍👧x"], { x: 2, y: 0 }],
      ["e\u0301a", 2, ["e\u0301a"], { x: 1, y: 0 }],
      ["a\tb", 2, ["a  b"], { x: 3, y: 0 }],
    ];
    for (const [text, cursor, shown, at] of rows)
      expect(layout(text, cursor, 10), text).toEqual({ rows: shown, cursor: at, above: 0, below: 0 });
  });

  it("shows the rows around the cursor that fit, and counts the hidden ones", () => {
    const text = "a\nb\nc\nd\ne\nf";
    expect(layout(text, 0, 10, 3)).toEqual({
      rows: ["a", "b", "c"],
      cursor: { x: 0, y: 0 },
      above: 0,
      below: 3,
    });
    expect(layout(text, 6, 10, 3)).toEqual({
      rows: ["c", "d", "e"],
      cursor: { x: 0, y: 1 },
      above: 2,
      below: 1,
    });
    expect(layout(text, 11, 10, 3)).toEqual({
      rows: ["d", "e", "f"],
      cursor: { x: 1, y: 2 },
      above: 3,
      below: 0,
    });
  });

  it("shows a large paste as a label, truncated to the width of the screen", () => {
    const text = Array.from({ length: 1430 }, () => "x").join("\n");
    const state = edit(createEditor("see "), { type: "paste", text }, 80);
    expect(layoutEditor(state, 80, 5).rows[0]!.text).toBe("see [Pasted 1,430 lines]");
    expect(layoutEditor(state, 80, 5).cursor).toEqual({ x: 24, y: 0 });
    expect(layoutEditor(state, 10, 5).rows.map((row) => row.text)).toEqual(["see ", "[Pasted 1,", ""]);
  });

  it("loses no text, makes no row too wide, and keeps the cursor on the screen", () => {
    const text = fc.array(
      fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constantFrom("한글", "👨‍👩‍👧", "abc def")),
    );
    fc.assert(
      fc.property(
        text,
        fc.nat(),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 1, max: 6 }),
        (parts, at, columns, maxRows) => {
          const state = createEditor(parts.join("\n"));
          const cursor = at % (state.text.length + 1);
          const all = layoutEditor({ ...state, cursor }, columns, Infinity);
          let end = 0;
          for (const row of all.rows) {
            expect(state.text.slice(end, row.start)).toMatch(/^\n?$/);
            // Some graphemes are three cells wide: where no row can hold one, it stands alone.
            const isAlone = graphemesOf(row.text).length === 1;
            expect(isAlone ? 0 : stringWidth(row.text)).toBeLessThanOrEqual(columns);
            end = row.end;
          }
          expect(end).toBe(state.text.length);
          const shown = layoutEditor({ ...state, cursor }, columns, maxRows);
          expect(shown.rows.length).toBe(Math.min(maxRows, all.rows.length));
          expect(shown.cursor.y).toBeLessThan(shown.rows.length);
          expect(shown.cursor.x).toBeLessThan(columns);
          expect(shown.rows[shown.cursor.y]!.start).toBeLessThanOrEqual(cursor);
          expect(shown.rows[shown.cursor.y]!.end).toBeGreaterThanOrEqual(cursor);
        },
      ),
    );
  });
});
