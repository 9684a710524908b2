import type { MarkedToken, Tokens } from "marked";
import { plainText } from "../../text/sanitize.ts";
import { callout } from "./callout.ts";
import { createCodeRenderer } from "./code.ts";
import { blockTokens } from "./html.ts";
import { inline, withoutBreaks } from "./inline.ts";
import { lex, type AnyToken } from "./lex.ts";
import { isTableDelimiter } from "./lines.ts";
import { glyphs, isShown, join, paint, styles, type Display } from "./display.ts";
import { isNoteLabel, noteNumber, type References } from "./references.ts";
import { narrower, roomOf, type Room } from "./room.ts";
import { paintSpans, type Span } from "./span.ts";
import { renderTable } from "./table.ts";
import { width } from "../terminal/width.ts";
import { wrapSpans } from "./wrap.ts";

/**
 * Lines of one finished Markdown block. Prose is wrapped at words to `display.columns` − 1, and at most 100 cells; code
 * and addresses are neither broken nor indented, so that a copied one is unchanged (docs/session.md#answers).
 */
export function renderBlock(source: string, display: Display, references: References): string[] {
  return bounded(source, roomOf(display, references), blocks);
}

/**
 * Lines of one top-level list item; `source` includes its marker. Each item of a growing list is lexed alone, so `number`
 * replaces the number in the source; null is a bullet.
 */
export function renderItem(
  source: string,
  number: number | null,
  display: Display,
  references: References,
): string[] {
  return bounded(source, roomOf(display, references), (tokens, room) => {
    const [first, ...rest] = tokens;
    if (first?.type !== "list") return blocks(tokens, room);
    const lines = first.items.flatMap((item, i) =>
      listItem(item, number === null ? null : number + i, room, 0),
    );
    return [...lines, ...blocks(rest, room)];
  });
}

/** Lines of one footnote; `source` includes its label, which its number replaces if its marks show numbers. */
export function renderNote(source: string, display: Display, references: References): string[] {
  const room = roomOf(display, references);
  const [front, label = ""] = /^\[\^([^\]]+)\]: */.exec(source) ?? [""];
  const isNumbered = references.notes.has(label) || isNoteLabel(label);
  const mark = isNumbered ? `[${noteNumber(references, label)}] ` : `[^${label}] `;
  const text = source.slice(front.length).replaceAll(/\n {1,4}/g, "\n");
  const lines = bounded(text, narrower(room, mark.length), blocks);
  return lines.map((line, i) => {
    if (i === 0) return paint(mark, styles.accent, room) + line;
    return line === "" ? "" : " ".repeat(mark.length) + line;
  });
}

/** Most marks of emphasis, code, links and formulas in one block: the time of marked grows with their square. */
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
function bounded(
  source: string,
  room: Room,
  render: (tokens: readonly AnyToken[], room: Room) => string[],
): string[] {
  if (hasManyMarks(source) || hasLongAddress(source) || DEEP.test(source)) return unparsed(source, room);
  try {
    return render(lex(source, room.references), room);
  } catch (error) {
    if (error instanceof RangeError) return unparsed(source, room);
    throw error;
  }
}

