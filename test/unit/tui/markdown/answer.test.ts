import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnswerPrinter } from "../../../../src/tui/markdown/answer.ts";
import { codeBlocks } from "../../../../src/tui/markdown/code-blocks.ts";
import { hardWrap } from "../../../../src/tui/markdown/hard-wrap.ts";
import type { Display } from "../../../../src/tui/markdown/display.ts";
import { renderAnswer, strip } from "./render-answer.ts";

const bare: Display = { columns: 40, color: false, ascii: false, links: false };
const ascii: Display = { ...bare, ascii: true };
const painted: Display = { ...bare, color: true, links: true };

const parts = fc.constantFrom(
  "Some **bold** words and `code` that are long enough to be wrapped somewhere.",
  "# Heading",
  "Setext",
  "---",
  "===",
  "- item",
  "  - nested",
  "  more of it",
  "1. one",
  "2. two",
  "   ```sh",
  "   npm install",
  "   ```",
  "```ts",
  "const a = 1; /* open",
  "closed */ const b = 2;",
  "```",
  "> quoted",
  "| a | b |",
  "|---|--:|",
  "| 1 | 2 |",
  "<div>",
  "</div>",
  "",
  "",
  "\tindented",
  "日本語のテキストは長いので折り返す必要があります。",
  "[link](https://example.com/a) and https://example.com/b",
  "a \u001b[31mred\u001b[0m b \r",
  "&amp; &#27;[2J",
  "[x&#27;y](https://a.b/&#27;) [r]: <&#x9b;>",
  "[ref&#27;]: https://a.b/&#27;c",
  "~~~ py",
  "~~~",
  "````md",
  "````",
  "  ```",
  "- ```js",
  "a line with a return\r",
  "See[^1] and [ref] and [ref][ref].",
  "[^1]: a footnote",
  "[ref]: https://example.com 'title'",
  "<!-- a comment",
  "-->",
  "10) ten",
  "      deep in an item",
  "| a column that is far too wide for the screen | and another one that is no less wide |",
  "***",
  "1986\\. A great year",
  "👨‍👩‍👧 שלום e\u0301",
  "\\(a*b*c\\) costs $5 and $x_1$ or $10",
  "$$",
  "$$ a",
  "\\[",
  "- b \\]",
  "\\begin{align}",
  "\\end{align}",
  "**注意：**这是",
  "<b>b</b> <kbd>C</kbd> x<sup>2</sup> <!-- c -->",
  "<details><summary>More</summary>",
  "</details>",
  "> [!NOTE]",
  "- [x] done",
  "| `p|q` | b | c |",
  "[^note]: more of it",
  "    deeper",
  "and[^note] [t\u001b](https://a.b/\u009b 'x\u0007') [u](https://пример.рф/&#27;&#7;)",
);
const answers = fc.array(parts, { maxLength: 14 }).map((lines) => lines.join("\n"));
const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 });

function inChunks(text: string, sizes: readonly number[], display: Display): string {
  const printer = createAnswerPrinter(() => display);
  let out = "";
  for (let at = 0, i = 0; at < text.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    out += printer.feed(text.slice(at, at + size));
    at += size;
  }
  return out + printer.end();
}

