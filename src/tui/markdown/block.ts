import type { MarkedToken, Token, Tokens } from "marked";
import { plainText } from "../../client/sanitize.ts";
import { createCodeRenderer } from "./code.ts";
import { inline, withoutBreaks } from "./inline.ts";
import { lex } from "./lex.ts";
import { isTableDelimiter } from "./lines.ts";
import { glyphs, paint, styles, type Look, type Style } from "./look.ts";
import type { Span } from "./span.ts";
import { renderTable } from "./table.ts";
import { width } from "../terminal/width.ts";
import { wrappedSpans } from "./wrap.ts";

/**
 * Lines of one finished Markdown block, for a terminal that is `look.columns` wide. Prose is wrapped at words to
 * columns − 1; code and addresses are neither broken nor indented, so that they copy clean (CLI.md §4).
 */
export function renderBlock(source: string, look: Look): string[] {
  return bounded(source, look, (tokens) => blocks(tokens, look, 0));
}

/**
 * Lines of one top-level list item, given with its marker in `source`. `number` replaces what the source counts, since
 * each item of a growing list is lexed alone; null is a bullet.
 */
export function renderItem(source: string, number: number | null, look: Look): string[] {
  return bounded(source, look, (tokens) => {
    const [first, ...rest] = tokens;
    if (first?.type !== "list") return blocks(tokens, look, 0);
    const list = first as Tokens.List;
    const lines = list.items.flatMap((item, i) =>
      listItem(item, number === null ? null : number + i, look, 0),
    );
    return [...lines, ...blocks(rest, look, 0)];
  });
}

/** Marks of emphasis, code and links in one block, from which on its time would be felt: marked's grows with their square. */
const MOST_MARKS = 5_000;

/** Quotes and lists in one another, deeper than anybody means. */
const DEEP = /^(?: *(?:>|[-+*] |\d{1,9}[.)] )){50}/m;

/** Characters of one word with an @ in it, from which on its time would be felt: marked tries each as an address's first. */
const LONGEST_ADDRESS = 1_000;

const hasLongAddress = (source: string) =>
  source.length > LONGEST_ADDRESS &&
  source.includes("@") &&
  source.split(/\s/).some((word) => word.length > LONGEST_ADDRESS && word.includes("@"));

/** Lines of a block, or its text as it stands where it is made to take too long or nested deeper than the stack. */
function bounded(source: string, look: Look, render: (tokens: Token[]) => string[]): string[] {
  if (hasManyMarks(source) || hasLongAddress(source) || DEEP.test(source)) return asItStands(source, look);
  try {
    return render(lex(source));
  } catch (error) {
    if (error instanceof RangeError) return asItStands(source, look);
    throw error;
  }
}

/** In a table each cell is read by itself. */
function hasManyMarks(source: string): boolean {
  if (source.length <= MOST_MARKS || isTableDelimiter(source.split("\n", 2)[1] ?? "")) return false;
  return (source.match(/[*_~`[\]<]/g)?.length ?? 0) > MOST_MARKS;
}

function asItStands(source: string, look: Look): string[] {
  return prose([{ text: plainText(source).replaceAll("\t", " "), style: styles.plain }], look);
}

function blocks(tokens: readonly Token[], look: Look, depth: number): string[] {
  const parts = tokens
    .filter((token) => token.type !== "space")
    .map((token) => block(token as MarkedToken, look, depth));
  return parts.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

function block(token: MarkedToken, look: Look, depth: number): string[] {
  switch (token.type) {
    case "heading":
      return prose(
        withoutBreaks(inline(token.tokens, look, headingStyle(token.depth))),
        look,
        headingMark(token.depth, look),
      );
    case "code":
      return codeLines(token, look);
    case "blockquote":
      return quote(token, look);
    case "list":
      return list(token, look, depth);
    case "table":
      return renderTable(token, look);
    case "hr":
      return [paint(glyphs(look).rule.repeat(Math.max(1, Math.min(look.columns - 1, 40))), styles.dim, look)];
    case "def":
      return [plainText(`[${token.tag}]: ${token.href}`)];
    case "html":
      return token.text.replace(/\n+$/, "").split("\n");
    case "paragraph":
      return prose(inline(token.tokens, look), look);
    case "text":
      return prose(inline(token.tokens ?? [token], look), look);
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
      return prose(inline([token], look), look);
  }
}

function prose(spans: Span[], look: Look, first = ""): string[] {
  return wrappedSpans(first === "" ? spans : [{ text: first, style: styles.bold }, ...spans], look);
}

function headingStyle(depth: number): Style {
  return depth === 1 ? `${styles.bold};${styles.underline}` : styles.bold;
}

/** Without colour only the marks tell a heading from a short line. */
function headingMark(depth: number, look: Look): string {
  return look.color ? "" : `${"#".repeat(depth)} `;
}

function codeLines(token: Tokens.Code, look: Look): string[] {
  const code = createCodeRenderer(token.lang ?? "", look);
  const fenced = token.codeBlockStyle !== "indented";
  const lines = token.text.split("\n").map((line) => code.line(line));
  return fenced ? [code.head(), ...lines, code.foot()] : lines;
}

function quote(token: Tokens.Blockquote, look: Look): string[] {
  const mark = glyphs(look).quote;
  const lines = blocks(token.tokens, { ...look, columns: Math.max(8, look.columns - 2) }, 0);
  return lines.map((line) => (paint(mark, styles.dim, look) + line).trimEnd());
}

function list(token: Tokens.List, look: Look, depth: number): string[] {
  const start = typeof token.start === "number" ? token.start : 1;
  return token.items.flatMap((item, i) => {
    const lines = listItem(item, token.ordered ? start + i : null, look, depth);
    return i > 0 && token.loose ? ["", ...lines] : lines;
  });
}

function listItem(item: Tokens.ListItem, number: number | null, look: Look, depth: number): string[] {
  const { bullets } = glyphs(look);
  const mark = number === null ? `${bullets[depth % bullets.length]} ` : `${number}. `;
  const indent = " ".repeat(width(mark));
  const inner = { ...look, columns: Math.max(8, look.columns - indent.length) };
  const lines: string[] = [];
  for (const token of item.tokens) {
    if (token.type === "space" || token.type === "checkbox") continue;
    const gap = lines.length > 0 && (item.loose || token.type === "code") ? [""] : [];
    lines.push(...gap, ...childLines(token as MarkedToken, inner, look, depth, indent));
  }
  const box = item.task ? `${item.checked === true ? glyphs(look).done : glyphs(look).open} ` : "";
  const [first = "", ...rest] = lines;
  return [paint(mark, styles.dim, look) + box + first.replace(indent, ""), ...rest];
}

/** Children of an item hang under its text, except code: what is copied from it must not begin with our spaces. */
function childLines(token: MarkedToken, inner: Look, outer: Look, depth: number, indent: string): string[] {
  if (token.type === "code") return block(token, outer, 0);
  return block(token, inner, depth + 1).map((line) => (line === "" ? "" : indent + line));
}
