/** What one line of Markdown can begin, judged by that line alone. */

export interface FenceOpening {
  marker: "`" | "~";
  length: number;
  indent: number;
  /** The text after the fence, such as `ts`. */
  info: string;
}

export interface ListMarker {
  indent: number;
  /** The column at which the item's text begins. */
  content: number;
  /** `-`, `*`, `+`, `.` or `)`; `^` is a footnote. A different one begins a new list. */
  kind: string;
  number: number | null;
  empty: boolean;
}

const FENCE = /^( *)(`{3,}|~{3,})(.*)$/;
const BULLET = /^( *)([-+*])( +|$)/;
const ORDERED = /^( *)(\d{1,9})([.)])( +|$)/;
const NOTE = /^( {0,3})\[\^[^\]\s[]{1,99}\]:(?= |$)/;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const HEADING = /^ {0,3}#{1,6}(?: |$)/;
const UNDERLINE = /^ {0,3}(?:=+|-+) *$/;
const QUOTE = /^ {0,3}>/;
/** What ends a paragraph (CommonMark §4.6): not the tags that stand in sentences. */
const HTML =
  /^ {0,3}<(?:!--|\?|![A-Z]|\/?(?:address|article|aside|blockquote|body|center|details|dialog|div|dl|dt|dd|fieldset|figure|figcaption|footer|form|h[1-6]|header|hr|html|iframe|li|main|menu|nav|ol|p|pre|script|section|style|summary|table|tbody|td|textarea|tfoot|th|thead|tr|ul)(?=[\s/>]|$))/i;
// No two adjacent repetitions may match the same character: backtracking would be slow on a long line.
const DELIMITERS = /^ *(?:\| *)?:?-+:?(?: *\| *:?-+:?)* *(?:\| *)?$/;

export const isBlank = (line: string): boolean => line.trim() === "";
export const isRule = (line: string): boolean => RULE.test(line);
export const isHeading = (line: string): boolean => HEADING.test(line);
export const isHeadingUnderline = (line: string): boolean => UNDERLINE.test(line);
export const isQuote = (line: string): boolean => QUOTE.test(line);
export const isHtml = (line: string): boolean => HTML.test(line);
/** Whether the line can be the row below a table's header. */
export const isTableDelimiter = (line: string): boolean => line.includes("-") && DELIMITERS.test(line);

/** Replaces leading tabs by spaces, with CommonMark's tab stops of 4. */
export function expandIndent(line: string): string {
  const front = /^[ \t]*/.exec(line)?.[0] ?? "";
  if (!front.includes("\t")) return line;
  let columns = 0;
  for (const char of front) columns += char === "\t" ? 4 - (columns % 4) : 1;
  return " ".repeat(columns) + line.slice(front.length);
}

export const indentOf = (line: string): number => line.length - line.trimStart().length;

export function fenceOpening(line: string): FenceOpening | undefined {
  const match = FENCE.exec(line);
  if (match === null) return undefined;
  const [, space = "", fence = "", info = ""] = match;
  const marker = fence.startsWith("~") ? "~" : "`";
  if (marker === "`" && info.includes("`")) return undefined;
  return { marker, length: fence.length, indent: space.length, info: info.trim() };
}

export function closesFence(line: string, fence: FenceOpening): boolean {
  const text = line.trim();
  return text.length >= fence.length && text === fence.marker.repeat(text.length);
}

export function listMarker(line: string): ListMarker | undefined {
  if (isRule(line)) return undefined;
  const note = NOTE.exec(line);
  if (note !== null) {
    const indent = note[1]?.length ?? 0;
    return { indent, content: indent + 2, kind: "^", number: null, empty: false };
  }
  const bullet = BULLET.exec(line);
  const ordered = bullet === null ? ORDERED.exec(line) : null;
  const match = bullet ?? ordered;
  if (match === null) return undefined;
  const whole = match[0];
  const space = (match.at(-1) ?? "").length;
  const indent = (match[1] ?? "").length;
  const mark = whole.length - space;
  return {
    indent,
    // More than four spaces after the marker belong to the item: an indented code block (CommonMark §5.2).
    content: space === 0 || space > 4 ? mark + 1 : whole.length,
    kind: (bullet === null ? match[3] : match[2]) ?? "",
    number: ordered === null ? null : Number(match[2]),
    empty: line.trim().length === mark - indent,
  };
}
