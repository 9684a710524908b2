import { createSanitizer } from "../../text/sanitize.ts";
import { renderBlock, renderItem, renderNote } from "./block.ts";
import { createCodeRenderer, type CodeRenderer } from "./code.ts";
import type { Display } from "./display.ts";
import { createHold, type Hold } from "./hold.ts";
import { previewTail } from "./preview.ts";
import { createBlockSplitter } from "./split.ts";
import type { Piece, Unfinished } from "./piece.ts";
import { createReferences, type References } from "./references.ts";

/** Turns an answer that arrives in chunks into lines for a terminal. Each finished line is returned once. */
export interface AnswerPrinter {
  /** Takes the next chunk, cut anywhere. Returns the finished lines, each with its "\n", or "". */
  feed(chunk: string): string;
  /** Ends the answer, complete or cut off. Returns the remaining lines. */
  end(): string;
  /** The unfinished end as at most `rows` lines without line ends. The time does not grow with the answer. */
  tail(rows: number): string[];
}

/**
 * Renders a model's Markdown, for the session and for `ask` on a terminal. `display` is called for each block, so that a
 * resize applies from the next block on. Control sequences are stripped first. With `numbered`, each code block names its
 * number, for `/copy`.
 */
export function createAnswerPrinter(display: () => Display, { numbered = false } = {}): AnswerPrinter {
  const clean = createSanitizer();
  const splitter = createBlockSplitter();
  const references = createReferences();
  const hold = createHold(references);
  let codeBlocks = 0;
  let code: CodeRenderer | undefined;
  let last: Piece["kind"] | undefined;

  const print = (pieces: readonly Piece[]): string => {
    const lines: string[] = [];
    for (const piece of pieces) {
      const rendered = render(piece);
      if (rendered.length === 0) continue;
      if (last !== undefined && !joins(last, piece)) lines.push("");
      lines.push(...rendered);
      last = piece.kind;
    }
    return lines.map((line) => `${line}\n`).join("");
  };

  // Piece by piece, because what one defines decides about the next.
  const take = (pieces: readonly Piece[]): string => pieces.map((piece) => print(hold.take(piece))).join("");

  const render = (piece: Piece): string[] => {
    switch (piece.kind) {
      case "block":
        return renderBlock(piece.source, display(), references);
      case "item":
        return renderItem(piece.source, piece.number, display(), references);
      case "note":
        return renderNote(piece.source, display(), references);
      case "rest":
        return indented(piece, display(), references);
      case "fence":
        codeBlocks += 1;
        code = createCodeRenderer(piece.info, display(), numbered ? codeBlocks : undefined);
        return [code.head()];
      case "code":
        return code === undefined ? [piece.line] : [code.line(piece.line)];
    }
  };

  return {
    feed: (chunk) => take(splitter.feed(clean(chunk))),
    end: () => take(splitter.end()) + print(hold.release()),
    tail(rows) {
      const tail = withHeld(hold.held, splitter.unfinished());
      const lines = previewTail(tail, rows, display(), references);
      // The blank line that the finished block will have above it: without it the text would jump.
      const gap = last !== undefined && !tail.close && lines.length > 0 && lines.length < rows;
      return gap ? ["", ...lines] : lines;
    },
  };
}

/** Whether a piece follows the one before it without a blank line. */
function joins(last: Piece["kind"], piece: Piece): boolean {
  return piece.kind === "code" || (isClose(piece) && last === piece.kind);
}

const isClose = (piece: Piece): boolean => (piece.kind === "item" || piece.kind === "note") && piece.close;

/** What is held back and the unfinished end as one text. */
function withHeld(held: Hold["held"], open: Unfinished): Unfinished {
  if (held.length === 0) return open;
  const [first] = held;
  const texts = held.map((piece) => {
    const indent = piece.kind === "rest" ? " ".repeat(piece.indent) : "";
    return (isClose(piece) ? "\n" : "\n\n") + piece.source.replaceAll(/^/gm, indent);
  });
  const source = texts.join("").trimStart() + (open.close ? "\n" : "\n\n") + open.source;
  return { kind: "text", source, close: first !== undefined && isClose(first) };
}

function indented(
  { source, indent }: Extract<Piece, { kind: "rest" }>,
  display: Display,
  references: References,
): string[] {
  const columns = Math.max(8, display.columns - indent);
  const lines = renderBlock(source, { ...display, columns }, references);
  return lines.map((line) => (line === "" ? "" : " ".repeat(indent) + line));
}
