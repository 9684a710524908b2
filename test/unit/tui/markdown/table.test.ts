import { describe, expect, it } from "vitest";
import type { Display } from "../../../../src/tui/markdown/display.ts";
import { width } from "../../../../src/tui/terminal/width.ts";
import { renderAnswer, strip } from "./render-answer.ts";

const bare: Display = { columns: 40, color: false, ascii: false, links: false };
const painted: Display = { ...bare, color: true, links: true };

describe("a table that is wider than the screen", () => {
  it("has its widest columns shrunk and their cells wrapped", () => {
    const source =
      "| Name | Description | No |\n|--|--|--:|\n| a | a very long description that does not fit | 1 |\n| b | short | 22 |";
    expect(renderAnswer(source, bare)).toBe(
      [
        "Name │ Description                 │ No",
        "─────┼─────────────────────────────┼───",
        "a    │ a very long description     │  1",
        "     │ that does not fit           │",
        "─────┼─────────────────────────────┼───",
        "b    │ short                       │ 22",
        "",
      ].join("\n"),
    );
  });

  it("has its words broken only if it must", () => {
    const text = "some words that can be wrapped";
    const source = `| ${text} | \`--long-option-name\` |\n|---|---|`;
    expect(renderAnswer(source, bare)).toContain("`--long-option-name`");
    expect(renderAnswer(source, { ...bare, columns: 26 })).toContain("`--long-op");
  });

  it("never has a line wider than the screen, and loses nothing", () => {
    const word = "abcdefghij klmnopqrstuvwxyz 日本語日本語日本語 ";
    for (const columns of [37, 40, 60, 80, 120]) {
      const cells = [word.repeat(1), word.repeat(3), word.repeat(2)];
      const source = `| ${cells.join(" | ")} |\n|---|:-:|--:|\n| ${cells.join(" | ")} |`;
      const shown = renderAnswer(source, { ...bare, columns });
      expect(shown).toContain("┼");
      for (const line of shown.split("\n")) expect(width(line)).toBeLessThan(columns);
      const letters = (text: string) => text.replaceAll(/[^a-z日本語]/g, "").length;
      expect(letters(shown)).toBe(letters(cells.join("")) * 2);
    }
  });

  it("has columns down to 10 cells, or less where the longest cell is shorter", () => {
    const long = "abcdefghijklmnop";
    const source = `| ${long} | ${long} | x |\n|---|---|---|\n| ${long} | ${long} | y |`;
    // Two columns of 10, one of 1, and twice 3 between them.
    expect(renderAnswer(source, { ...bare, columns: 28 })).toContain("abcdefghij │ abcdefghij │ x\n");
    expect(renderAnswer(source, { ...bare, columns: 27 })).toMatch(/^abcdefghijklmnop:\n[^│]*\nx: y\n$/);
  });

  it("becomes lines if an address or a formula would be broken", () => {
    const address = `https://a.b/${"c".repeat(20)}`;
    expect(renderAnswer(`| a | b |\n|---|---|\n| ${address} | some words |`, bare)).toBe(
      `a: ${address}\nb: some words\n`,
    );
    expect(renderAnswer(`| a | b |\n|---|---|\n| $x = ${"y + ".repeat(8)}z$ | some words |`, bare)).toContain(
      "b: some words",
    );
    // A terminal that has links follows each part of one.
    expect(renderAnswer(`| a | b |\n|---|---|\n| ${address} | some words |`, painted)).toContain("┼");
  });
});

describe("a table's cell", () => {
  it("holds a | in code and in formulas", () => {
    expect(renderAnswer("| a | b |\n|---|---|\n| `p|q` | $|x|$ |\n| `p\\|q` | \\(a|b\\) |", bare)).toBe(
      "a     │ b\n──────┼────────\n`p|q` │ $|x|$\n`p|q` │ \\(a|b\\)\n",
    );
    expect(renderAnswer("| `a|b` | c |\n|---|---|\n| 1 | 2 |", bare)).toContain("`a|b` │ c\n");
  });

  it("keeps what is too much for the row", () => {
    expect(strip(renderAnswer("| a | b |\n|---|---|\n| 1 | 2 | 3 | 4 |\n1|2|3", painted))).toBe(
      "a │ b\n──┼──────────\n1 │ 2 | 3 | 4\n1 │ 2|3\n",
    );
  });

  it("has the lines that it was given", () => {
    expect(renderAnswer("| a | b |\n|---|---|\n| x<br>y | z |\n| u | v |", bare)).toBe(
      "a │ b\n──┼──\nx │ z\ny │\n──┼──\nu │ v\n",
    );
  });
});
