/** Decodes UTF-8 byte by byte. */
export type Utf8Reader = {
  /** The character that the byte completes; undefined if more bytes must follow and for invalid UTF-8. */
  push(byte: number): string | undefined;
  /** Whether a character is incomplete. */
  readonly pending: boolean;
  /** Drops an incomplete character. */
  reset(): void;
};

/** Drops invalid characters and C1 controls, and continues with the next character. */
export function createUtf8Reader(): Utf8Reader {
  let code = 0;
  let missing = 0;
  let lowest = 0; // a smaller number with this many bytes is an overlong form

  function begin(byte: number): undefined {
    missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    if (byte < 0xc2 || byte > 0xf4) missing = 0;
    code = byte & (0x3f >> missing);
    lowest = [0, 0x80, 0x800, 0x10000][missing]!;
  }

  return {
    push(byte) {
      if (byte < 0x80) {
        missing = 0;
        return String.fromCharCode(byte);
      }
      if (missing === 0 || byte > 0xbf) return begin(byte);
      code = (code << 6) | (byte & 0x3f);
      if (--missing > 0) return undefined;
      const valid = code >= Math.max(lowest, 0xa0) && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return valid ? String.fromCodePoint(code) : undefined;
    },
    get pending() {
      return missing > 0;
    },
    reset() {
      missing = 0;
    },
  };
}
