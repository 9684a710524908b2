import { literals } from "../../text/formula.ts";
import { lex } from "./lex.ts";
import type { Piece } from "./piece.ts";
import type { References } from "./references.ts";

/** Holds back text with links by reference until it is known where they lead. */
export interface Hold {
  /** Takes the next finished piece. Returns those that can be written now. */
  take(piece: Piece): Piece[];
  /** What is held back; nothing is afterwards. */
  release(): Piece[];
  readonly held: readonly TextPiece[];
}

type TextPiece = Exclude<Piece, { kind: "fence" | "code" }>;

/** Definitions usually end a short answer. A longer one must not stay out of the scrollback. */
const MOST_PIECES = 20;
const MOST_CHARACTERS = 4_000;

/** `[text][label]`, but not `m[i][j]`. */
const REFERENCE = /(?<![\w\]])\[([^\]\n]+)\]\[([^\]\n]*)\]/g;
const DEFINITION = /^ {0,3}\[[^\]^][^\]\n]*\]:/m;

/** As marked compares labels: by CommonMark's rule, in a case-folded form. */
const normal = (label: string) =>
  label.trim().replaceAll(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();

/** `references` gets each definition when its text is taken. */
export function createHold({ links }: References): Hold {
  const held: TextPiece[] = [];
  const missing = new Set<string>();
  const givenUp = new Set<string>();
  let size = 0;

  const release = (): Piece[] => {
    for (const label of missing) givenUp.add(label);
    missing.clear();
    size = 0;
    return held.splice(0);
  };

  const look = (source: string) => {
    if (DEFINITION.test(source)) lex(source, { links, notes: new Map() });
    for (const label of labels(source)) if (!givenUp.has(label)) missing.add(label);
    for (const label of missing) if (Object.hasOwn(links, label)) missing.delete(label);
  };

  return {
    held,
    release,
    take(piece) {
      if (piece.kind === "fence" || piece.kind === "code") return [...release(), piece];
      size += piece.source.length;
      held.push(piece);
      if (size <= MOST_CHARACTERS) look(piece.source);
      return missing.size === 0 || size > MOST_CHARACTERS || held.length === MOST_PIECES ? release() : [];
    },
  };
}

function labels(source: string): string[] {
  if (!source.includes("][")) return [];
  const { found } = literals(source);
  return Array.from(source.matchAll(REFERENCE))
    .filter(({ index }) => !found.some(({ start, end }) => start <= index && index < end))
    .map(([, text = "", label = ""]) => normal(label === "" ? text : label));
}
