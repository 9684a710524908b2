import { characterKey, controlKey, type Key, namedKey } from "./key.ts";

/** Text that came in one chunk: pasted text, then keys. */
export type TypedText = { pasted: string; keys: Key[] };

/** So many characters in one chunk were pasted, not typed, also without bracketed paste. */
const BURST = 200;

/** Most characters in one chunk that hands type, also if the program was slow to read them. */
const MOST_TYPED = 3;

const LF = 0x0a;

/**
 * Reads characters (also `\r`, `\n` and tab) that came in one chunk. A `\r` is Enter. If more text follows, it is a line
 * end: the text was pasted in a terminal without bracketed paste.
 */
export function readTypedText(characters: string[]): TypedText {
  const text = characters.filter((character, index) => character !== "\n" || characters[index - 1] !== "\r");
  const end = text.findLastIndex((character) => !isBlankControl(character)) + 1;
  const isBurst = end >= BURST;
  const pasted = isBurst ? text.slice(0, end).join("").replaceAll("\r", "\n") : "";
  const marked = (key: Key): Key => (text.length > MOST_TYPED ? { ...key, inBurst: true } : key);
  const keys = text.map((character, index) => {
    if (character === "\t") return marked(namedKey("tab"));
    if (character === "@") return marked(characterKey(character));
    if (character === "\n" || (character === "\r" && index < end)) return controlKey(LF);
    return character === "\r" ? namedKey("enter") : characterKey(character);
  });
  return { pasted, keys: isBurst ? keys.slice(end) : keys };
}

function isBlankControl(character: string): boolean {
  return character === "\r" || character === "\n" || character === "\t";
}
