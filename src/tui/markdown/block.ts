import type { MarkedToken, Token, Tokens } from "marked";
import { plainText } from "../../text/sanitize.ts";
import { createCodeRenderer } from "./code.ts";
import { inline, withoutBreaks } from "./inline.ts";
import { lex } from "./lex.ts";
import { isTableDelimiter } from "./lines.ts";
import { glyphs, paint, styles, type Display, type Style } from "./display.ts";
import type { Span } from "./span.ts";
import { renderTable } from "./table.ts";
import { width } from "../terminal/width.ts";
import { wrappedSpans } from "./wrap.ts";

/**
 * Lines of one finished Markdown block. Prose is wrapped at words to `display.columns` − 1; code and URLs are neither
 * broken nor indented, so that a copied one is unchanged (docs/session.md#answers).
 */
export function renderBlock(source: string, display: Display): string[] {
  return bounded(source, display, (tokens) => blocks(tokens, display, 0));
}

/**
 * Lines of one top-level list item; `source` includes its marker. Each item of a growing list is lexed alone, so `number`
 * replaces the number in the source; null is a bullet.
 */
export function renderItem(source: string, number: number | null, display: Display): string[] {
  return bounded(source, display, (tokens) => {
    const [first, ...rest] = tokens;
    if (first?.type !== "list") return blocks(tokens, display, 0);
    const list = first as Tokens.List;
    const lines = list.items.flatMap((item, i) =>
      listItem(item, number === null ? null : number + i, display, 0),
    );
    return [...lines, ...blocks(rest, display, 0)];
  });
}

/** Most marks of emphasis, code and links in one block: the time of marked grows with their square. */
const MOST_MARKS = 5_000;

/** 50 levels of quotes and lists: no author means that, and marked recurses. */
const DEEP = /^(?: *(?:>|[-+*] |\d{1,9}[.)] )){50}/m;

/** Longest word with an @ in it: marked tries each of its characters as the start of an address. */
const LONGEST_ADDRESS = 1_000;

const hasLongAddress = (source: string) =>
  source.length > LONGEST_ADDRESS &&
  source.includes("@") &&
  source.split(/\s/).some((word) => word.length > LONGEST_ADDRESS && word.includes("@"));

/** Lines of a block, or its source as plain text if parsing would take too long or exceed the stack. */
function bounded(source: string, display: Display, render: (tokens: Token[]) => string[]): string[] {
  if (hasManyMarks(source) || hasLongAddress(source) || DEEP.test(source)) return unparsed(source, display);
  try {
    return render(lex(source));
  } catch (error) {
    if (error instanceof RangeError) return unparsed(source, display);
    throw error;
  }
}

/** A table may have more marks: marked reads each cell by itself. */
function hasManyMarks(source: string): boolean {
  if (source.length <= MOST_MARKS || isTableDelimiter(source.split("\n", 2)[1] ?? "")) return false;
  return (source.match(/[*_~`[\]<]/g)?.length ?? 0) > MOST_MARKS;
}

function unparsed(source: string, display: Display): string[] {
  return prose([{ text: plainText(source).replaceAll("\t", " "), style: styles.plain }], display);
}

function blocks(tokens: readonly Token[], display: Display, depth: number): string[] {
  const parts = tokens
    .filter((token) => token.type !== "space")
    .map((token) => block(token as MarkedToken, display, depth));
  return parts.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

function block(token: MarkedToken, display: Display, depth: number): string[] {
  switch (token.type) {
    case "heading":
      return prose(
        withoutBreaks(inline(token.tokens, display, headingStyle(token.depth))),
        display,
        headingMark(token.depth, display),
      );
    case "code":
      return codeLines(token, display);
    case "blockquote":
      return quote(token, display);
    case "list":
      return list(token, display, depth);
    case "table":
      return renderTable(token, display);
    case "hr":
      return [
        paint(
          glyphs(display).rule.repeat(Math.max(1, Math.min(display.columns - 1, 40))),
          styles.dim,
          display,
        ),
      ];
    case "def":
      return [plainText(`[${token.tag}]: ${token.href}`)];
    case "html":
      return token.text.replace(/\n+$/, "").split("\n");
    case "paragraph":
      return prose(inline(token.tokens, display), display);
    case "text":
      return prose(inline(token.tokens ?? [token], display), display);
    case "space":
      return [];
    case "br":
    case "checkbox":
    case "codespan":
    case "del":
    case "em":
    case "escape":
    case "image":
    case "link":
    case "list_item":
    case "strong":
      return prose(inline([token], display), display);
  }
}

function prose(spans: Span[], display: Display, first = ""): string[] {
  return wrappedSpans(first === "" ? spans : [{ text: first, style: styles.bold }, ...spans], display);
}

function headingStyle(depth: number): Style {
  return depth === 1 ? `${styles.bold};${styles.underline}` : styles.bold;
}

/** Without colour, only the marks distinguish a heading from a short line. */
function headingMark(depth: number, display: Display): string {
  return display.color ? "" : `${"#".repeat(depth)} `;
}

function codeLines(token: Tokens.Code, display: Display): string[] {
  const code = createCodeRenderer(token.lang ?? "", display);
  const fenced = token.codeBlockStyle !== "indented";
  const lines = token.text.split("\n").map((line) => code.line(line));
  return fenced ? [code.head(), ...lines, code.foot()] : lines;
}

function quote(token: Tokens.Blockquote, display: Display): string[] {
  const mark = glyphs(display).quote;
  const lines = blocks(token.tokens, { ...display, columns: Math.max(8, display.columns - 2) }, 0);
  return lines.map((line) => (paint(mark, styles.dim, display) + line).trimEnd());
}

function list(token: Tokens.List, display: Display, depth: number): string[] {
  const start = typeof token.start === "number" ? token.start : 1;
  return token.items.flatMap((item, i) => {
    const lines = listItem(item, token.ordered ? start + i : null, display, depth);
    return i > 0 && token.loose ? ["", ...lines] : lines;
  });
}

function listItem(item: Tokens.ListItem, number: number | null, display: Display, depth: number): string[] {
  const { bullets } = glyphs(display);
  const mark = number === null ? `${bullets[depth % bullets.length]} ` : `${number}. `;
  const indent = " ".repeat(width(mark));
  const inner = { ...display, columns: Math.max(8, display.columns - indent.length) };
  const lines: string[] = [];
  for (const token of item.tokens) {
    if (token.type === "space" || token.type === "checkbox") continue;
    const gap = lines.length > 0 && (item.loose || token.type === "code") ? [""] : [];
    lines.push(...gap, ...childLines(token as MarkedToken, inner, display, depth, indent));
  }
  const box = item.task ? `${item.checked === true ? glyphs(display).done : glyphs(display).open} ` : "";
  const [first = "", ...rest] = lines;
  return [paint(mark, styles.dim, display) + box + first.replace(indent, ""), ...rest];
}

/** Children of an item are indented under its text, except code: a copy of it must not begin with added spaces. */
function childLines(
  token: MarkedToken,
  inner: Display,
  outer: Display,
  depth: number,
  indent: string,
): string[] {
  if (token.type === "code") return block(token, outer, 0);
  return block(token, inner, depth + 1).map((line) => (line === "" ? "" : indent + line));
}
