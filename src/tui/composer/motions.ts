import { graphemesOf } from "../terminal/width.ts";
import { isMark } from "./pasted.ts";

/** The longest grapheme that is looked for, in UTF-16 units. */
const NEAR = 64;

/** The offset before the grapheme that ends at the cursor; 0 at the beginning. */
export function before(text: string, cursor: number): number {
  if (text[cursor - 1] === "\n") return cursor - 1;
  const from = Math.max(lineStart(text, cursor), cursor - NEAR);
  return from + (graphemesOf(text.slice(from, cursor)).at(-1)?.start ?? 0);
}

/** Scripts whose marks belong to their letter for whoever types it. In others a mark is a key press of its own. */
const WHOLE =
  /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Common}]/u;

/** Where Backspace deletes from: the grapheme before the cursor, or its last code point, such as a Thai vowel. */
export function backspaceStart(text: string, cursor: number): number {
  const start = before(text, cursor);
  if (cursor - start < 2 || WHOLE.test(text.slice(start, cursor))) return start;
  return cursor - (Array.from(text.slice(start, cursor)).at(-1)?.length ?? 0);
}

/** The offset after the grapheme that begins at the cursor; the length at the end. */
export function after(text: string, cursor: number): number {
  if (text[cursor] === "\n") return cursor + 1;
  const near = text.slice(cursor, Math.min(lineEnd(text, cursor), cursor + NEAR));
  return cursor + (graphemesOf(near)[0]?.text.length ?? 0);
}

/** The offset of the first character of the cursor's line. */
export function lineStart(text: string, cursor: number): number {
  return cursor === 0 ? 0 : text.lastIndexOf("\n", cursor - 1) + 1;
}

/** The offset of the line end after the cursor, or of the text's end. */
export function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf("\n", cursor);
  return end === -1 ? text.length : end;
}

/** Ctrl-U: the start of the line; at the start, the end of the line above, so that the two are joined. */
export function killStart(text: string, cursor: number): number {
  const start = lineStart(text, cursor);
  return start === cursor ? Math.max(0, cursor - 1) : start;
}

/** Ctrl-K: the end of the line; at the end, the start of the line below. */
export function killEnd(text: string, cursor: number): number {
  const end = lineEnd(text, cursor);
  return end === cursor ? Math.min(text.length, cursor + 1) : end;
}

/** Alt-B: the beginning of the word before the cursor. */
export function wordStart(text: string, cursor: number): number {
  return backOver(
    text,
    backOver(text, cursor, (character) => !isWord(character)),
    isWord,
  );
}

/** Alt-F: the end of the word after the cursor. */
export function wordEnd(text: string, cursor: number): number {
  return over(
    text,
    over(text, cursor, (character) => !isWord(character)),
    isWord,
  );
}

/** Ctrl-W: the beginning of the text before the cursor that contains no blank. */
export function blankStart(text: string, cursor: number): number {
  return backOver(text, backOver(text, cursor, isBlank), (character) => !isBlank(character));
}

function isWord(grapheme: string): boolean {
  return /[\p{L}\p{N}\p{M}\p{Extended_Pictographic}_]/u.test(grapheme) || isMark(grapheme);
}

function isBlank(grapheme: string): boolean {
  return /^\s/.test(grapheme);
}

function backOver(text: string, cursor: number, passes: (grapheme: string) => boolean): number {
  let at = cursor;
  while (at > 0) {
    const previous = before(text, at);
    if (!passes(text.slice(previous, at))) break;
    at = previous;
  }
  return at;
}

function over(text: string, cursor: number, passes: (grapheme: string) => boolean): number {
  let at = cursor;
  while (at < text.length) {
    const next = after(text, at);
    if (!passes(text.slice(at, next))) break;
    at = next;
  }
  return at;
}