describe("a streamed answer", () => {
  it("is printed as the same lines however it is cut into chunks", () => {
    fc.assert(
      fc.property(answers, cuts, fc.constantFrom(bare, painted), (answer, sizes, display) => {
        expect(inChunks(answer, sizes, display)).toBe(renderAnswer(answer, display));
      }),
      { numRuns: 300 },
    );
  });

  it("never contains a control sequence of the model", () => {
    fc.assert(
      fc.property(answers, cuts, fc.constantFrom(bare, painted), (answer, sizes, display) => {
        const shown = strip(inChunks(answer, sizes, display));
        expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      }),
    );
  });

  it("loses no word", () => {
    const templates = [
      "* one **#** two",
      "#",
      "_#_ ~~#~~ `#` ***#***",
      "# #",
      "- #",
      "  - # `#`",
      "1. #",
      "- [x] #",
      "> #",
      "> [!NOTE] #",
      "| # | `#|#` | # |",
      "|---|---|",
      "<b>#</b> <i># <kbd>#</kbd> <!- # ->",
      "<details><summary>#</summary>",
      "</details>",
      "[#](https://a.b/# '#') <https://a.b/#> https://a.b/#",
      "[#][#]",
      "[#]: https://a.b/# '#'",
      "#[^x]",
      "[^x]: #",
      "$#$ \\(#\\) $5# and $10#",
      "$$",
      "\\[",
      "\\] #",
      "  \\[",
      "  \\] #",
      "# \\(#",
      "  #\\) #",
      "```",
      "    #",
      "---",
      "",
      "",
    ];
    let count = 0;
    const numbered = fc
      .array(fc.constantFrom(...templates), { maxLength: 12 })
      .map((lines) => lines.join("\n").replaceAll(/(?<!^)#|#$/gm, () => `w${(count += 1)}w`));
    fc.assert(
      fc.property(numbered, fc.constantFrom(bare, { ...painted, links: false }), (answer, display) => {
        const shown = strip(renderAnswer(answer, display)).replaceAll(/[\s│|]/g, "");
        for (const [word] of answer.matchAll(/w\d+w/g)) expect(shown).toContain(word);
      }),
      { numRuns: 300 },
    );
  });

  it("is printed block by block, with the unfinished end as its tail", () => {
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("First para.\n\nSecond ")).toBe("First para.\n");
    expect(printer.tail(5)).toEqual(["", "Second"]);
    expect(printer.feed("one.\n\n")).toBe("\nSecond one.\n");
    expect(printer.tail(5)).toEqual([]);
  });

  it("has its code printed line by line while the block is open", () => {
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("```sh\nnpm i\nnpm te")).toBe("── sh\nnpm i\n");
    expect(printer.tail(3)).toEqual(["npm te"]);
    expect(printer.end()).toBe("npm te\n");
  });

  it("has its code blocks numbered as /copy counts them, if that is wanted", () => {
    const printer = createAnswerPrinter(() => bare, { numbered: true });
    expect(printer.feed("```sh\na\n```\n1. b\n   ```\n   c\n   ```\n> ```js\n> d\n> ```\n\n")).toBe(
      "── sh · /copy 1\na\n\n1. b\n\n── /copy 2\nc\n\n│ ── js\n│ d\n",
    );
    expect(codeBlocks("```sh\na\n```\n1. b\n   ```\n   c\n   ```\n> ```js\n> d\n> ```\n\n")).toEqual([
      "a",
      "c",
    ]);
  });

  it("has a list item printed as soon as the next one begins", () => {
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("1. one\n2. two\n")).toBe("1. one\n");
    expect(printer.feed("3. th")).toBe("");
    expect(printer.feed("ree\n")).toBe("2. two\n");
    expect(printer.end()).toBe("3. three\n");
  });

  it("has a table printed when it is complete", () => {
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 ")).toBe("");
    expect(printer.tail(4)).toEqual(["table, 2 rows so far…"]);
    expect(printer.feed("| 4 |\n\n")).toBe("a │ b\n──┼──\n1 │ 2\n3 │ 4\n");
  });

  it("has its tail cut to the rows of the screen", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed(`${"word ".repeat(2000)}last`);
    const tail = printer.tail(4);
    expect(tail).toHaveLength(4);
    expect(tail.at(-1)).toMatch(/last$/);
    for (const line of tail) expect(line.length).toBeLessThan(40);
  });

  it("does not show a closing fence as a line of code", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed("```js\nconst a = 1;\n```");
    expect(printer.tail(5)).toEqual([]);
    printer.feed("`no`");
    expect(printer.tail(5)).toEqual(["````no`"]);
  });

  it("has a long line of code broken only in the live area", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed(`\`\`\`\n${"x".repeat(100)}`);
    expect(printer.tail(9).map((line) => line.length)).toEqual([39, 39, 22]);
    expect(printer.feed("\n")).toBe(`${"x".repeat(100)}\n`);
  });

  it("keeps the line breaks of the source in the live area", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed("Name: x\nAge: y\nAddress");
    expect(printer.tail(5)).toEqual(["Name: x", "Age: y", "Address"]);
    printer.feed("\n\n> a\n> b");
    expect(printer.tail(5)).toEqual(["", "│ a", "│ b"]);
  });

  it("does not flicker between marks and style while emphasis is written", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed("a **bo");
    expect(printer.tail(1)).toEqual(["a **bo**"]);
  });
});

