import type { Tokens } from "marked";
import { plainText } from "../../text/sanitize.ts";
import { glyphs, isShown, join, styles, type Display, type Style } from "./display.ts";
import { element, isBreak, isComment, smallText } from "./html.ts";
import { decodeEntities } from "../../text/entities.ts";
import type { AnyToken } from "./lex.ts";
import { linkSpans } from "./link.ts";
import { spanText, type Span } from "./span.ts";

/**
 * Inline tokens as spans. Unlike in CommonMark, a line break of the source is kept: models do not wrap prose, but write
 * verses and addresses. A tab becomes a space. Control characters are stripped again here, because `&#27;` is ESC. Where
 * the terminal has no style for a mark, the mark is kept: without it the text would say something else.
 */
export function inline(tokens: readonly AnyToken[], display: Display, style: Style = styles.plain): Span[] {
  return mergeBreaks(spansOf(tokens, display, style)).map((span) => ({
    ...span,
    text: plainText(span.text).replaceAll("\t", " "),
  }));
}

/** Spans with a space for each line break, for headings. */
export function withoutBreaks(spans: readonly Span[]): Span[] {
  return spans.map((span) => ({ ...span, text: span.text.replaceAll("\n", " ") }));
}

/** Marks a line end of the source until breaks are resolved: marked leaves no carriage return in a text. */
const LINE_END = "\r";

/** Turns line ends of the source into breaks; one beside an explicit break (`<br>`) is dropped. */
function mergeBreaks(spans: readonly Span[]): Span[] {
  return spans.map((span, i) => {
    if (!span.text.includes(LINE_END)) return span;
    const before = spans[i - 1]?.text === "\n" ? /^\r/ : "";
    const after = spans[i + 1]?.text === "\n" ? /\r$/ : "";
    const text = span.text.replace(before, "").replace(after, "").replaceAll(LINE_END, "\n");
    return { ...span, text };
  });
}

function spansOf(tokens: readonly AnyToken[], display: Display, style: Style): Span[] {
  const spans: Span[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as AnyToken;
    const found = token.type === "html" ? element(tokens, at) : undefined;
    if (found === undefined) spans.push(...one(token, display, style));
    else if (found.name === "sub" || found.name === "sup") {
      const text = spanText(spansOf(found.inside, display, style));
      spans.push({ text: smallText(found.name, text, display.ascii), style });
      at = found.end;
    } else if (found.name === "summary" || isShown(found.style, display)) {
      spans.push(...spansOf(found.inside, display, join(style, found.style)));
      at = found.end;
    } else spans.push(...one(token, display, style));
  }
  return spans;
}

function one(token: AnyToken, display: Display, style: Style): Span[] {
  switch (token.type) {
    case "strong":
      return marked(token, token.raw.slice(0, 2), styles.bold, display, style);
    case "em":
      return marked(token, token.raw.slice(0, 1), styles.italic, display, style);
    case "del":
      return marked(token, "~~", styles.strike, display, style);
    case "codespan":
      return [codeSpan(token, display, style)];
    case "formula":
      return [{ text: token.raw, style: join(style, styles.dim), whole: true }];
    case "note":
      return [{ text: `[${token.number}]`, style: join(style, styles.accent) }];
    case "br":
      return [{ text: "\n", style }];
    case "link":
      return link(token, display, style);
    case "image": {
      const text = markLineEnds(decodeEntities(token.text)).replaceAll(LINE_END, " ");
      const label = { text: `[${text || "image"}]`, style };
      return linkSpans([label], decodeEntities(token.href), decodeEntities(token.title ?? ""), display);
    }
    case "checkbox":
      return [{ text: `${token.checked ? glyphs(display).done : glyphs(display).open} `, style }];
    case "escape":
      return [{ text: token.text, style }];
    case "html":
      if (isComment(token.text)) return [];
      return isBreak(token.text.trim())
        ? [{ text: "\n", style }]
        : [{ text: markLineEnds(token.text).replaceAll(LINE_END, " "), style }];
    case "text":
      return token.tokens === undefined
        ? [{ text: markLineEnds(token.text), style }]
        : spansOf(token.tokens as AnyToken[], display, style);
    case "blockquote":
    case "code":
    case "def":
    case "heading":
    case "hr":
    case "list":
    case "list_item":
    case "paragraph":
    case "space":
    case "table":
      return [{ text: markLineEnds(token.raw), style }];
  }
}

/** What a mark encloses, in its style, or between its marks. */
function marked(
  { tokens }: Tokens.Strong | Tokens.Em | Tokens.Del,
  mark: string,
  look: Style,
  display: Display,
  style: Style,
): Span[] {
  const inside = tokens as AnyToken[];
  if (isShown(look, display)) return spansOf(inside, display, join(style, look));
  return [
    { text: mark, style, mark: "open" },
    ...spansOf(inside, display, style),
    { text: mark, style, mark: "close" },
  ];
}

function codeSpan(token: Tokens.Codespan, display: Display, style: Style): Span {
  return isShown(styles.code, display)
    ? { text: token.text, style: join(style, styles.code) }
    : { text: token.raw.replaceAll("\n", " "), style };
}

function link(token: Tokens.Link, display: Display, style: Style): Span[] {
  const href = decodeEntities(token.href);
  const label = token.raw.startsWith("[")
    ? spansOf(token.tokens as AnyToken[], display, join(style, styles.underline))
    : [{ text: decodeEntities(token.text), style: join(style, styles.underline) }];
  return linkSpans(label, href, decodeEntities(token.title ?? ""), display);
}

/** Text with its line ends marked and the blanks around them removed. */
function markLineEnds(text: string): string {
  // The lookbehind makes a match begin only at the first blank: without it, 80,000 blanks took 17 s.
  return text.replace(/(?:(?<![ \t])[ \t]+)?\n[ \t]*/g, LINE_END);
}
