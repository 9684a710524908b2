import { describe, expect, it } from "vitest";
import { createAnswerPrinter } from "../../../../src/tui/markdown/answer.ts";
import { styles, type Display } from "../../../../src/tui/markdown/display.ts";
import { renderAnswer, strip } from "./render-answer.ts";

const bare: Display = { columns: 60, color: false, ascii: false, links: false };
const painted: Display = { ...bare, color: true, links: true };

describe("a mark in an answer", () => {
  it("is kept where the terminal has no style for it", () => {
    const sources = [
      "2*3*4 = 24",
      "__init__.py",
      "~~$50~~ $40",
      "a **b** *c* _d_ __e__ ***f***",
      "`code` and ``a`b``",
      "**bold *both*** ~~gone **b**~~",
      "<b>b</b> <kbd>Ctrl</kbd>",
      "~5 to ~6, 1~2 and 3~4",
      "- a **b**",
      "# One *two*",
      "> [!NOTE]",
    ];
    const drawn = (source: string) => source.replace(/^- /, "• ").replace(/^> /, "│ ");
    for (const source of sources) expect(renderAnswer(source, bare), source).toBe(`${drawn(source)}\n`);
  });

  it("is kept if the terminal lacks just its style", () => {
    const linux = { ...painted, lacks: [styles.italic, styles.strike] };
    expect(renderAnswer("~~$50~~ *$40* **b** <s>c</s>", linux)).toBe(
      "~~$50~~ *$40* \x1b[1mb\x1b[0m <s>c</s>\n",
    );
  });

  it("is not torn off its text at the end of a line", () => {
    const source = `${"日".repeat(28)}**本**${"語".repeat(28)}`;
    expect(renderAnswer(source, bare)).toBe(`${"日".repeat(28)}\n**本**${"語".repeat(26)}\n語語\n`);
  });

  it("that multiplies or means about is none", () => {
    expect(strip(renderAnswer("2*3*4, 2**3**2, ~5 to ~6, 1~2 and 3~4", painted))).toBe(
      "2*3*4, 2**3**2, ~5 to ~6, 1~2 and 3~4\n",
    );
  });

  it("works beside CJK punctuation", () => {
    const rows: [source: string, bold: string][] = [
      ["**注意：**这是", "注意："],
      ["这是**「引用」**测试", "「引用」"],
      ["**“重要”**的", "“重要”"],
      ['**"重要"**的', '"重要"'],
      ["これは**強調。**です", "強調。"],
      ["먼저 **주의(注意)**는", "주의(注意)"],
      ["请用**这个`npm`**命令", "这个"],
      ["**中文**test", "中文"],
    ];
    for (const [source, bold] of rows) {
      const shown = renderAnswer(source, painted);
      expect(strip(shown), source).toBe(`${source.replaceAll(/\*\*|`/g, "")}\n`);
      expect(shown, source).toContain(`\x1b[1m${bold}`);
    }
    // Elsewhere CommonMark's rule holds.
    expect(renderAnswer('a**"b"**c', painted)).toBe('a**"b"**c\n');
    expect(renderAnswer("这是 ** 星号 ** 的", painted)).toBe("这是 ** 星号 ** 的\n");
  });
});

describe("an entity", () => {
  it("is the character that it stands for, decoded once", () => {
    expect(
      renderAnswer("&le; &eacute; &nbsp;&NotEqualTilde; &#x2264; &amp;lt; &#38;lt; &copy &nosuch;", bare),
    ).toBe("≤ é \u00a0≂̸ ≤ &lt; &lt; &copy &nosuch;\n");
    expect(renderAnswer("[a&eacute;](https://x.y/?a=1&amp;b=2 '&lt;t')", bare)).toBe(
      'aé (https://x.y/?a=1&b=2 "<t")\n',
    );
    expect(renderAnswer("`&le;` &#27;[2J &#x9b;1m &#x202e;", bare)).toBe("`&le;`  ›1m\n");
  });
});

describe("HTML in an answer", () => {
  it("is drawn as text in its style", () => {
    const rows: [source: string, shown: string][] = [
      ["<kbd>Ctrl</kbd>+<kbd>C</kbd>", "\x1b[36mCtrl\x1b[0m+\x1b[36mC\x1b[0m\n"],
      ["so\n<kbd>C</kbd> is", "so\n\x1b[36mC\x1b[0m is\n"],
      ["<b>a <i>b</i></b>", "\x1b[1ma\x1b[0m \x1b[1;3mb\x1b[0m\n"],
      ["<B>a</B> <strong class='x'>b</strong>", "\x1b[1ma b\x1b[0m\n"],
      ["H<sub>2</sub>O, x<sup>2</sup>, x<sup>n+k</sup>, a<sub>max</sub>", "H₂O, x², x^(n+k), a_max\n"],
      ["a<br>b<br/>c", "a\nb\nc\n"],
      ["a <!-- no\nno --> b", "a b\n"],
      ["<!-- no -->\n\na", "a\n"],
      [
        "<details>\n<summary>More</summary>\n\nin **it**\n\n</details>",
        "\x1b[1mMore\x1b[0m\n\nin \x1b[1mit\x1b[0m\n",
      ],
      ["<details open><summary>M &amp; N</summary>in</details>", "\x1b[1mM & N\x1b[0m\nin\n"],
      ["the <b> tag, a <details> too, 1 <b 2", "the <b> tag, a <details> too, 1 <b 2\n"],
      ["<div>\n  <p>*a*</p>\n</div>", "<div>\n  <p>*a*</p>\n</div>\n"],
      ["| a |\n|---|\n| x<br>y<sup>2</sup> |", "\x1b[1ma\x1b[0m\n\x1b[2m──\x1b[0m\nx\ny²\n"],
    ];
    for (const [source, shown] of rows) expect(renderAnswer(source, painted), source).toBe(shown);
    expect(renderAnswer("x<sup>2</sup>", { ...bare, ascii: true })).toBe("x^2\n");
    expect(renderAnswer("<summary>More</summary>", bare)).toBe("More\n");
  });
});

describe("a quote with a kind", () => {
  it("shows it as a word in colour", () => {
    expect(renderAnswer("> [!NOTE]\n> Mind *this*", painted)).toBe(
      "\x1b[2m│ \x1b[0m\x1b[1;34mNOTE\x1b[0m\n\x1b[2m│ \x1b[0mMind \x1b[3mthis\x1b[0m\n",
    );
    expect(renderAnswer("> [!warning]\n> a", painted)).toContain("\x1b[1;33mWARNING\x1b[0m");
    expect(strip(renderAnswer("> [!OTHER]\n> a", painted))).toBe("│ [!OTHER]\n│ a\n");
  });
});

describe("a task", () => {
  it("has its box for a bullet", () => {
    expect(renderAnswer("- [x] a\n- [ ] b\n  more\n  - [ ] c\n- d\n\n1. [x] e", bare)).toBe(
      "☑ a\n☐ b\n  more\n  ☐ c\n• d\n\n1. ☑ e\n",
    );
  });
});

describe("a footnote", () => {
  it("is numbered in the order of its first mark, and drawn where its text is", () => {
    const source =
      "A[^two], b[^1] and again[^two]; [^a-z] is none, x[^a] neither.\n\n[^two]: First\n    more\n[^1]: *Second*\n\n    its end\n\nAfter";
    expect(renderAnswer(source, bare)).toBe(
      "A[1], b[2] and again[1]; [^a-z] is none, x[^a] neither.\n\n[1] First\n    more\n[2] *Second*\n\n    its end\n\nAfter\n",
    );
  });

  it("keeps a label that may be something else", () => {
    expect(renderAnswer("A[^d].\n\n[^d]: It", bare)).toBe("A[^d].\n\n[^d] It\n");
    expect(renderAnswer("[^note]: It\n\nA[^note] [^note]", bare)).toBe("[1] It\n\nA[1] [1]\n");
  });

  it("has no number yet while its mark is incomplete", () => {
    const printer = createAnswerPrinter(() => bare);
    printer.feed("A[^12]");
    expect(printer.tail(1)).toEqual(["A[1]"]);
    printer.feed("\n\nB[^3] and[^12]\n\n");
    expect(printer.end()).toBe("");
  });
});

describe("a link", () => {
  it("by reference has the address and the title of a definition above it", () => {
    const above = "[r]: https://a.b/c 'The title'";
    expect(renderAnswer(`${above}\n\n[this][R], [r] and [r][]`, { ...bare, columns: 200 })).toBe(
      `${above}\n\nthis (https://a.b/c "The title"), r (https://a.b/c "The title") and r (https://a.b/c "The title")\n`,
    );
  });

  it("by reference has them of a definition below it, for which its text is held back", () => {
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("Before\n\nsee [this][R]\n\n- one\n- two\n\nAf")).toBe("Before\n");
    expect(printer.tail(9)).toEqual(["", "see [this][R]", "", "• one", "• two", "", "Af"]);
    expect(printer.feed('ter\n\n[r]: https://a.b/c "T"\n[q]: d\n\nmore\n\n')).toBe(
      '\nsee this (https://a.b/c "T")\n\n• one\n• two\n\nAfter\n\n[r]: https://a.b/c "T"\n[q]: d\n\nmore\n',
    );
  });

  it("by reference is text if its definition is missing or far below it", () => {
    const definition = "[r]: <https://a.b/c> 'T'";
    const rows = [
      "[this][r]",
      `[this][r]\n\n── js\nlet a;\n\n${definition}`,
      `[this][r]\n\n${"more\n\n".repeat(20)}${definition}`,
      `[this][r]\n\n${"more ".repeat(10)}\n\n${"more\n\n".repeat(20)}${definition}`,
    ];
    for (const shown of rows) {
      const source = shown.replace("── js\nlet a;\n", "```js\nlet a;\n```\n");
      expect(renderAnswer(source, bare), source).toBe(`${shown.replaceAll(/ +\n/g, "\n")}\n`);
    }
    const printer = createAnswerPrinter(() => bare);
    expect(printer.feed("m[i][j] and `[a][b]`\n\n")).toBe("m[i][j] and `[a][b]`\n");
  });

  it("shows its text only where the terminal has links", () => {
    const link = (href: string, text: string) => `\x1b]8;;${href}\x1b\\\x1b[4m${text}\x1b[0m\x1b]8;;\x1b\\`;
    expect(renderAnswer("[here](https://a.b/c)", painted)).toBe(`${link("https://a.b/c", "here")}\n`);
    expect(renderAnswer("[here](https://a.b/c 'T')", painted)).toBe(
      `${link("https://a.b/c", "here")} \x1b[2m"T"\x1b[0m\n`,
    );
    expect(renderAnswer("[здесь](https://пример.рф/ж)", painted)).toBe(
      `${link("https://xn--e1afmkfd.xn--p1ai/%D0%B6", "здесь")}\n`,
    );
    expect(renderAnswer("<https://a.b/c> me@a.b", painted)).toBe(
      `${link("https://a.b/c", "https://a.b/c")} ${link("mailto:me@a.b", "me@a.b")}\n`,
    );
  });

  it("shows its address too, if its text is another address or the terminal can't link it", () => {
    expect(strip(renderAnswer("[https://bank.com](https://evil.com)", painted))).toBe(
      "https://bank.com (https://evil.com)\n",
    );
    expect(renderAnswer("[a](javascript:x) [b](file:///etc/passwd)", painted)).not.toContain("\x1b]8");
    expect(strip(renderAnswer("[a](../b.md)", painted))).toBe("a (../b.md)\n");
  });

  it("shows its address once and unbroken elsewhere", () => {
    const address = `https://a.b/${"c".repeat(70)}`;
    expect(renderAnswer(`see [here](${address}) or ${address}`, bare)).toBe(
      `see here\n(${address})\nor\n${address}\n`,
    );
    expect(renderAnswer("见https://zh.wikipedia.org/wiki/中文中文中文中文中文中文中文中文", bare)).toBe(
      "见\nhttps://zh.wikipedia.org/wiki/中文中文中文中文中文中文中文中文\n",
    );
  });

  it("is drawn in the live area as it will be in the end", () => {
    const printer = createAnswerPrinter(() => painted);
    printer.feed("[here](https://a.b/c) and");
    expect(printer.tail(1)).toEqual(["\x1b[4mhere\x1b[0m and"]);
  });
});

describe("prose", () => {
  it("is at most 100 columns wide, code and tables as wide as the screen", () => {
    const wide: Display = { ...bare, columns: 200 };
    const words = "word ".repeat(60).trim();
    const longest = (source: string) =>
      Math.max(
        ...renderAnswer(source, wide)
          .split("\n")
          .map((line) => line.length),
      );
    expect(longest(words)).toBe(99);
    expect(longest(`- ${words}`)).toBeLessThanOrEqual(100);
    expect(longest(`> - ${words}`)).toBeLessThanOrEqual(100);
    expect(longest(`# ${words}`)).toBeLessThanOrEqual(100);
    expect(longest(`| ${"a".repeat(80)} | ${"b".repeat(80)} |\n|---|---|`)).toBe(163);
    expect(longest(`\`\`\`\n${"x".repeat(150)}\n\`\`\``)).toBe(150);
  });
});
