/**
 * What a terminal would take for a command or for another reading order, and nobody meant as text: C0 but newline
 * and tab, DEL, C1, and the bidirectional embeddings, overrides and isolates (docs/session.md#control-characters).
 */
const unwanted = /[\0-\x08\v-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

/** Longest control string (OSC, DCS, …) that is swallowed; a stray introducer must not eat a whole answer. */
const LONGEST_STRING = 4096;

type State = "text" | "escape" | "intermediate" | "csi" | "string";

const between = (code: number, low: number, high: number) => code >= low && code <= high;
/** DCS, SOS, OSC, PM, APC: in one byte, or as the letter that follows ESC. */
const stringIntroducers = new Set([0x90, 0x98, 0x9d, 0x9e, 0x9f]);
const startsStringAfterEscape = (char: string) => "PX]^_".includes(char);

/**
 * Strips control sequences from text that comes in pieces; the pieces may cut a sequence anywhere. Sequences go
 * whole (a hyperlink's address, a title), other control characters alone. What comes out never holds ESC, C1 or a
 * carriage return. However the text is cut, the pieces joined are `plainText` of the whole.
 */
export function createSanitizer(): (chunk: string) => string {
  let state: State = "text";
  let swallowed = 0;

  /** Takes one character of a sequence; true: it belongs to the sequence. */
  const consumes = (char: string, code: number): boolean => {
    switch (state) {
      case "escape":
      case "intermediate":
        if (state === "escape" && char === "[") state = "csi";
        else if (state === "escape" && startsStringAfterEscape(char)) enterString();
        else if (between(code, 0x20, 0x2f)) state = "intermediate";
        else {
          state = "text";
          return between(code, 0x30, 0x7e);
        }
        return true;
      case "csi":
        if (between(code, 0x20, 0x3f)) return true;
        state = "text";
        return between(code, 0x40, 0x7e);
      case "string":
        return consumesInString(code);
      case "text":
        return false;
    }
  };

  const enterString = () => {
    state = "string";
    swallowed = 0;
  };

  /** Ends at BEL, ST, CAN and SUB; at a line's end and at the bound too, where the introducer was a stray one. */
  const consumesInString = (code: number): boolean => {
    const ends = code === 0x07 || code === 0x9c || code === 0x18 || code === 0x1a;
    swallowed += 1;
    if (!ends && code !== 0x0a && swallowed < LONGEST_STRING) return true;
    state = "text";
    return code !== 0x0a;
  };

  /** Takes one character of text that is in `unwanted`: it begins a sequence, or is dropped. */
  const enter = (code: number) => {
    if (code === 0x1b) state = "escape";
    else if (code === 0x9b) state = "csi";
    else if (stringIntroducers.has(code)) enterString();
  };

  return (chunk) => {
    if (state === "text" && !unwanted.test(chunk)) return chunk;
    let kept = "";
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const char = chunk.charAt(at);
      const code = chunk.charCodeAt(at);
      if (state === "text" && !unwanted.test(char)) continue;
      kept += chunk.slice(from, at);
      from = at + 1;
      if (code !== 0x1b && consumes(char, code)) continue;
      if (unwanted.test(char)) enter(code);
      else from = at;
    }
    return kept + chunk.slice(from);
  };
}

/** Text from a model, a server or a file as a terminal may safely see it: without control sequences. */
export function plainText(text: string): string {
  return createSanitizer()(text);
}

/** The same on one line, at most `longest` characters, cut with an ellipsis: for sentences that others wrote. */
export function oneLine(text: string, longest = 300): string {
  const line = plainText(text.slice(0, longest * 20))
    .replaceAll(/\s+/g, " ")
    .trim()
    .toWellFormed();
  if (line.length <= longest) return line;
  // A character of two units may have been cut in two.
  const cut = line.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, "");
  return `${cut.trimEnd()}…`;
}

/** JSON as a terminal may safely see it: what it would heed stands there as an escape, so the value is the same. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /[\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
