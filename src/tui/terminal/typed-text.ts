import { characterKey, controlKey, type Key, namedKey } from "./key.ts";

/** What a stretch of text in one chunk means: what was pasted, then the keys. */
export type TypedText = { pasted: string; keys: Key[] };

/** Characters in one chunk from which on they were pasted, not typed, also where the terminal doesn't say so. */
const BURST = 200;

const LF = 0x0a;

/**
 * Reads characters (also `\r`, `\n` and tab) that came in one chunk. A `\r` is Enter, unless more text follows it: then
 * it is a line end of text that was pasted into a terminal without bracketed paste.
 */
export function readTypedText(characters: string[]): TypedText {
  const text = characters.filter((character, index) => character !== "\n" || characters[index - 1] !== "\r");
  const end = text.findLastIndex((character) => !isBlankControl(character)) + 1;
  const isBurst = end >= BURST;
  const pasted = isBurst ? text.slice(0, end).join("").replaceAll("\r", "\n") : "";
  const keys = text.map((character, index) => {
    if (character === "\t") return namedKey("tab");
    if (character === "\n" || (character === "\r" && index < end)) return controlKey(LF);
    return character === "\r" ? namedKey("enter") : characterKey(character);
  });
  return { pasted, keys: isBurst ? keys.slice(end) : keys };
}

function isBlankControl(character: string): boolean {
  return character === "\r" || character === "\n" || character === "\t";
}
