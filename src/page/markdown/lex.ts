import { getDefaults, Lexer, type MarkedToken, type Token, type Tokenizer, type Tokens } from "marked";
import { BoundedTokenizer } from "../../text/bounded-tokenizer.ts";

/** Most marks of emphasis, code and links in one paragraph: the time of marked grows with their square. */
const MOST_MARKS = 2_000;

/** Longest word with an @ in it: marked tries each of its characters as the start of an address. */
const LONGEST_ADDRESS = 1_000;

/** Most cells of a table: short rows are filled up to the columns of the first one. */
const MOST_CELLS = 10_000;

/** Quotes, lists and references are bounded, too, and so are tables. */
class AnswerTokenizer extends BoundedTokenizer {
  protected override deepest = 30;

  override blockquote(src: string): Tokens.Blockquote | undefined {
    return this.deeper(() => super.blockquote(src));
  }

  override list(src: string): Tokens.List | undefined {
    return this.deeper(() => super.list(src));
  }

  /** `\(` and `\[` begin a formula: LaTeX stays as it is. */
  override escape(src: string): Tokens.Escape | undefined {
    return /^\\[()[\]]/.test(src) ? undefined : super.escape(src);
  }

  override reflink(...args: Parameters<Tokenizer["reflink"]>): ReturnType<Tokenizer["reflink"]> {
    return this.deeper(() => super.reflink(...args));
  }

  override table(src: string): Tokens.Table | undefined {
    const lines = this.rules.block.table.exec(src)?.[0].split("\n");
    if (lines === undefined || lines.length * (lines[1]?.split("|").length ?? 1) > MOST_CELLS)
      return undefined;
    return super.table(src);
  }
}

const takesLong = (src: string) =>
  (src.length > MOST_MARKS && (src.match(/[*_~`[\]<$\\!]/g)?.length ?? 0) > MOST_MARKS) ||
  (src.length > LONGEST_ADDRESS &&
    src.includes("@") &&
    src.split(/\s/).some((word) => word.length > LONGEST_ADDRESS && word.includes("@")));

/** Leaves as text what would take long to read. */
class BoundedLexer extends Lexer {
  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (!takesLong(src)) return super.inlineTokens(src, tokens);
    tokens.push({ type: "text", raw: src, text: src, escaped: false });
    return tokens;
  }
}

/** Targets of links by their labels, as `[label]: target` defines them; kept from segment to segment of an answer. */
export type References = Lexer["tokens"]["links"];

/** No references yet. Without a prototype: a label can be `constructor`. */
export const createReferences = (): References => Object.create(null) as References;

/** The tokens of some Markdown. */
export function lex(source: string, references: References): MarkedToken[] {
  const lexer = new BoundedLexer({ ...getDefaults(), tokenizer: new AnswerTokenizer() });
  lexer.tokens.links = references;
  return lexer.lex(source) as MarkedToken[];
}
