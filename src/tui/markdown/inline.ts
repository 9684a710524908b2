import type { MarkedToken, Token } from "marked";
import { plainText } from "../../text/sanitize.ts";
import { glyphs, join, styles, type Display, type Style } from "./display.ts";
import { spanText, type Span } from "./span.ts";

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", "\u00a0"],
  ["mdash", "—"],
  ["ndash", "–"],
  ["hellip", "…"],
  ["copy", "©"],
  ["times", "×"],
  ["rarr", "→"],
  ["larr", "←"],
]);

/** marked decodes numbered entities, but not named ones. */
function decode(text: string): string {
  return text.includes("&")
    ? text.replace(/&([a-z]{2,8});/gi, (whole, name) => NAMED.get(name) ?? whole)
    : text;
}

/**
 * Inline tokens of marked as spans. Unlike in CommonMark, a line break of the source is kept: models do not wrap prose,
 * but write verses and addresses. A tab becomes a space. Control characters are stripped again here, because marked
 * decodes `&#27;` to ESC.
 */
export function inline(tokens: readonly Token[], display: Display, style: Style = styles.plain): Span[] {
  return mergeBreaks(spansOf(tokens, display, style)).map((span) => ({
    ...span,
    text: plainText(span.text).replaceAll("\t", " "),
  }));
}

/** Spans with a space for each line break, for tables and headings. */
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

function spansOf(tokens: readonly Token[], display: Display, style: Style): Span[] {
  return tokens.flatMap((token) => one(token as MarkedToken, display, style));
}

function one(token: MarkedToken, display: Display, style: Style): Span[] {
  switch (token.type) {
    case "strong":
      return spansOf(token.tokens, display, join(style, styles.bold));
    case "em":
      return spansOf(token.tokens, display, join(style, styles.italic));
    case "del":
      return spansOf(token.tokens, display, join(style, styles.strike));
    case "codespan":
      return [codeSpan(token.text, display, style)];
    case "br":
      return [{ text: "\n", style }];
    case "link":
      return link(spansOf(token.tokens, display, join(style, styles.underline)), token.href, display);
    case "image":
      return link(
        [{ text: `[${markLineEnds(token.text).replaceAll(LINE_END, " ") || "image"}]`, style }],
        token.href,
        display,
      );
    case "checkbox":
      return [{ text: `${token.checked ? glyphs(display).done : glyphs(display).open} `, style }];
    case "escape":
      return [{ text: token.text, style }];
    case "html":
      return /^<br\s*\/?>$/i.test(token.text.trim())
        ? [{ text: "\n", style }]
        : [{ text: markLineEnds(token.text).replaceAll(LINE_END, " "), style }];
    case "text":
      return token.tokens === undefined
        ? [{ text: decode(markLineEnds(token.text)), style }]
        : spansOf(token.tokens, display, style);
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

/** Without colour the backticks are kept: nothing else would show where the code begins and ends. */
function codeSpan(text: string, display: Display, style: Style): Span {
  return display.color ? { text, style: join(style, styles.code) } : { text: `\`${text}\``, style };
}

/** The URL is always shown, so that it can be read and copied, and a label cannot hide where the link leads. */
function link(label: Span[], href: string, display: Display): Span[] {
  const shown = spanText(label);
  if (shown === href || `mailto:${shown}` === href || href === "")
    return label.map((span) => ({ ...span, href }));
  const address = display.color ? styles.dim : styles.plain;
  return [
    ...label.map((span) => ({ ...span, href })),
    { text: " ", style: styles.plain },
    { text: `(${href})`, style: address, href },
  ];
}

/** Text with its line ends marked and the blanks around them removed. */
function markLineEnds(text: string): string {
  // The lookbehind makes a match begin only at the first blank: without it, 80,000 blanks took 17 s.
  return text.replace(/(?:(?<![ \t])[ \t]+)?\n[ \t]*/g, LINE_END);
}
