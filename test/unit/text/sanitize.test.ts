import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSanitizer, oneLine, plainText, printableJson } from "../../../src/text/sanitize.ts";

/** Text thick with everything that a terminal would act on. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001B",
        "[",
        "]",
        "P",
        "\\",
        "\u0007",
        "\u009B",
        "\u009C",
        "\u009D",
        "\u0090",
        "\u0018",
      ),
      fc.constantFrom(
        "\n",
        "\t",
        "\r",
        "\0",
        "\u007F",
        "0",
        "1",
        ";",
        "?",
        "m",
        "(",
        " ",
        "é",
        "世",
        "👍",
        "\u202E",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.join(""));

const unsafe = /[\0-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;

function inPieces(text: string, cuts: number[]): string {
  const clean = createSanitizer();
  const places = [...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
  let from = 0;
  return places
    .map((to) => {
      const piece = clean(text.slice(from, to));
      from = to;
      return piece;
    })
    .join("");
}

describe("plainText", () => {
  it.each([
    ["keeps text as it is", "Hello, 世界 👍\n\tindented", "Hello, 世界 👍\n\tindented"],
    ["takes colours and cursor moves away whole", "a\u001B[1;31mred\u001B[0m\u001B[2J\u001B[Hb", "aredb"],
    [
      "takes a hyperlink's address away and keeps its text",
      "\u001B]8;;http://x\u001B\\link\u001B]8;;\u0007!",
      "link!",
    ],
    [
      "takes titles and device strings away",
      "\u001B]0;title\u0007a\u001BPq#0\u001B\\b\u001B_x\u001B\\c",
      "abc",
    ],
    ["knows the introducers of one byte", "a\u009B31mb\u009D0;t\u009Cc\u0090q\u009Cd", "abcd"],
    ["takes character sets and single shifts away", "a\u001B(Bb\u001B7c\u001B#8d", "abcd"],
    ["drops carriage returns, bells, backspaces and DEL", "safe\rrm\u0007 -\brf\u007F", "saferm -rf"],
    ["drops what reverses the reading order", "abc\u202Edcba\u2066x", "abcdcbax"],
    ["gives the line back after a stray introducer", "a \u001B] b\nnext line", "a \nnext line"],
    ["keeps what follows a sequence that is cut short", "a\u001B[31\nb\u001B", "a\nb"],
  ])("%s", (_, text, clean) => {
    expect(plainText(text)).toBe(clean);
  });

  it("lets no control character through, whatever comes", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainText(text)).not.toMatch(unsafe);
      }),
      { numRuns: 2000 },
    );
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainText(plainText(text))).toBe(plainText(text));
      }),
    );
  });

  it("keeps every character of harmless text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!unsafe.test(text));
        expect(plainText(text)).toBe(text);
      }),
    );
  });

  it("doesn't lose an endless answer to a stray introducer", () => {
    expect(plainText(`\u001B]${"x".repeat(10_000)}`).length).toBeGreaterThan(5000);
  });
});

describe("createSanitizer", () => {
  it("gives the same text however it is cut", () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        expect(inPieces(text, cuts)).toBe(plainText(text));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes a sequence away that is cut after every character", () => {
    const clean = createSanitizer();
    expect("a\u001B]8;;http://x\u001B\\b\u001B[31mc".split("").map(clean).join("")).toBe("abc");
  });
});

describe("printableJson", () => {
  it("holds the same value without anything that a terminal acts on", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = printableJson({ text, [text]: [text] });
        expect(json).not.toMatch(unsafe);
        expect(json).not.toContain("\n");
        expect(JSON.parse(json)).toEqual({ text, [text]: [text] });
      }),
    );
  });

  it("leaves letters as they are, and indents where it is asked to", () => {
    expect(printableJson({ text: "é世👍" }, 2)).toBe('{\n  "text": "é世👍"\n}');
  });
});

describe("oneLine", () => {
  it("makes one line of what others wrote, and cuts it", () => {
    expect(oneLine("  a\r\n\tb \u001B[31m c ")).toBe("a b c");
    expect(oneLine("word ".repeat(100), 20)).toBe("word word word word…");
    expect(oneLine("👍".repeat(20), 10)).toBe("👍👍👍👍…");
  });
});
