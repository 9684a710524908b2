import { characterKey, controlKey, namedKey } from "./key.ts";
import { type Meaning, readCsi, readLinuxFunctionKey, readOsc, readSs3 } from "./sequences.ts";
import { createUtf8Reader } from "./utf8.ts";

/** Reads sequences that begin with ESC, byte by byte. */
export type SequenceReader = {
  /** Starts a sequence after an ESC. */
  begin(): void;
  /** Takes the next byte; false: the sequence ended before it, and the byte is still to be read. */
  push(byte: number): boolean;
  /** What is pending: nothing, a lone ESC, an unfinished sequence, or one that no key begins: the answer to a query. */
  readonly waiting: "nothing" | "escape" | "sequence" | "answer";
  /** Ends the wait: a lone ESC is the escape key, `ESC [` is Alt-[, an unfinished sequence is dropped. */
  expire(): void;
};

type State =
  | "ground"
  | "escape"
  | "character"
  | "csi"
  | "linux"
  | "mouse"
  | "ss3"
  | "string"
  | "stringEscape";

const ESC = 0x1b;
const INTRODUCERS: Record<string, State> = {
  "[": "csi",
  O: "ss3",
  "]": "string", // OSC
  P: "string", // DCS
  X: "string", // SOS
  "^": "string", // PM
  _: "string", // APC
};
const LONGEST = 256;

/** Calls `give` with the meaning of each sequence; a sequence without one is dropped as a whole. */
export function createSequenceReader(give: (meaning: Meaning) => void): SequenceReader {
  let state: State = "ground";
  let doubled = false; // ESC ESC: the escape key and then a sequence, or Alt with a key (rxvt)
  let introducer = "";
  let body = "";
  let mouseBytes = 0;
  const utf8 = createUtf8Reader();

  function giveKey(key: ReturnType<typeof namedKey>): void {
    give({ kind: "key", key });
  }

  function finish(meaning: Meaning): true {
    const alt = doubled;
    become("ground");
    if (alt && meaning.kind === "key") giveKey({ ...meaning.key, alt: true, text: "" });
    else {
      if (alt) giveKey(namedKey("escape"));
      give(meaning);
    }
    return true;
  }

  function become(next: State): void {
    if (next === "ground" || next === "escape") doubled = false;
    state = next;
    body = "";
    utf8.reset();
  }

  /** The first ESC of two was the escape key. */
  function giveDoubled(): void {
    if (doubled) giveKey(namedKey("escape"));
    doubled = false;
  }

  function afterEscape(byte: number): boolean {
    if (byte === ESC) {
      giveDoubled();
      doubled = true;
      return true;
    }
    introducer = String.fromCharCode(byte);
    const next = Object.hasOwn(INTRODUCERS, introducer) ? INTRODUCERS[introducer] : undefined;
    if (next !== "csi" && next !== "ss3") giveDoubled();
    if (next) become(next);
    else if (byte >= 0x80) {
      become("character");
      return inCharacter(byte);
    } else {
      become("ground");
      const alt = { alt: true };
      giveKey(byte < 0x20 || byte === 0x7f ? controlKey(byte, alt) : characterKey(introducer, alt));
    }
    return true;
  }

  function inCharacter(byte: number): boolean {
    const character = byte < 0x80 ? undefined : utf8.push(byte);
    if (character === undefined && utf8.pending && byte >= 0x80) return true;
    become("ground");
    if (character !== undefined) giveKey(characterKey(character, { alt: true }));
    return byte >= 0x80;
  }

  function inCsi(byte: number): boolean {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7e) return abort(byte);
    if (body === "" && character === "[") become("linux");
    else if (body === "" && character === "M") {
      become("mouse");
      mouseBytes = 3;
    } else if (byte >= 0x40 || (character === "$" && /^[2-8]$/.test(body))) {
      // rxvt ends keys with $, which is an intermediate byte elsewhere: it is final only after a key's number.
      return finish(readCsi(body, character));
    } else if (body.length < LONGEST) body += character;
    return true;
  }

  function inSs3(byte: number): boolean {
    const character = String.fromCharCode(byte);
    if (byte < 0x20 || byte > 0x7e) return abort(byte);
    if (!/[0-9;]/.test(character)) return finish(readSs3(body, character));
    if (body.length < LONGEST) body += character;
    return true;
  }

  /** A byte that is invalid in a sequence ends it; CAN and SUB have no other effect. */
  function abort(byte: number): boolean {
    giveDoubled();
    become("ground");
    return byte === 0x18 || byte === 0x1a;
  }

  function inString(byte: number): boolean {
    if (byte === ESC) state = "stringEscape";
    else if (byte === 0x07) return endString();
    else if (byte === 0x18 || byte === 0x1a) become("ground");
    else if (body.length < LONGEST) body += String.fromCharCode(byte);
    return true;
  }

  function endString(): true {
    return finish(introducer === "]" ? readOsc(body) : { kind: "nothing" });
  }

  return {
    begin() {
      become("escape");
    },
    push(byte) {
      switch (state) {
        case "ground":
          return false;
        case "escape":
          return afterEscape(byte);
        case "character":
          return inCharacter(byte);
        case "csi":
          return inCsi(byte);
        case "linux":
          return finish(readLinuxFunctionKey(String.fromCharCode(byte)));
        case "mouse":
          if (--mouseBytes === 0) become("ground");
          return true;
        case "ss3":
          return inSs3(byte);
        case "string":
          return inString(byte);
        case "stringEscape":
          // ESC \ ends a string; ESC with another byte begins a new sequence.
          if (byte === 0x5c) return endString();
          become("escape");
          return false;
      }
    },
    get waiting() {
      if (state === "ground") return "nothing";
      if (introducer === "]" && body.startsWith("11;")) return "answer";
      return state === "escape" ? "escape" : "sequence";
    },
    expire() {
      const held = state;
      const empty = body === "" && (held === "csi" || held === "ss3" || held === "string");
      giveDoubled();
      become("ground");
      if (held === "escape") giveKey(namedKey("escape"));
      else if (empty) giveKey(characterKey(introducer, { alt: true }));
    },
  };
}
