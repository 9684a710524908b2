import { array, assert, integer, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { choiceLines } from "../../../../src/tui/app/choice-lines.ts";
import { width } from "../../../../src/tui/terminal/width.ts";

const display = { columns: 80, color: false, ascii: false, links: false };
const choices = [
  { id: "aaaaaaa1", title: "Trip to Italy", detail: "3 days ago · 12 turns", words: "What is Rome?" },
  { id: "aaaaaaa2", title: "monads", detail: "1 week ago · 1 turn", words: "" },
];

describe("the list of conversations", () => {
  it("shows title, age, turns and first words in one line each", () => {
    expect(choiceLines(choices, 0, 12, display)).toEqual([
      "> Trip to Italy  3 days ago · 12 turns  What is Rome?",
      "  monads         1 week ago · 1 turn",
    ]);
  });

  it("shows the same in two lines each on a narrow screen", () => {
    expect(choiceLines(choices, 1, 12, { ...display, columns: 40 })).toEqual([
      "  Trip to Italy",
      "  3 days ago · 12 turns · What is Rome?",
      "> monads",
      "  1 week ago · 1 turn",
    ]);
  });

  it("shows the match of a search wherever it is in the words", () => {
    const words =
      "…and many other words before the one that is looked for, which is needle, and more after it";
    const found = [{ ...choices[0]!, words, focus: words.indexOf("needle") }];
    for (const columns of [50, 80, 100])
      expect(choiceLines(found, 0, 12, { ...display, columns }).join()).toContain("needle");
  });

  it("fits into the rows and includes the chosen one", () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ ...choices[1]!, title: `t${i}.` }));
    for (const columns of [40, 80])
      assert(
        property(integer({ min: 0, max: 29 }), integer({ min: 1, max: 12 }), (index, rows) => {
          const lines = choiceLines(many, index, rows, { ...display, columns });
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(lines.join("\n")).toContain(`> t${index}.`);
        }),
      );
  });

  it("is never as wide as the screen, with texts of any length", () => {
    const text = string({ maxLength: 120, unit: "grapheme" });
    const choice = record({ id: string(), title: text, detail: string({ maxLength: 24 }), words: text });
    assert(
      property(
        array(choice, { minLength: 1, maxLength: 5 }),
        integer({ min: 30, max: 200 }),
        (some, columns) => {
          for (const line of choiceLines(some, 0, 12, { ...display, columns }))
            expect(width(line)).toBeLessThan(Math.max(columns, 62));
        },
      ),
    );
  });
});
