import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReferences } from "../../../src/page/markdown/lex.ts";
import { hiddenHost, linkTarget } from "../../../src/page/markdown/link.ts";
import { partsOf, textOf, type Part } from "../../../src/page/markdown/parts.ts";

/** docs/browser.md#answers */

const parts = (source: string) => partsOf(source, createReferences());

/** As HTML would be, to read in a test. */
const shown = (list: readonly Part[]): string =>
  list
    .map((part) => {
      if (typeof part === "string") return part.replaceAll("<", "&lt;");
      if ("code" in part) return `<pre ${part.language}>${part.code}</pre>`;
      const { tag, attributes = {} } = part;
      const more = ["href", "start", "data-align", "scope"]
        .flatMap((name) => Object.entries(attributes).filter(([key]) => key === name))
        .map(([name, value]) => ` ${name}=${value}`)
        .join("");
      return `<${tag}${more}>${shown(part.parts)}</${tag}>`;
    })
    .join("");

describe("an answer", () => {
  test.each([
    ["# One\n\n###### Six", "<h3>One</h3><h6>Six</h6>"],
    [
      "*a* **b** ~~c~~ ~d~ `e<f`",
      "<p><em>a</em> <strong>b</strong> <del>c</del> ~d~ <code>e&lt;f</code></p>",
    ],
    [String.raw`\(a_1 * b_1\) \[c\] \*`, String.raw`<p>\(a_1 * b_1\) \[c\] *</p>`],
    ["2*3*4 and 2**3**4", "<p>2*3*4 and 2**3**4</p>"],
    ["```js x\na < b\n```", "<pre js>a < b</pre>"],
    ["3. a\n4. b", "<ol start=3><li>a</li><li>b</li></ol>"],
    ["- [x] a\n- [ ] b", "<ul><li>☑ a</li><li>☐ b</li></ul>"],
    ["> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"],
    [
      "|a|b|\n|-|-:|\n|c|d<br>e|",
      "<table><thead><tr><th scope=col>a</th><th data-align=right scope=col>b</th></tr></thead>" +
        "<tbody><tr><td>c</td><td data-align=right>d<br></br>e</td></tr></tbody></table>",
    ],
    ["a  \nb\n\n---", "<p>a<br></br>b</p><hr></hr>"],
    ["&lt;b&gt; &amp;amp; &eacute; \\*", "<p>&lt;b> &amp; é *</p>"],
    ["<b>x</b>\n\n<div>\ny</div>", "<p>&lt;b>x&lt;/b></p><p>&lt;div>\ny&lt;/div></p>"],
    ["[a](https://b.example/c)", "<p><a href=https://b.example/c>a</a></p>"],
    ["![a](https://b.example/c)", "<p><a href=https://b.example/c>Image: a</a></p>"],
    ["![](javascript:x)", "<p>Image: without a description</p>"],
    ["[a](javascript:x) [b](/c) [*d*](data:x)", "<p>a b <em>d</em></p>"],
    [
      "[https://bank.example](https://evil.example/)",
      "<p><a href=https://evil.example/>https://bank.example</a> (evil.example)</p>",
    ],
    ["[constructor] [toString]", "<p>[constructor] [toString]</p>"],
    ["[Answer]: 42", "<p>[Answer]: 42</p>"],
    ["[a][1]\n\n[1]: /b 'c'\n[^2]: d", "<p>a</p><p>[1]: /b 'c'</p><p>[^2]: d</p>"],
    [
      "|a|b|\n|-|-|\n|`c|d`|\\(e|f\\)|\n|g|h|i|",
      "<table><thead><tr><th scope=col>a</th><th scope=col>b</th></tr></thead><tbody>" +
        "<tr><td><code>c|d</code></td><td>\\(e|f\\)</td></tr><tr><td>g</td><td>h|i</td></tr></tbody></table>",
    ],
  ])("%j", (source, expected) => {
    expect(shown(parts(source)).replaceAll(/ (?=>)/g, "")).toBe(expected);
  });

  test("loses no word", () => {
    const lines = [
      "#",
      "",
      "",
      "# #",
      "- #",
      "  - # `#`",
      "  #",
      "1. #",
      "- [x] #",
      "> #",
      "> [!NOTE] #",
      "    #",
      "```",
      "| # | `#|#` | # |",
      "|---|---|",
      "_#_ ~~#~~ ***#***",
      "<b>#</b> <!-- #",
      "# -->",
      "---",
      "[#][#]",
      "[#](https://a.b/#) <https://a.b/#>",
      "![#](https://a.b/#)",
      "[#]: #",
      "[x]: #",
      "#[^x]",
      "[^x]: #",
      "$$ #",
      "\\[ #",
      "# \\]",
      "\\(#",
      "#\\) #",
      "**#",
      "#__ #",
      "&#x41; #",
    ];
    let count = 0;
    const source = fc
      .array(fc.constantFrom(...lines), { maxLength: 12 })
      .map((chosen) => chosen.join("\n").replaceAll(/(?<!^)#(?!x41)|#$/gm, () => `w${(count += 1)}w`));
    fc.assert(
      fc.property(source, (answer) => {
        const drawn = JSON.stringify(parts(answer));
        for (const [word] of answer.matchAll(/w\d+w/g)) expect(drawn).toContain(word);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["quotes", `${"> ".repeat(5000)}a`],
    ["lists", `${"- ".repeat(5000)}a`],
    ["marks", "*a **b ".repeat(5000)],
    ["brackets", "[".repeat(20_000)],
    ["a table", `${"|a".repeat(200)}\n${"|-".repeat(200)}\n${"x\n".repeat(200)}`],
    ["an address", "a@".repeat(5000)],
  ])("with too much of %s is bounded, and keeps its text", (_what, source) => {
    const depth = (list: readonly Part[]): number =>
      Math.max(
        0,
        ...list.map((part) => (typeof part === "object" && "parts" in part ? 1 + depth(part.parts) : 0)),
      );
    const drawn = parts(source);
    expect(depth(drawn)).toBeLessThan(70);
    expect(JSON.stringify(drawn).length).toBeLessThan(10 * source.length);
    expect(textOf(drawn)).not.toBe("");
  });
});

describe("a link", () => {
  test.each([
    ["https://a.example/b c", "https://a.example/b%20c"],
    ["HTTP://a.example", "http://a.example/"],
    ["mailto:a@b.example", "mailto:a@b.example"],
    ["https://ä.example", "https://xn--4ca.example/"],
    ["https:a", undefined],
    ["https://", undefined],
    ["javascript://a.example/%0aalert(1)", undefined],
    ["\u0001https://a.example", undefined],
    ["java\tscript:alert(1)", undefined],
    ["//a.example", undefined],
    ["", undefined],
  ])("to %j leads to %j", (href, target) => {
    expect(linkTarget(href)).toBe(target);
  });

  test("has its host beside it if its text looks like another address", () => {
    expect(hiddenHost("www.bank.example/login", "https://evil.example/")).toBe("evil.example");
    expect(hiddenHost("www.bank.example", "https://bank.example/")).toBeUndefined();
    for (const text of ["Log in at bank.example,", "https://bank.example@evil.example", "«bänk.example»"])
      expect(hiddenHost(text, "https://evil.example/"), text).toBe("evil.example");
    expect(hiddenHost("Bänk.example", "https://bänk.example/")).toBeUndefined();
    expect(hiddenHost("https://a.example/b.html?c=d.example", "https://a.example/b.html")).toBeUndefined();
    expect(hiddenHost("the bank, e.g. one", "https://evil.example/")).toBeUndefined();
    expect(hiddenHost("a.example", "mailto:a@a.example")).toBeUndefined();
  });
});
