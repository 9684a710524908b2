import { controlKey, type Key } from "./key.ts";
import { createPasteBuffer } from "./paste.ts";
import { createSequenceReader } from "./sequence-reader.ts";
import type { Meaning, Reply } from "./sequences.ts";
import { patientTimers, type Timers } from "./timers.ts";
import { readTypedText } from "./typed-text.ts";
import { createUtf8Reader } from "./utf8.ts";

export type KeyParserOptions = {
  onKey: (key: Key) => void;
  /** A bracketed paste, or a burst of text that was pasted. Line ends are `\n`; control sequences are removed. */
  onPaste: (text: string) => void;
  onReply?: (reply: Reply) => void;
  /** Milliseconds after which a lone ESC is the escape key (40; with less, a slow connection splits Alt keys). */
  escapeTimeout?: number;
  /** Milliseconds without input after which an unfinished sequence is dropped (500). */
  sequenceTimeout?: number;
  /** Milliseconds without input after which an unfinished answer of the terminal is dropped (5,000). */
  answerTimeout?: number;
  /** Whether the terminal still has to answer: a lone ESC may then be the beginning of that. */
  isAsking?: () => boolean;
  /** Milliseconds without input after which a paste without an end mark ends (5,000). */
  pasteTimeout?: number;
  timers?: Timers;
};

/** Turns the bytes of a terminal in raw mode into keys, pastes and replies. */
export type KeyParser = {
  feed(chunk: Uint8Array): void;
  /** Reports what is pending (a lone ESC, an unfinished paste) and stops the timers. */
  end(): void;
};

const ESC = 0x1b;

/** Chunks may be cut anywhere, also inside a character or a sequence. */
export function createKeyParser({
  onKey,
  onPaste,
  onReply = () => {},
  escapeTimeout = 40,
  sequenceTimeout = 500,
  answerTimeout = 5000,
  isAsking = () => false,
  pasteTimeout = 5000,
  timers = patientTimers,
}: KeyParserOptions): KeyParser {
  let pasting = false;
  let timer: unknown;
  const paste = createPasteBuffer();
  const utf8 = createUtf8Reader();
  const sequence = createSequenceReader(take);

  function take(meaning: Meaning): void {
    if (meaning.kind === "key") onKey(meaning.key);
    else if (meaning.kind === "reply") onReply(meaning.reply);
    else if (meaning.kind === "paste") pasting = true;
  }

  function endPaste(): void {
    pasting = false;
    const text = paste.take();
    if (text !== "") onPaste(text);
  }

  /** Reads a paste up to its end mark. Returns how many bytes it took. */
  function readPaste(bytes: Uint8Array): number {
    const end = bytes.findIndex((byte) => paste.push(byte));
    if (end === -1) return bytes.length;
    endPaste();
    return end + 1;
  }

  /** Reads the text at the beginning of the bytes. Returns its length. */
  function readText(bytes: Uint8Array): number {
    const end = bytes.findIndex((byte) => !isText(byte));
    const length = end === -1 ? bytes.length : end;
    const characters: string[] = [];
    for (const byte of bytes.subarray(0, length)) {
      const character = utf8.push(byte);
      if (character !== undefined) characters.push(character);
    }
    const { pasted, keys } = readTypedText(characters);
    if (pasted !== "") onPaste(pasted);
    for (const key of keys) onKey(key);
    return length;
  }

  /** Reads one key, text, a paste, or one byte of a sequence. Returns how many bytes it took. */
  function read(bytes: Uint8Array): number {
    const byte = bytes[0]!;
    if (pasting) return readPaste(bytes);
    if (sequence.waiting !== "nothing") return sequence.push(byte) ? 1 : 0;
    if (isText(byte)) return readText(bytes);
    utf8.reset();
    if (byte === ESC) sequence.begin();
    else onKey(controlKey(byte));
    return 1;
  }

  const patience = {
    escape: () => (isAsking() ? sequenceTimeout : escapeTimeout),
    sequence: () => (isAsking() ? answerTimeout : sequenceTimeout),
    answer: () => answerTimeout,
  };

  function expire(): void {
    if (pasting) endPaste();
    else sequence.expire();
  }

  function wait(): void {
    timers.clear(timer);
    timer = undefined;
    if (pasting) timer = timers.set(expire, pasteTimeout);
    else if (sequence.waiting !== "nothing") timer = timers.set(expire, patience[sequence.waiting]());
  }

  return {
    feed(chunk) {
      for (let at = 0; at < chunk.length;) at += read(chunk.subarray(at));
      wait();
    },
    end() {
      timers.clear(timer);
      expire();
      utf8.reset();
    },
  };
}

/** Tab, line ends, and all bytes that are no control characters. */
function isText(byte: number): boolean {
  return (byte >= 0x20 && byte !== 0x7f) || byte === 0x0d || byte === 0x0a || byte === 0x09;
}
