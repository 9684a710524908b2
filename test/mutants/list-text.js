/** @typedef {import("./list.js").Mutant} Mutant */

const folder = "test/unit/tui/markdown";

/** What an answer says, as it is drawn. @type {Mutant[]} */
export const textMutants = [
  {
    file: "src/text/formula.ts",
    find: " || canBeMoney(dollars.slice(1, -1))",
    replace: "",
    why: "An amount of money is taken for a formula, with the sentence behind it.",
    tests: [`${folder}/formula.test.ts`],
  },
  {
    file: "src/tui/markdown/split.ts",
    find: "if (formula !== undefined && formulaLine(line, formula)) return;",
    replace: "",
    why: "A line of a formula that begins with - loses it: it is drawn as an item of a list.",
    tests: [`${folder}/formula.test.ts`],
  },
  {
    file: "src/tui/markdown/inline.ts",
    find: "if (isShown(look, display)) return",
    replace: "if (display.columns > 0) return",
    why: "Without colour, ~~$50~~ $40 reads $50 $40.",
    tests: [`${folder}/marks.test.ts`],
  },
  {
    file: "src/tui/markdown/link.ts",
    find: "display.links && target !== undefined &&",
    replace: "display.links &&",
    why: "An address that the terminal cannot link is not shown at all.",
    tests: [`${folder}/marks.test.ts`],
  },
  {
    file: "src/text/bounded-tokenizer.ts",
    find: "boundedRow(row, columns, true)",
    replace: "boundedRow(row, columns, false)",
    why: "The last cells of a row with too many of them are lost.",
    tests: [`${folder}/table.test.ts`, "test/unit/page/parts.test.ts"],
  },
  {
    file: "src/tui/markdown/lex.ts",
    find: "this.lexer.inlineQueue.pop();\n    return { ...token",
    replace: "return { ...token",
    why: "A formula of several lines in a later line of an item is lost, with the words around it.",
    tests: [`${folder}/formula.test.ts`],
  },
  {
    file: "src/tui/markdown/lex.ts",
    find: "this.lexer.inlineQueue.pop();\n    return undefined;",
    replace: "return undefined;",
    why: "A formula with a line of --- in it is lost behind another formula.",
    tests: [`${folder}/formula.test.ts`],
  },
  {
    file: "src/page/markdown/parts.ts",
    find: 'case "html":\n    case "def":',
    replace: 'case "def":\n      return [];\n    case "html":',
    why: "An answer such as [Answer]: 42 is empty on the page.",
    tests: ["test/unit/page/parts.test.ts"],
  },
  {
    file: "src/text/parse-url.ts",
    find: "return new URL(text, base);",
    replace: "return URL.canParse(text, base) ? new URL(text, base) : undefined;",
    why: "On Node 20 and 22, an address with an ä is none after some thousand calls.",
    tests: ["test/unit/text/parse-url.test.ts"],
  },
];
