/**
 * Texts of one moment, at least one, in order. A single one, which is the usual, needs no array: once V8 allocates an array's
 * literal in its old generation, all that is pushed to it stays until the next full garbage collection.
 */
export type Pieces = string | string[];

/** `pieces` with one more. */
export function withPiece(pieces: Pieces | undefined, piece: string): Pieces {
  if (pieces === undefined) return piece;
  if (typeof pieces === "string") return [pieces, piece];
  pieces.push(piece);
  return pieces;
}

/** All in one. */
export const joined = (pieces: Pieces) => (typeof pieces === "string" ? pieces : pieces.join(""));
