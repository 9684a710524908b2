import { Tokenizer, type Tokens } from "marked";
import { boundedRow } from "./table-row.ts";

/** marked's rules for emphasis, strikes, links and tables, as answers need them wherever they are shown. */
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

  /** A `|` in code or in a formula does not end a cell if there would be too many of them. */
  override table(src: string): Tokens.Table | undefined {
    const raw = this.rules.block.table.exec(src)?.[0];
    if (raw === undefined) return undefined;
    const [header = "", delimiters = "", ...rows] = raw.split("\n");
    const columns = delimiters.replaceAll(/^ *\||\| *$/g, "").split("|").length;
    const bounded = [
      boundedRow(header, columns, false),
      delimiters,
      ...rows.map((row) => boundedRow(row, columns, true)),
    ];
    const token = super.table(bounded.join("\n"));
    return token && { ...token, raw: raw.trimEnd() };
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
