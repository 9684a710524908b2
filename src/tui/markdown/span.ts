import type { Display, Style } from "./display.ts";
import { paint } from "./display.ts";

/** Text in one style. A "\n" in it is a line break. */
export interface Span {
  text: string;
  style: Style;
  /** The target of a link, from `linkTarget` of link.ts. */
  href?: string;
  /** It is not broken at spaces: a formula or an address, which is copied whole. */
  whole?: boolean;
  /** A mark that is not torn off the text that it opens or closes. */
  mark?: "open" | "close";
}

/** Spans of one line as text with escape sequences. */
export function paintSpans(spans: readonly Span[], display: Display): string {
  let out = "";
  for (let i = 0; i < spans.length;) {
    const { style, href } = spans[i] as Span;
    let text = "";
    for (; i < spans.length && spans[i]?.style === style && spans[i]?.href === href; i += 1)
      text += spans[i]?.text;
    const painted = paint(text, style, display);
    out += display.links && href !== undefined ? `\x1b]8;;${href}\x1b\\${painted}\x1b]8;;\x1b\\` : painted;
  }
  return out;
}

/** The text of spans without styles. */
export function spanText(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}
