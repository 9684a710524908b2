import type { MarkedToken, Token } from "marked";
import { plainText } from "../../client/sanitize.ts";
import { glyphs, join, styles, type Display, type Style } from "./look.ts";
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

/** marked decodes numbered entities, not the named ones. */
function decode(text: string): string {
  return text.includes("&")
    ? text.replace(/&([a-z]{2,8});/gi, (whole, name) => NAMED.get(name) ?? whole)
    : text;
}

/**
 * Inline tokens of marked as spans. A line break of the source stays one, unlike CommonMark's: models mean those of their
 * verses and addresses, and wrap no prose by hand. A tab is a space. Control characters go here once more: marked has
 * turned `&#27;` into an ESC meanwhile.
 */
export function inline(tokens: readonly Token[], display: Display, style: Style = styles.plain): Span[] {
  return onceBroken(spansOf(tokens, display, style)).map((span) => ({
    ...span,
    text: plainText(span.text).replaceAll("\t", " "),
  }));
}

/** Spans without line breaks: what stands in a table or a heading. */
export function withoutBreaks(spans: readonly Span[]): Span[] {
  return spans.map((span) => ({ ...span, text: span.text.replaceAll("\n", " ") }));
}

/** A line end of the source, until it is known whether it is a break of its own: marked leaves no return in a text. */
const LINE_END = "\r";

/** Line ends of the source as breaks; one beside a break that was asked for (`<br>`) is that break. */
function onceBroken(spans: readonly Span[]): Span[] {
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
        [{ text: `[${trimmedLines(token.text).replaceAll(LINE_END, " ") || "image"}]`, style }],
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
        : [{ text: trimmedLines(token.text).replaceAll(LINE_END, " "), style }];
    case "text":
      return token.tokens === undefined
        ? [{ text: decode(trimmedLines(token.text)), style }]
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
      return [{ text: trimmedLines(token.raw), style }];
  }
}

/** Without colour the backticks stay: nothing else would tell a command from the words around it. */
function codeSpan(text: string, display: Display, style: Style): Span {
  return display.color ? { text, style: join(style, styles.cyan) } : { text: `\`${text}\``, style };
}

/** The address always stands there to be read and copied; a link that hides it is only as honest as its words. */
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

/** Text with its line ends marked, without the blanks around them. */
function trimmedLines(text: string): string {
  // Blanks are looked at from the first of a row alone: 80,000 of them, from each of them on, took 17 s.
  return text.replace(/(?:(?<![ \t])[ \t]+)?\n[ \t]*/g, LINE_END);
}
