/** Joins a text that comes in pieces, so that no piece holds half of a character (a surrogate pair). */
export interface WholeCharacters {
  /** What may be passed on now; a half at the end waits for the next piece. A half without its other becomes U+FFFD. */
  push(piece: string): string;
  /** What still waits, once no more pieces come. */
  end(): string;
}

/** See {@link WholeCharacters}. The results joined are the pieces joined, made well-formed. */
export function createWholeCharacters(): WholeCharacters {
  let half = "";
  return {
    push(piece) {
      const text = half + piece;
      const last = text.charCodeAt(text.length - 1);
      // The first half of a surrogate pair. A regular expression would search the whole text.
      const isCut = last >= 0xd800 && last <= 0xdbff;
      half = isCut ? text.slice(-1) : "";
      return (isCut ? text.slice(0, -1) : text).toWellFormed();
    },
    end() {
      const rest = half.toWellFormed();
      half = "";
      return rest;
    },
  };
}
