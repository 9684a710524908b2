import { stripVTControlCharacters } from "node:util";

/** Collects the bytes of one bracketed paste. */
export type PasteBuffer = {
  /** Takes a byte; true: it was the last one of the end mark (`CSI 201 ~`). */
  push(byte: number): boolean;
  /** The text so far, cleaned; the buffer is empty afterwards. */
  take(): string;
};

const END = "\u001b[201~";

export function createPasteBuffer(): PasteBuffer {
  let bytes = Buffer.alloc(0);
  let length = 0;
  let matched = 0; // how much of END the last bytes are

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

/** Pasted text as text: line ends become `\n`; control sequences and control characters but `\n` and tab are dropped. */
function cleanPaste(text: string): string {
  return stripVTControlCharacters(text.replaceAll(/\r\n?/g, "\n")).replaceAll(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    "",
  );
}
