import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Display } from "../../../../src/tui/markdown/display.ts";
import { renderAnswer, strip } from "./render-answer.ts";

const bare: Display = { columns: 60, color: false, ascii: false, links: false };
const painted: Display = { ...bare, color: true, links: true };
const dim = (text: string) => `\x1b[2m${text}\x1b[0m`;

describe("a formula in an answer", () => {
  it("is drawn as it came, dim", () => {
    const formulas = [
      String.raw`\(x\)`,
      String.raw`\(e^{i\pi} + 1 = 0\)`,
      String.raw`\[\{a, b\} \, c \\ d\]`,
      String.raw`$$\frac{a_1*b_2*c_3}{2}$$`,
      String.raw`\begin{pmatrix} a & b \\ c & d \end{pmatrix}`,
      "$x$",
      "$a_1*b_2*c$",
      "$2^n$",
      "$5x + 3 = 8$",
      "$3.14 \\cdot r^2$",
      "$0 < x < 1$",
      "$f(x)$",
      "$\\$5$",
      "$-x$",
    ];
    for (const formula of formulas) {
      expect(renderAnswer(`See ${formula}, and`, painted), formula).toBe(`See ${dim(formula)}, and\n`);
      expect(renderAnswer(`See ${formula}, and`, bare), formula).toBe(`See ${formula}, and\n`);
    }
  });

  it("is drawn as it came in every place", () => {
    const formula = String.raw`\(a_1*b*c\,\{d\}\)`;
    for (const source of [
      `**so ${formula} is**`,
      `*${formula} and ${formula}*`,
      `- item ${formula}`,
      `> quoted ${formula}`,
      `# Title ${formula}`,
      `| a | b |\n|---|---|\n| ${formula} | x |`,
      `[link ${formula}](https://a.b)`,
      `这是${formula}的`,
    ])
      expect(strip(renderAnswer(source, painted)), source).toContain(formula);
  });

  it("of several lines is a block that no other block begins in", () => {
    const displays = [
      "$$\na\n- b\n+ c\n\n= d\n---\n# e\n> f\n1. g\n| h | i |\n|---|---|\n$$",
      "\\[\n\\begin{aligned}\n  x &= *y* \\\\\n\n  &= z\n\\end{aligned}\n\\]",
      "\\begin{align*}\na_1 &= b_1 \\\\[2pt]\n- c\n\\end{align*}",
      "$$ a\n- b $$",
      "\\[ a = b\n= c \\].",
    ];
    for (const display of displays) {
      const shown = display.split("\n").map((line) => (line === "" ? "" : dim(line)));
      expect(renderAnswer(`Before *it*\n${display}\nafter`, painted), display).toBe(
        `Before \x1b[3mit\x1b[0m\n\n${shown.join("\n")}\n\nafter\n`,
      );
    }
  });

  it("that begins behind words goes on over lines that look like blocks", async () => {
    const { createAnswerPrinter } = await import("../../../../src/tui/markdown/answer.ts");
    for (const source of [
      "Then \\[\nx = 1\n+ 2\n- 3\n\\] end\nand *more*",
      "Let \\(a\n+ b\\) and \\(c\n- d\\) be.\nThen *go*.",
      "**So:** $$\nx = a\n- b\n# c\n> d\n1. e\n---\n$$\nafter",
      "We get \\[\n\\begin{aligned}\n- x &= 1\\\\\n===\n\\end{aligned}\n\\]",
      "Text \\begin{x}\n- a\n\\end{x} more\n$$\n- b\n$$",
      "1. Step \\[\n   a\n   - b\n   \\] so\n2. two",
    ]) {
      const shown = source.replaceAll(/(?<=\\end\{x\} more)\n/g, "\n\n");
      expect(renderAnswer(source, bare), source).toBe(`${shown}\n`);
      const printer = createAnswerPrinter(() => bare);
      const drawn = Array.from(source, (character) => printer.feed(character)).join("");
      expect(drawn + printer.end(), source).toBe(`${shown}\n`);
    }
    expect(renderAnswer("Cost \\( of it\n- *item*", bare)).toBe("Cost ( of it\n\n• *item*\n");
  });

  it("stays a block in a list and in a quote", () => {
    expect(renderAnswer("- do\n  $$\n  a_*b_*\n  - c\n  $$\n- next", bare)).toBe(
      "• do\n  $$\n  a_*b_*\n  - c\n  $$\n• next\n",
    );
    expect(renderAnswer("> $$\n> x_1*2*y\n> $$\n> so", bare)).toBe("│ $$\n│ x_1*2*y\n│ $$\n│\n│ so\n");
  });

  it.each([
    ["a later line of an item", "- one\n  so \\(a\n  + b\\) end", "• one\n  so \\(a\n  + b\\) end\n"],
    [
      "a line of its own in an item",
      "1. one\n   \\[\n   a\n   \\] end",
      "1. one\n   \\[\n   a\n   \\] end\n",
    ],
    ["an item without an indent", "* one\n\\[\n\\] end\n* two", "• one\n\n[\n] end\n\n• two\n"],
    ["a task", "- [ ] one \\[\n  \\(a\n  b\\) end", "☐ one [\n  \\(a\n  b\\) end\n"],
    ["a quote", "> one\n> $$ a\n> $$ b\n> \\(c\n> d\\) end", "│ one\n│ $$ a\n│ $$ b\n│ \\(c\n│ d\\) end\n"],
    [
      "a line that looks like a heading",
      "$$ a\n$$ b\n\\(c\n---\nd\\) end",
      "$$ a\n$$ b\n\\(c\n---\nd\\) end\n",
    ],
  ])("of several lines that begins in %s keeps the words around it", (_place, source, shown) => {
    expect(renderAnswer(source, bare)).toBe(shown);
  });

  it("that was cut off is drawn as it came", () => {
    expect(renderAnswer("So\n\n$$\na_1*b*c", bare)).toBe("So\n\n$$\na_1*b*c\n");
  });

  it("without an end does not swallow what follows", () => {
    expect(renderAnswer("$$\nopen *a*\n\n```js\nlet a\n```\n\n*b*", painted)).toContain("\x1b[2m── js");
    expect(renderAnswer("A \\( alone\n\n- *b*", painted)).toContain("\x1b[3mb");
    const lines = Array.from({ length: 150 }, (_, i) => `line ${i}\n\n`).join("");
    expect(renderAnswer(`$$\n\n${lines}*b*`, painted)).toContain("\x1b[3mb");
  });

  it("is not broken at a space, so that it can be copied", () => {
    expect(renderAnswer("a long sentence about $a + b = c + d$", { ...bare, columns: 30 })).toBe(
      "a long sentence about\n$a + b = c + d$\n",
    );
  });

  it("does not flicker while it is written", async () => {
    const { createAnswerPrinter } = await import("../../../../src/tui/markdown/answer.ts");
    const printer = createAnswerPrinter(() => bare);
    printer.feed("so \\(a_1 * b");
    expect(printer.tail(2)).toEqual(["so \\(a_1 * b\\)"]);
  });
});

