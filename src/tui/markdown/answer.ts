import { createSanitizer } from "../../client/sanitize.ts";
import { renderBlock, renderItem } from "./block.ts";
import { createCodeRenderer, type CodeRenderer } from "./code.ts";
import type { Display } from "./look.ts";
import { previewTail } from "./preview.ts";
import { createBlockSplitter } from "./split.ts";
import type { Piece } from "./piece.ts";

/** Turns an answer that arrives in chunks into lines for a terminal, each finished line exactly once. */
export interface AnswerPrinter {
  /** Takes a chunk as the network gave it; returns the finished lines, each with its "\n", or "". */
  feed(chunk: string): string;
  /** Ends the answer, also one that was cut off; returns what was left. */
  end(): string;
  /** The unfinished end as at most `rows` lines without line ends. Costs a frame, not an answer. */
  tail(rows: number): string[];
}

/**
 * The one place where a model's Markdown becomes terminal text, for the session and for `ask` on a terminal. `display` is
 * asked for each block, so that a resize holds from the next block on. Control sequences are stripped first.
 */
export function createAnswerPrinter(display: () => Display): AnswerPrinter {
  const clean = createSanitizer();
  const splitter = createBlockSplitter();
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

  const render = (piece: Piece): string[] => {
    switch (piece.kind) {
      case "block":
        return renderBlock(piece.source, display());
      case "item":
        return renderItem(piece.source, piece.number, display());
      case "rest":
        return indented(piece.source, piece.indent, display());
      case "fence":
        code = createCodeRenderer(piece.info, display());
        return [code.head()];
      case "code":
        return code === undefined ? [piece.line] : [code.line(piece.line)];
      case "endFence":
        return code === undefined ? [] : [code.foot()];
    }
  };

  return {
    feed: (chunk) => print(splitter.feed(clean(chunk))),
    end: () => print(splitter.end()),
    tail(rows) {
      const tail = splitter.unfinished();
      const lines = previewTail(tail, rows, display());
      // The blank line that will stand there once it is finished: nothing jumps then.
      const gap = last !== undefined && !tail.close && lines.length > 0 && lines.length < rows;
      return gap ? ["", ...lines] : lines;
    },
  };
}

/** Whether no blank line belongs between a piece and the one before it. */
function joins(last: Piece["kind"], piece: Piece): boolean {
  if (piece.kind === "code" || piece.kind === "endFence") return true;
  return piece.kind === "item" && piece.close && last === "item";
}

function indented(source: string, indent: number, display: Display): string[] {
  const lines = renderBlock(source, { ...display, columns: Math.max(8, display.columns - indent) });
  return lines.map((line) => (line === "" ? "" : " ".repeat(indent) + line));
}
