import { getDefaults, Lexer, Tokenizer, type Token, type Tokens } from "marked";

/** Most levels of nested emphasis, links and strikes; deeper marks are plain text. */
const DEEPEST = 40;

/** Stops at a depth, because marked reads the inside of each mark again: 400 nested marks took a second. */
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

/** The tokens of some Markdown. The time grows with its length, not with the depth of its marks. */
export function lex(source: string): Token[] {
  return new Lexer({ ...getDefaults(), tokenizer: new BoundedTokenizer() }).lex(source);
}
