import { createBlockSplitter } from "./split.ts";

/** The code blocks of an answer in order, without fences and without the last line end. */
export function codeBlocks(answer: string): string[] {
  const splitter = createBlockSplitter();
  const blocks: string[][] = [];
  for (const piece of [...splitter.feed(answer), ...splitter.end()]) {
    if (piece.kind === "fence") blocks.push([]);
    else if (piece.kind === "code") blocks.at(-1)?.push(piece.line);
  }
  return blocks.map((lines) => lines.join("\n"));
}