describe("money", () => {
  it("never becomes a formula", () => {
    const sentences = [
      "It costs $5 and $10.",
      "Between $20,000 and $30,000, or *so*.",
      "$5-$10, $5–$10, $5/$6, $5~$6",
      "US$5 and AU$10",
      "$5 or 10$ and 5$ or 10$",
      "$5/month or 10 US$",
      "a $5 (or US$) note",
      "$1.50, $2.00 and $3",
      "from $1M to $2M",
      "($5) and ($10)",
      "$HOME and $PATH, $HOME/$USER, $HOME:$PATH",
      "$a, $b",
      "the $ sign and the $ sign",
      "**$5** and **$10**",
      "$5 for a_b and c_d in US$",
      "~$5 and ~$6",
      "$5*2 and $6*3",
      "in $ (dollars) and $ (pesos)",
      "$$$ and $$$",
    ];
    for (const sentence of sentences) {
      expect(renderAnswer(sentence, painted), sentence).not.toContain("\x1b[2m");
      expect(renderAnswer(sentence, bare), sentence).toBe(`${sentence}\n`);
    }
  });
});

describe("any formula", () => {
  const inside = fc
    .array(
      fc.constantFrom(
        "a",
        "x_1",
        "*",
        "_",
        "\\{",
        "\\}",
        "\\,",
        "\\\\",
        "^2",
        " ",
        "\\frac{1}{2}",
        "|",
        "<",
        "&",
        "~~",
        "[",
        "](",
        "#",
        "+",
        "=",
        "é",
        "日",
        "\\$",
      ),
      { minLength: 1, maxLength: 12 },
    )
    .map((parts) => parts.join(""))
    .filter((text) => /[a-z]/.test(text));
  const formulas = fc.oneof(
    inside.map((text) => `\\(${text}\\)`),
    inside.map((text) => `\\[${text}\\]`),
    inside.map((text) => `$$${text}$$`),
    inside.map((text) => `\\begin{array}${text}\\end{array}`),
    inside.map((text) => `$x${text}y$`),
    fc.array(inside, { minLength: 1, maxLength: 5 }).map((lines) => `\n$$\n${lines.join("\n")}\n$$\n`),
    fc.array(inside, { minLength: 1, maxLength: 5 }).map((lines) => `\n\\[\n${lines.join("\n")}\n\\]\n`),
  );
  const around = fc.constantFrom(
    "Text ",
    "**bold** ",
    "*so ",
    "`code` ",
    "- item ",
    "# Head ",
    "it's $5 ",
    "5) ",
  );

  it("is drawn with every character as it came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(around, formulas), { maxLength: 6 }),
        fc.constantFrom(bare, painted),
        (parts, display) => {
          const source = parts.map(([text, formula]) => `${text}${formula} end`).join("\n");
          const shown = strip(renderAnswer(source, display)).replaceAll(/\s/g, "");
          for (const [, formula] of parts) expect(shown).toContain(formula.replaceAll(/\s/g, ""));
        },
      ),
      { numRuns: 500 },
    );
  });
});
