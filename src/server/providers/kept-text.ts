/** Bytes at first. */
const ROOM = 512;

/** The most bytes of UTF-8 that a UTF-16 code unit takes. */
const BYTES = 3;

/**
 * A text that grows. From its second piece on it is kept outside of V8's heap: joined strings keep each of their pieces,
 * which garbage collection copies twice, 450 bytes for a word.
 */
export class KeptText {
  #first = "";
  #bytes: Buffer | undefined;
  /** Bytes that are used. */
  #used = 0;
  /** In UTF-16 code units. */
  length = 0;

  /** `piece`: well-formed. */
  add(piece: string): void {
    if (this.length === 0) this.#first = piece;
    else this.#write(piece);
    this.length += piece.length;
  }

  /** All of it. */
  whole(): string {
    return this.#bytes ? this.#bytes.toString("utf8", 0, this.#used) : this.#first;
  }

  #write(piece: string): void {
    const bytes = this.#roomFor(this.#bytes ? piece.length : this.#first.length + piece.length);
    if (this.#first !== "") this.#used = bytes.write(this.#first, 0);
    this.#first = "";
    this.#used += bytes.write(piece, this.#used);
  }

  /** Has room for so many code units more. */
  #roomFor(units: number): Buffer {
    const old = this.#bytes;
    const least = this.#used + units * BYTES;
    if (old && least <= old.length) return old;
    const bytes = Buffer.allocUnsafeSlow(Math.max(ROOM, old ? 2 * old.length : 0, least));
    old?.copy(bytes, 0, 0, this.#used);
    this.#bytes = bytes;
    return bytes;
  }
}
