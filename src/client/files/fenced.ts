import type { TextFile } from "./read-file.ts";

/** A file as a fenced block of Markdown, its name behind the fence. No line of the text can end the block. */
export function fenced({ name, text }: Pick<TextFile, "name" | "text">): string {
  const runs = Array.from(text.matchAll(/`{3,}/g), ([run]) => run.length);
  const fence = "`".repeat(runs.reduce((longest, run) => Math.max(longest, run + 1), 3));
  // A backtick behind the fence would make it inline code.
  return `${fence}${name.replaceAll("`", "'")}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}
