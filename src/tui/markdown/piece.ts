import { indentOf, isBlank } from "./lines.ts";

/** A finished part of an answer, in order. */
export type Piece =
  | { kind: "block"; source: string }
  /** An item of a top-level list. `number` is null for a bullet; `close` tells that no blank line stood before it. */
  | { kind: "item"; source: string; number: number | null; close: boolean }
  /** What follows a code block inside an item: Markdown to be shown `indent` cells in. */
  | { kind: "rest"; source: string; indent: number }
  | { kind: "fence"; info: string }
  | { kind: "code"; line: string }
  | { kind: "endFence" };

/** What isn't finished: Markdown that may still change its meaning, or a line of code that is still growing. */
export interface Unfinished {
  kind: "text" | "item" | "table" | "code";
  source: string;
  /** Whether it follows what is finished without a blank line between. */
  close: boolean;
}

/** What follows a code block inside an item, without the indentation that all of it has. */
export function rest(source: string): Piece {
  const all = source.split("\n");
  const indent = Math.min(...all.filter((line) => !isBlank(line)).map(indentOf));
  return { kind: "rest", source: all.map((line) => line.slice(indent)).join("\n"), indent };
}
