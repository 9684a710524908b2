import { getDefaults, Hooks, Lexer, type MarkedToken, type Token, type Tokens } from "marked";
import { BoundedTokenizer } from "../../text/bounded-tokenizer.ts";
import { decodeEntities } from "../../text/entities.ts";
import { displayFormula, endWithFormulas, formulaEnd, literals } from "../../text/formula.ts";
import { hasCjk, withoutPunctuationBesideMarks } from "./cjk.ts";
import { createReferences, isNoteLabel, noteNumber, type References } from "./references.ts";

/** LaTeX, not read as Markdown; a display is a block. */
export interface FormulaToken {
  type: "formula";
  raw: string;
}

/** `[^label]` in a text. */
export interface NoteToken {
  type: "note";
  raw: string;
  number: number;
}

export type AnyToken = MarkedToken | FormulaToken | NoteToken;

/**
 * The rules of all answers, and of this:
 * - emphasis beside CJK punctuation works (src/tui/markdown/cjk.ts);
 * - all entities are decoded, each once;
 * - a line in a formula begins no block.
 */
class AnswerTokenizer extends BoundedTokenizer {
  /** All that follows where a block is read; marked gives `paragraph` only what is before the next display. */
  rest = "";

  override lheading(src: string): Tokens.Heading | undefined {
    const token = super.lheading(src);
    if (token === undefined || this.#end(token.text) <= token.text.length) return token;
    // marked has queued the heading's text to be read.
    this.lexer.inlineQueue.pop();
    return undefined;
  }

  override paragraph(src: string): Tokens.Paragraph | undefined {
    const token = super.paragraph(src);
    const end = token === undefined ? 0 : this.#end(token.raw);
    if (token === undefined || end <= token.raw.length) return token;
    const after = this.rules.block.paragraph.exec(`x${this.rest.slice(end)}`)?.[0].slice(1) ?? "";
    const text = this.rest.slice(0, end) + after.split(DISPLAY_START, 1)[0];
    return this.#longer(token, text);
  }

  override text(src: string): Tokens.Text | undefined {
    const token = super.text(src);
    const end = token === undefined ? 0 : this.#end(token.raw);
    if (token === undefined || end <= token.raw.length) return token;
    return this.#longer(token, this.rest.slice(0, end));
  }

  /** The token with more text. marked has queued its text to be read, and expects one entry of each token in the queue. */
  #longer<T extends Tokens.Paragraph | Tokens.Text>(token: T, text: string): T {
    this.lexer.inlineQueue.pop();
    return { ...token, raw: text, text, tokens: this.lexer.inline(text) };
  }

  #end(text: string): number {
    return this.rest.startsWith(text) ? endWithFormulas(this.rest, text.length) : text.length;
  }

  override emStrong(src: string, masked: string, before = ""): Tokens.Em | Tokens.Strong | undefined {
    return super.emStrong(src, masked, withoutCjk(src, before));
  }

  override del(src: string, masked: string, before = ""): Tokens.Del | undefined {
    return super.del(src, masked, withoutCjk(src, before));
  }

  override inlineText(src: string): Tokens.Text | undefined {
    const token = super.inlineText(src);
    return token && { ...token, text: decodeEntities(token.raw) };
  }
}

/** The character before a mark, or "" where a CJK character makes punctuation beside the mark unimportant. */
function withoutCjk(src: string, before: string): string {
  const after = /^[*~]+([^])/.exec(src)?.[1] ?? "";
  return before.trim() !== "" && (hasCjk(before) || hasCjk(after)) ? "" : before;
}

/** Keeps the source of a run of text for the mask, which marked gives only a source without escapes. */
class AnswerLexer extends Lexer {
  run = "";

  override inlineTokens(src: string, tokens?: Token[]): Token[] {
    this.run = src;
    return super.inlineTokens(src, tokens);
  }
}

/** Hides formulas from the search for the end of emphasis. */
class Mask extends Hooks {
  lexer: AnswerLexer | undefined;

  override emStrongMask(masked: string): string {
    const source = this.lexer?.run ?? "";
    if (!/[*_~]/.test(masked) || source.length !== masked.length) return masked;
    let hidden = "";
    for (const { kind, start, end } of literals(source).found)
      if (kind === "formula") hidden += masked.slice(hidden.length, start) + "a".repeat(end - start);
    return withoutPunctuationBesideMarks(hidden + masked.slice(hidden.length));
  }
}

/** The last character before the text that is to be read. */
const before = (tokens: readonly Token[]): string => tokens.at(-1)?.raw.slice(-1) ?? "";

function formula(src: string, tokens: readonly Token[]): FormulaToken | undefined {
  const end = formulaEnd(src, 0, before(tokens));
  return end === undefined ? undefined : { type: "formula", raw: src.slice(0, end) };
}

const DISPLAY_START = /\n {0,3}(?:\$\$|\\\[|\\begin\{)/;

function display(src: string): FormulaToken | undefined {
  const raw = displayFormula(src);
  return raw === undefined ? undefined : { type: "formula", raw };
}

const NOTE = /^\[\^([^\]\s[]{1,99})\]/;

/** A footnote has a number, or follows a word. */
function note(src: string, tokens: readonly Token[], references: References): NoteToken | undefined {
  const match = NOTE.exec(src);
  if (match === null) return undefined;
  const [raw, label = ""] = match;
  const isNote =
    references.notes.has(label) || (isNoteLabel(label) && (/^\d+$/.test(label) || /\S/.test(before(tokens))));
  return isNote ? { type: "note", raw, number: noteNumber(references, label) } : undefined;
}

/** The tokens of some Markdown. The time grows with its length, not with the depth of its marks. */
export function lex(source: string, references = createReferences()): AnyToken[] {
  const hooks = new Mask();
  const tokenizer = new AnswerTokenizer();
  const lexer = new AnswerLexer({
    ...getDefaults(),
    tokenizer,
    hooks,
    extensions: {
      renderers: {},
      childTokens: {},
      // It is asked first about every block.
      block: [(src) => display((tokenizer.rest = src))],
      startBlock: [(src) => src.search(DISPLAY_START)],
      inline: [formula, (src, tokens) => note(src, tokens, references)],
      startInline: [(src) => src.indexOf("$")],
    },
  });
  hooks.lexer = lexer;
  lexer.tokens.links = references.links;
  return lexer.lex(source) as AnyToken[];
}
