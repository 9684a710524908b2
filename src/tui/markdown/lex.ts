import { getDefaults, Lexer, Tokenizer, type Token, type Tokens } from "marked";

/** Emphasis, links and strokes in one another, deeper than anybody means. What is inside is text as it stands. */
const DEEPEST = 40;

/** marked reads what is inside of each mark again for the marks in it: 400 of them in one another took a second. */
class BoundedTokenizer extends Tokenizer {
  #depth = 0;

  override emStrong(...args: Parameters<Tokenizer["emStrong"]>): Tokens.Em | Tokens.Strong | undefined {
    return this.#deeper(() => super.emStrong(...args));
  }

  override del(...args: Parameters<Tokenizer["del"]>): Tokens.Del | undefined {
    return this.#deeper(() => super.del(...args));
  }

  override link(...args: Parameters<Tokenizer["link"]>): Tokens.Link | Tokens.Image | undefined {
    return this.#deeper(() => super.link(...args));
  }

  #deeper<T>(read: () => T): T | undefined {
    if (this.#depth >= DEEPEST) return undefined;
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}

/** The tokens of some Markdown, in time that grows with its length and not with how deep its marks are nested. */
export function lex(source: string): Token[] {
  return new Lexer({ ...getDefaults(), tokenizer: new BoundedTokenizer() }).lex(source);
}
