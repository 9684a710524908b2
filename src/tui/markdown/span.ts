import type { Display, Style } from "./display.ts";
import { paint } from "./display.ts";

/** Text in one style. A "\n" in it is a line break. */
export interface Span {
  text: string;
  style: Style;
  /** The target of a link; only http, https and mailto are linked. */
  href?: string;
}

const LINKABLE = /^(?:https?:\/\/|mailto:)[\x21-\x7e]+$/i;

/** Spans of one line as text with escape sequences. */
export function paintSpans(spans: readonly Span[], display: Display): string {
  let out = "";
  for (let i = 0; i < spans.length;) {
    const { style, href } = spans[i] as Span;
    let text = "";
    for (; i < spans.length && spans[i]?.style === style && spans[i]?.href === href; i += 1)
      text += spans[i]?.text;
    const painted = paint(text, style, display);
    out +=
      display.links && href !== undefined && LINKABLE.test(href)
        ? `\x1b]8;;${href}\x1b\\${painted}\x1b]8;;\x1b\\`
        : painted;
  }
  return out;
}

/** The text of spans without styles. */
export function spanText(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}
