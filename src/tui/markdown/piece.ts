import { indentOf, isBlank } from "./lines.ts";

/** A finished part of an answer, in order. */
export type Piece =
  | { kind: "block"; source: string }
  /** An item of a top-level list. `number` is null for a bullet; `close`: no blank line was before it. */
  | { kind: "item"; source: string; number: number | null; close: boolean }
  /** A footnote with its label. */
  | { kind: "note"; source: string; close: boolean }
  /** Markdown that follows a code block inside an item, to be indented by `indent` cells. */
  | { kind: "rest"; source: string; indent: number }
  | { kind: "fence"; info: string }
  | { kind: "code"; line: string };

/** The unfinished end: Markdown whose meaning more text can change, or an incomplete line of code. */
export interface Unfinished {
  kind: "text" | "item" | "note" | "table" | "code";
  source: string;
  /** Whether no blank line is between it and the finished text. */
  close: boolean;
}

/** The `rest` piece for such Markdown; the indentation that all its lines share is removed. */
export function rest(source: string): Piece {
  const all = source.split("\n");
  const indent = Math.min(...all.filter((line) => !isBlank(line)).map(indentOf));
  return { kind: "rest", source: all.map((line) => line.slice(indent)).join("\n"), indent };
}