describe("a finished block", () => {
  it("is rendered as its kind of Markdown requires", () => {
    const rows: [rule: string, source: string, shown: string][] = [
      [
        "wraps prose at words to columns − 1",
        "one two three four five six seven eight nine",
        "one two three four five six seven eight\nnine\n",
      ],
      [
        "keeps an address whole",
        `go to https://example.com/${"a".repeat(40)} now`,
        `go to\nhttps://example.com/${"a".repeat(40)}\nnow\n`,
      ],
      [
        "hangs a list item under its text",
        "- one two three four five six seven eight nine",
        "• one two three four five six seven\n  eight nine\n",
      ],
      ["nests lists", "- a\n  - b\n    - c\n- d", "• a\n  ◦ b\n    ▪ c\n• d\n"],
      ["counts on from the first number", "3. a\n1. b\n\n   more\n1. c", "3. a\n4. b\n\n   more\n5. c\n"],
      [
        "puts code of an item at the left edge",
        "1. do\n   ```sh\n   npm i\n     x\n   ```\n   then\n2. next",
        "1. do\n\n── sh\nnpm i\n  x\n\n   then\n\n2. next\n",
      ],
      [
        "ends code in a nested item with a blank line",
        "- a\n  - b\n\n> - c\n>   ```\n>   x\n>   ```\n>   d",
        "• a\n  ◦ b\n\n│ • c\n│\n│ ──\n│ x\n│\n│   d\n",
      ],
      ["marks quotes", "> a\n> b", "│ a\n│ b\n"],
      [
        "keeps the lines of a poem",
        "Roses are *red\nand* blue  \n  and so\n",
        "Roses are *red\nand* blue\nand so\n",
      ],
      [
        "keeps the lines of a list item under its text",
        "- Name: x\n  Age: y\n\n  one\n  two\n- next\nlazy",
        "• Name: x\n  Age: y\n\n  one\n  two\n• next\n  lazy\n",
      ],
      [
        "keeps the lines of an item after its code",
        "- a\n  ```\n  x\n  ```\n  b\n  c",
        "• a\n\n──\nx\n\n  b\n  c\n",
      ],
      [
        "wraps each line of the source by itself",
        "one two three four five six seven eight nine\nten",
        "one two three four five six seven eight\nnine\nten\n",
      ],
      ["leaves a heading on its line", "One\ntwo\n===", "# One two\n"],
      ["leaves code within a sentence on its line", "a `b\nc` d", "a `b c` d\n"],
      [
        "breaks a line once where the source does it twice",
        "> **a**<br>\n> *b*\n> <br>c<br><br>d",
        "│ **a**\n│ *b*\n│ c\n│\n│ d\n",
      ],
      ["shows where a link leads", "[here](https://a.b/c)", "here (https://a.b/c)\n"],
      ["shows a bare address once", "<https://a.b/c>", "https://a.b/c\n"],
      ["ticks boxes", "- [x] a\n- [ ] b", "☑ a\n☐ b\n"],
      ["turns entities into characters, but not into commands", "a &lt; b &#27;[2Jc", "a < b c\n"],
      ["keeps line breaks that were asked for", "a<br>b  \nc", "a\nb\nc\n"],
      ["keeps html as it stands", "<div>\n*a*\n</div>", "<div>\n*a*\n</div>\n"],
      ["keeps tabs and spaces in code", "```\n\ta  b\n```", "──\n\ta  b\n"],
      ["marks headings where there is no colour", "## Two", "## Two\n"],
      [
        "aligns columns by the cells they take",
        "|n|v|\n|-|-:|\n|日本|1|\n|a|22|",
        "n    │  v\n─────┼───\n日本 │  1\na    │ 22\n",
      ],
      [
        "breaks between ideographs",
        "日本語".repeat(10),
        `${"日本語".repeat(6)}日\n本語${"日本語".repeat(3)}\n`,
      ],
    ];
    for (const [rule, source, shown] of rows) expect(renderAnswer(source, bare), rule).toBe(shown);
  });

  it("is drawn in ASCII on a terminal without Unicode", () => {
    expect(renderAnswer("- a\n\n> b\n\n---\n\n|a|b|\n|-|-|\n|1|2|", ascii)).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it("links only web and mail addresses", () => {
    expect(renderAnswer("[a](https://x.y)", painted)).toContain("\x1b]8;;https://x.y\x1b\\");
    expect(renderAnswer("[a](javascript:x) [b](file:///etc/passwd)", painted)).not.toContain("\x1b]8");
  });

  it("closes every style that it opens", () => {
    const shown = renderAnswer("# A\n\n**b *c* `d`** ~~e~~ [f](https://g.h)", painted);
    for (const line of shown.split("\n")) {
      const codes = line.match(/\x1b\[[\d;]*m/g) ?? [];
      expect(codes.length === 0 || codes.at(-1) === "\x1b[0m").toBe(true);
    }
  });
});

describe("a difficult answer", () => {
  const LINE = 100_000;

  it("loses no character of a line of 100 KB", () => {
    const rows: [of: string, text: string][] = [
      ["words", "word ".repeat(LINE / 5)],
      ["no space at all", "x".repeat(LINE)],
      ["ideographs", "日本語テキスト".repeat(LINE / 7)],
      ["families of emoji", "👨‍👩‍👧".repeat(LINE / 8)],
      ["combining marks", `a${"\u0301".repeat(LINE)}`],
      ["Hebrew", "שלום עולם ".repeat(LINE / 10)],
      ["tabs", "a\tb".repeat(LINE / 3)],
      ["marks of emphasis", "_a".repeat(LINE / 2)],
      ["brackets", "[".repeat(LINE)],
      ["dollars", "$a ".repeat(LINE / 3)],
      ["formulas without an end", "\\( ".repeat(LINE / 3)],
      ["blanks", `a${" ".repeat(LINE)}b`],
      ["blanks before what might be a table's rule", `a|b\n${" ".repeat(LINE)}x-`],
      ["blanks behind it", `a|b\n:-${" ".repeat(LINE)}x`],
      ["what might be a mail address", `${"x".repeat(LINE)}@`],
    ];
    for (const [of, text] of rows) {
      const printer = createAnswerPrinter(() => bare);
      let shown = "";
      for (let at = 0; at < text.length; at += 4096) {
        shown += printer.feed(text.slice(at, at + 4096));
        expect(printer.tail(4).length, of).toBeLessThanOrEqual(4);
      }
      shown += printer.end();
      expect(shown.replaceAll(/\s/g, ""), of).toBe(text.replaceAll(/\s/g, ""));
    }
  });

  it("is shown if it is nested deeper than the stack allows", () => {
    const rows: [of: string, source: string][] = [
      ["quotes", `${"> ".repeat(20_000)}deep`],
      ["lists", `${"- ".repeat(20_000)}deep`],
      ["items", Array.from({ length: 300 }, (_, i) => `${"  ".repeat(i)}- deep`).join("\n")],
      ["emphasis", `${"*a **b ".repeat(60)}deep${" b** a*".repeat(60)}`],
    ];
    for (const [of, source] of rows) {
      expect(renderAnswer(source, bare), of).toContain("deep");
      const between = renderAnswer(`before\n\n${source}\n\nafter **it**`, bare);
      expect(between, of).toMatch(/^before\n[^]*\nafter \*\*it\*\*\n$/);
    }
  });

  it("has marks down to level 40, and plain text below that", () => {
    const rows: [of: string, open: string, close: string][] = [
      ["emphasis", "*a ", " b*"],
      ["strong words", "**a ", " b**"],
      ["both", "*a **b ", " c** d*"],
      ["strokes", "~~a *b ", " c* d~~"],
    ];
    for (const [of, open, close] of rows) {
      const shown = renderAnswer(`${open.repeat(400)}deep${close.repeat(400)}`, bare).replaceAll("\n", " ");
      const marks = `${open.repeat(300)}deep${close.repeat(300)}`;
      expect(shown.includes(marks.trim()), of).toBe(true);
    }
  });

  it("shows a rule of any length", () => {
    expect(renderAnswer(`a\n\n${"-".repeat(200)}\n\nb`, bare)).toBe(`a\n\n${"─".repeat(39)}\n\nb\n`);
  });

  it("keeps emphasis in a long table", () => {
    const rows = Array.from({ length: 2_000 }, () => "| `a` | **b** |").join("\n");
    expect(renderAnswer(`| x | y |\n|---|---|\n${rows}`, painted)).not.toContain("**b**");
  });
});

describe("a line of the live area", () => {
  it("is broken between graphemes, with spaces for tabs", () => {
    const rows: [line: string, cells: number, broken: string[]][] = [
      ["ab", 2, ["ab"]],
      ["abc", 2, ["ab", "c"]],
      ["日本語", 5, ["日本", "語"]],
      ["👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 4, ["👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧"]],
      ["e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]],
      ["\ta", 20, ["        a"]],
      ["abc\td", 20, ["abc     d"]],
      ["\ta", 5, ["     ", "   a"]],
      ["\u001b[31mabc\u001b[0md", 2, ["\u001b[31mab\u001b[0m", "\u001b[31mc\u001b[0md"]],
    ];
    for (const [line, cells, broken] of rows)
      expect(hardWrap(line, cells), JSON.stringify(line)).toEqual(broken);
  });
});