/** A table may have more marks: marked reads each cell by itself. */
function hasManyMarks(source: string): boolean {
  if (source.length <= MOST_MARKS || isTableDelimiter(source.split("\n", 2)[1] ?? "")) return false;
  return (source.match(/[*_~`[\]<$\\]/g)?.length ?? 0) > MOST_MARKS;
}

function unparsed(source: string, room: Room): string[] {
  return prose([{ text: plainText(source).replaceAll("\t", " "), style: styles.plain }], room);
}

function blocks(tokens: readonly AnyToken[], room: Room, depth = 0): string[] {
  const parts = tokens
    .filter(({ type }) => type !== "space")
    .map((token) => ({ type: token.type, lines: block(token, room, depth) }))
    .filter(({ lines }) => lines.length > 0);
  return parts.flatMap(({ type, lines }, i) => {
    const isNext = i === 0 || (type === "def" && parts[i - 1]?.type === "def");
    return isNext ? lines : ["", ...lines];
  });
}

function block(token: AnyToken, room: Room, depth: number): string[] {
  switch (token.type) {
    case "heading":
      return heading(token, room);
    case "code":
      return codeLines(token, room);
    case "formula":
      return plainLines(token.raw).map((line) => paint(line, styles.dim, room));
    case "blockquote":
      return quote(token, room);
    case "list":
      return list(token, room, depth);
    case "table":
      return renderTable(token, room);
    case "hr":
      return [paint(glyphs(room).rule.repeat(Math.max(1, Math.min(room.columns - 1, 40))), styles.dim, room)];
    case "def":
      return plainLines(token.raw);
    case "html":
      return html(token, room);
    case "paragraph":
      return prose(inline(token.tokens as AnyToken[], room), room);
    case "text":
      return prose(inline((token.tokens as AnyToken[] | undefined) ?? [token], room), room);
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
    case "note":
    case "strong":
      return prose(inline([token], room), room);
  }
}

const plainLines = (text: string): string[] => plainText(text.trimEnd()).split("\n");

function prose(spans: readonly Span[], room: Room): string[] {
  return wrapSpans(spans, room.prose).map((line) => paintSpans(line, room));
}

/** Without a style, only the marks distinguish a heading from a short line. */
function heading(token: Tokens.Heading, room: Room): string[] {
  const bold = join(styles.bold, styles.heading);
  const style = token.depth === 1 ? join(bold, styles.underline) : bold;
  const spans = withoutBreaks(inline(token.tokens as AnyToken[], room, style));
  const mark = isShown(style, room) ? [] : [{ text: `${"#".repeat(token.depth)} `, style }];
  return prose([...mark, ...spans], room);
}

function html(token: Tokens.HTML | Tokens.Tag, room: Room): string[] {
  const tokens = blockTokens(token.text);
  if (tokens === undefined) return plainLines(token.text);
  return tokens.length === 0 ? [] : prose(inline(tokens, room), room);
}

function codeLines(token: Tokens.Code, room: Room): string[] {
  const code = createCodeRenderer(token.lang ?? "", room);
  const lines = token.text.split("\n").map((line) => code.line(line));
  return token.codeBlockStyle === "indented" ? lines : [code.head(), ...lines];
}

function quote(token: Tokens.Blockquote, room: Room): string[] {
  const mark = paint(glyphs(room).quote, styles.dim, room);
  const inner = narrower(room, 2);
  const called = callout(token.text, inner);
  const tokens = called === undefined ? (token.tokens as AnyToken[]) : lex(called.rest, room.references);
  const lines = [...(called === undefined ? [] : [called.title]), ...blocks(tokens, inner)];
  return lines.map((line) => (line === "" ? mark.trimEnd() : mark + line));
}

function list(token: Tokens.List, room: Room, depth: number): string[] {
  const start = typeof token.start === "number" ? token.start : 1;
  return token.items.flatMap((item, i) => {
    const lines = listItem(item, token.ordered ? start + i : null, room, depth);
    return i > 0 && token.loose ? ["", ...lines] : lines;
  });
}

function listItem(item: Tokens.ListItem, number: number | null, room: Room, depth: number): string[] {
  const { bullets, done, open } = glyphs(room);
  const box = item.task ? `${item.checked === true ? done : open} ` : "";
  const bullet = box === "" ? `${bullets[depth % bullets.length]} ` : "";
  const mark = number === null ? bullet : `${number}. `;
  const indent = " ".repeat(width(mark + box));
  const inner = narrower(room, indent.length);
  const lines: string[] = [];
  let isBelowCode = false;
  for (const token of item.tokens as MarkedToken[]) {
    if (token.type === "space" || token.type === "checkbox") continue;
    const isCode = token.type === "code";
    const gap = lines.length > 0 && (item.loose || isCode || isBelowCode) ? [""] : [];
    lines.push(...gap, ...childLines(token, inner, room, depth, indent));
    isBelowCode = isCode;
  }
  const [first = "", ...rest] = lines;
  return [paint(mark, styles.dim, room) + box + first.replace(indent, ""), ...rest];
}

/** Children of an item are indented under its text, except code: a copy of it must not begin with added spaces. */
function childLines(token: AnyToken, inner: Room, outer: Room, depth: number, indent: string): string[] {
  if (token.type === "code") return block(token, outer, 0);
  return block(token, inner, depth + 1).map((line) => (line === "" ? "" : indent + line));
}
