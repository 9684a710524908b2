import { counted } from "../session/money.ts";

/** A large paste stands in the editor's text as one character of Unicode's noncharacters, which no text may hold. */
const FIRST = 0xfdd0;
const MOST = 32;
const MARK = /[\ufdd0-\ufdef]/g;

const LARGE_LINES = 8;
const LARGE_LENGTH = 1500;

/** A large paste: its text, and what the editor shows for it: `[Pasted 143 lines]`. */
export interface Pasted {
  readonly text: string;
  readonly label: string;
}

/** Labelled once, and not at each key: it may be megabytes. */
export function pasted(text: string): Pasted {
  const lines = linesOf(text);
  const size = lines > 1 ? counted(lines, "line") : counted(text.length, "character");
  return { text, label: `[Pasted ${size}]` };
}

/** Text as the editor holds it: `\n` line ends, no control characters but tab, none of the marks. */
export function cleanText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef]/g, "");
}

/** Whether a paste is shown as one line: more than 8 lines, or more than 1,500 characters. */
export function isLarge(text: string): boolean {
  return text.length > LARGE_LENGTH || text.split("\n", LARGE_LINES + 1).length > LARGE_LINES;
}

/** The mark for one more paste, or undefined when there are 32 already. */
export function nextMark(pastes: readonly Pasted[]): string | undefined {
  return pastes.length < MOST ? String.fromCharCode(FIRST + pastes.length) : undefined;
}

/** Whether the character is a mark. */
export function isMark(character: string): boolean {
  return character >= "\ufdd0" && character <= "\ufdef";
}

/** The text with every mark replaced by what was pasted. */
export function expandMarks(text: string, pastes: readonly Pasted[]): string {
  return text.replaceAll(MARK, (mark) => pastes[mark.charCodeAt(0) - FIRST]?.text ?? "");
}

/** What the editor shows for a mark. */
export function markLabel(mark: string, pastes: readonly Pasted[]): string {
  return pastes[mark.charCodeAt(0) - FIRST]?.label ?? "";
}

/** Counted without making them. */
function linesOf(text: string): number {
  let lines = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
