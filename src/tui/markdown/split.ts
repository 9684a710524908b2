import { openFormula, startsDisplay, type OpenFormula } from "../../text/formula.ts";
import {
  closesFence,
  expandIndent,
  fenceOpening,
  indentOf,
  isBlank,
  isHeading,
  isHeadingUnderline,
  isHtml,
  isQuote,
  isRule,
  isTableDelimiter,
  listMarker,
  type FenceOpening,
  type ListMarker,
} from "./lines.ts";
import { rest, type Piece, type Unfinished } from "./piece.ts";

export interface BlockSplitter {
  /** Takes text without control sequences. Returns the pieces that it finished. */
  feed(text: string): Piece[];
  /** Ends the answer. Returns the remaining pieces. */
  end(): Piece[];
  unfinished(): Unfinished;
}

interface List {
  marker: ListMarker;
  number: number | null;
  close: boolean;
  blank: boolean;
  /** The item has a code block, and its first part has been returned. */
  resumed: boolean;
}

/** Most lines of a block in which a formula may be open: a longer one has no end. */
const MOST_LINES = 100;

/**
 * Splits a growing answer into finished blocks and an unfinished tail (docs/session.md#markdown-blocks). A block is
 * finished when no further text can change it: prose at a blank line, a list item when the next begins, code line by
 * line, a table when it ends. Each line is read once, so the time of a word does not grow with the answer. The pieces
 * do not depend on how the text is cut into chunks.
 */
export function createBlockSplitter(): BlockSplitter {
  let partial = "";
  let lines: string[] = [];
  let fence: FenceOpening | undefined;
  let list: List | undefined;
  let isTable = false;
  let formula: OpenFormula | undefined;
  let out: Piece[] = [];

  const flush = () => {
    while (lines.length > 0 && isBlank(lines.at(-1) as string)) lines.pop();
    const source = lines.join("\n");
    lines = [];
    isTable = false;
    if (source === "") return;
    if (list === undefined) out.push({ kind: "block", source });
    else if (list.resumed) out.push(rest(source));
    else if (list.marker.kind === "^") out.push({ kind: "note", source, close: list.close });
    else out.push({ kind: "item", source, number: list.number, close: list.close });
  };

  const openFence = (opening: FenceOpening) => {
    flush();
    if (list !== undefined) list.resumed = true;
    fence = opening;
    out.push({ kind: "fence", info: opening.info });
  };

  const codeLine = (line: string, opening: FenceOpening) => {
    if (closesFence(line, opening)) fence = undefined;
    else out.push({ kind: "code", line: dedent(line, opening.indent) });
  };

  const startItem = (line: string, marker: ListMarker) => {
    const follows = list !== undefined && list.marker.kind === marker.kind ? list : undefined;
    flush();
    const number = marker.number === null ? null : (follows?.number ?? marker.number - 1) + 1;
    list = { marker, number, close: follows !== undefined && !follows.blank, blank: false, resumed: false };
    lines = [line.slice(marker.indent)];
  };

  /** Takes a line that belongs to the open list; false: the list has ended before it. */
  const inList = (line: string, open: List): boolean => {
    const marker = listMarker(line);
    const opening = fenceOpening(line);
    const inside = indentOf(line) >= Math.min(open.marker.content, open.marker.indent + 2);
    if (opening !== undefined && inside) openFence(opening);
    else if (marker !== undefined && !inside) startItem(line, marker);
    else if (inside || (!open.blank && !interrupts(line))) {
      lines.push(open.resumed ? line : line.slice(Math.min(indentOf(line), open.marker.indent)));
      open.blank = false;
    } else return false;
    return true;
  };

  const leafLine = (line: string): void => {
    const opening = fenceOpening(line);
    const marker = listMarker(line);
    if (opening !== undefined && opening.indent < 4) openFence(opening);
    else if (marker !== undefined && marker.indent < 4 && (lines.length === 0 || canInterrupt(marker)))
      startItem(line, marker);
    else if (lines.length > 0 && isHeadingUnderline(line) && !isTable && !isQuote(lines[0] as string)) {
      lines.push(line);
      flush();
    } else if (isHeading(line) || isRule(line)) {
      flush();
      lines = [line];
      flush();
    } else {
      if (lines.length > 0 && startsAnother(line, lines[0] as string)) flush();
      if (lines.length === 1 && isTableDelimiter(line) && (lines[0] as string).includes("|")) isTable = true;
      lines.push(line);
    }
  };

  /** A line in which a formula is open has no marks of blocks. */
  const formulaLine = (line: string, open: OpenFormula): boolean => {
    const ends = isBlank(line) ? !open.alone : fenceOpening(line)?.marker === "`";
    if (ends || lines.length >= MOST_LINES) return false;
    const front = list === undefined || list.resumed ? 0 : Math.min(indentOf(line), list.marker.indent);
    lines.push(line.slice(front));
    formula = openFormula(line, open);
    return true;
  };

  const textLine = (line: string) => {
    if (formula !== undefined && formulaLine(line, formula)) return;
    markdownLine(line);
    formula = isTable || lines.length === 0 ? undefined : openFormula(lines.at(-1) as string);
  };

  const markdownLine = (line: string) => {
    if (isBlank(line)) {
      if (list === undefined) flush();
      else {
        list.blank = true;
        if (lines.length > 0) lines.push("");
      }
      return;
    }
    if (list !== undefined) {
      if (inList(line, list)) return;
      flush();
      list = undefined;
    }
    leafLine(line);
  };

  const takeLine = (raw: string) => {
    if (fence !== undefined) codeLine(raw, fence);
    else textLine(expandIndent(raw));
  };

  const take = (): Piece[] => {
    const pieces = out;
    out = [];
    return pieces;
  };

  return {
    feed(text) {
      const parts = text.split("\n");
      partial += parts[0];
      for (const part of parts.slice(1)) {
        takeLine(partial);
        partial = part;
      }
      return take();
    },
    end() {
      if (partial !== "") takeLine(partial);
      partial = "";
      flush();
      list = undefined;
      fence = undefined;
      return take();
    },
    unfinished() {
      if (fence !== undefined) {
        // A closing fence whose line end is still missing is not code.
        const source = closesFence(partial, fence) ? "" : dedent(partial, fence.indent);
        return { kind: "code", source, close: true };
      }
      const source = [...lines, partial].join("\n");
      if (list === undefined) return { kind: isTable ? "table" : "text", source, close: false };
      const kind = list.marker.kind === "^" && !list.resumed ? "note" : "item";
      return { kind, source, close: !list.resumed && list.close };
    },
  };
}

function dedent(line: string, by: number): string {
  return by === 0 ? line : line.slice(Math.min(by, indentOf(line)));
}

/** An ordered list interrupts a paragraph only with 1, an item without text never does (CommonMark §5.3). */
function canInterrupt(marker: ListMarker): boolean {
  return !marker.empty && (marker.number === null || marker.number === 1);
}

function interrupts(line: string): boolean {
  return (
    fenceOpening(line) !== undefined ||
    isHeading(line) ||
    isRule(line) ||
    isQuote(line) ||
    startsDisplay(line)
  );
}

function startsAnother(line: string, first: string): boolean {
  if (startsDisplay(line)) return true;
  return isQuote(line) !== isQuote(first) && (isQuote(line) || isHtml(line))
    ? true
    : isHtml(line) && !isHtml(first);
}
