import { stripVTControlCharacters } from "node:util";

/** Collects the bytes of one bracketed paste. */
export type PasteBuffer = {
  /** Takes a byte. Returns whether it completes the end mark (`CSI 201 ~`). */
  push(byte: number): boolean;
  /** Returns the text, cleaned, and empties the buffer. */
  take(): string;
};

const END = "\u001b[201~";

export function createPasteBuffer(): PasteBuffer {
  let bytes = Buffer.alloc(0);
  let length = 0;
  let matched = 0; // how many of the last bytes match END

  return {
    push(byte) {
      if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.alloc(length + 4096)]);
      bytes[length++] = byte;
      matched = byte === END.charCodeAt(matched) ? matched + 1 : byte === END.charCodeAt(0) ? 1 : 0;
      return matched === END.length;
    },
    take() {
      const text = bytes.toString("utf8", 0, length - matched);
      bytes = Buffer.alloc(0);
      length = 0;
      matched = 0;
      return cleanPaste(text);
    },
  };
}

/** Line ends become `\n`; control sequences and control characters other than `\n` and tab are removed. */
function cleanPaste(text: string): string {
  return stripVTControlCharacters(text.replaceAll(/\r\n?/g, "\n")).replaceAll(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    "",
  );
}
