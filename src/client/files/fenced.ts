import { counted } from "../../text/numbers.ts";
import type { ImageFile, TextFile } from "./read-file.ts";

/** A file as a fenced block of Markdown, its name behind the fence. No line of the text can end the block. */
export function fenced({ name, text }: Pick<TextFile, "name" | "text">): string {
  const runs = Array.from(text.matchAll(/`{3,}/g), ([run]) => run.length);
  const fence = "`".repeat(runs.reduce((longest, run) => Math.max(longest, run + 1), 3));
  // A backtick behind the fence would make it inline code.
  return `${fence}${name.replaceAll("`", "'")}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}

/** What a file adds to a question: a fenced block, or the label that stands for an image, which `addImage` returns. */
export const blockOf = (file: TextFile | ImageFile, addImage: (image: ImageFile) => string): string =>
  file.kind === "image" ? addImage(file) : fenced(file);

/** What was read of a file, for people. */
export const sizeOf = (file: TextFile | ImageFile): string =>
  file.kind === "image" ? "image" : counted(file.lines, "line");
