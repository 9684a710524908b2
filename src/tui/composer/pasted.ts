import { counted } from "../../text/numbers.ts";

/** A large paste or a file is one character of the text: a Unicode noncharacter (U+FDD0 to U+FDEF), which is in no other text. */
const FIRST = 0xfdd0;
const MOST = 32;
const MARK = /[\ufdd0-\ufdef]/g;

const LARGE_LINES = 8;
const LARGE_LENGTH = 1500;

/** A large paste and its label, such as `[Pasted 143 lines]`; or a file, as it was named, and `[src/app.ts 120 lines]`. */
export interface Pasted {
  readonly text: string;
  readonly label: string;
  readonly file?: MarkedFile;
}

/** A file of a question. */
export interface MarkedFile {
  /** As it stands behind the `@`. */
  readonly name: string;
  /** Characters that it adds to the question, once that is known. */
  readonly size?: number | undefined;
  /** As it was sent: a question that comes back is the same one, even if the file has changed. */
  readonly block?: string | undefined;
}

/** The longest name that a label shows whole. */
const LONGEST_NAME = 60;

/** A file as a mark. `size`: of what is read of it, for people. */
export function fileAsMark(file: MarkedFile, size?: string): Pasted {
  const { name } = file;
  const shown = name.length > LONGEST_NAME ? `…${name.slice(1 - LONGEST_NAME)}` : name;
  return { text: `@${name}`, label: `[${shown}${size === undefined ? "" : ` ${size}`}]`, file };
}

/** The label is made once and not at each key press: the text may be megabytes. */
export function pasted(text: string): Pasted {
  const lines = linesOf(text);
  const size = lines > 1 ? counted(lines, "line") : counted(text.length, "character");
  return { text, label: `[Pasted ${size}]` };
}

/** Text for the editor: with `\n` as line end, no control characters except tab, and no marks. */
export function cleanText(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef]/g, "");
}

/** Whether a paste becomes a mark: it has more than 8 lines or 1,500 characters. */
export function isLarge(text: string): boolean {
  return text.length > LARGE_LENGTH || text.split("\n", LARGE_LINES + 1).length > LARGE_LINES;
}

/** The mark of the next paste; undefined if all 32 are used. */
export function nextMark(pastes: readonly Pasted[]): string | undefined {
  return pastes.length < MOST ? markAt(pastes.length) : undefined;
}

export const markAt = (index: number): string => String.fromCharCode(FIRST + index);

/** What the marks of a text stand for, each once. */
export function marked(text: string, pastes: readonly Pasted[]): Pasted[] {
  const found = Array.from(text.matchAll(MARK), ([mark]) => pastes[mark.charCodeAt(0) - FIRST]);
  return [...new Set(found)].filter((paste) => paste !== undefined);
}

export function isMark(character: string): boolean {
  return character >= "\ufdd0" && character <= "\ufdef";
}

/** Replaces each mark by its paste. */
export function expandMarks(text: string, pastes: readonly Pasted[]): string {
  return text.replaceAll(MARK, (mark) => pastes[mark.charCodeAt(0) - FIRST]?.text ?? "");
}

export function markLabel(mark: string, pastes: readonly Pasted[]): string {
  return pastes[mark.charCodeAt(0) - FIRST]?.label ?? "";
}

/** Counts lines without splitting: the text may be megabytes. */
function linesOf(text: string): number {
  let lines = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
