import { Tokenizer, type Tokens } from "marked";

/** marked's rules for emphasis, strikes and links, as answers need them wherever they are shown. */
export class BoundedTokenizer extends Tokenizer {
  /** Most levels of marks in each other; deeper ones are text. marked reads the inside of each again: 400 took a second. */
  protected deepest = 40;
  #depth = 0;

  /** `*` and `**` between digits calculate. */
  override emStrong(src: string, masked: string, before = ""): Tokens.Em | Tokens.Strong | undefined {
    if (/[\d*]$/.test(before) && /^\*{1,2}\d/.test(src)) return undefined;
    return this.deeper(() => super.emStrong(src, masked, before));
  }

  /** One `~` stands for "about" and for ranges. */
  override del(src: string, masked: string, before = ""): Tokens.Del | undefined {
    return src.startsWith("~~") ? this.deeper(() => super.del(src, masked, before)) : undefined;
  }

  override link(src: string): Tokens.Link | Tokens.Image | undefined {
    return this.deeper(() => super.link(src));
  }

  /** Reads one level deeper; undefined if that is too deep. */
  protected deeper<T>(read: () => T): T | undefined {
    if (this.#depth >= this.deepest) return undefined;
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}
