import type { Look, Style } from "../markdown/look.ts";
import { paintSpans, type Span } from "../markdown/span.ts";
import { wrapSpans } from "../markdown/wrap.ts";

/** A sentence of ours as painted rows of at most `look.columns` − 1 cells: wrapped at words, never cut off. */
export function wrappedLines(text: string, style: Style, look: Look): string[] {
  return wrappedSpans([{ text, style }], look);
}

/** The same for a sentence in several styles. */
export function wrappedSpans(spans: Span[], look: Look): string[] {
  return wrapSpans(spans, look.columns - 1).map((line) => paintSpans(line, look));
}
