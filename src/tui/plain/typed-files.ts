import { blockOf, sizeOf } from "../../client/files/fenced.ts";
import type { Finder } from "../../client/files/finder.ts";
import type { ImageFile } from "../../client/files/read-file.ts";
import { codePoints } from "../../text/code-points.ts";
import { counted } from "../../text/numbers.ts";
import { withBlocks } from "../composer/editor-state.ts";

/** What a line names behind an `@`. */
export type TypedFiles =
  | { kind: "none" }
  | { kind: "refused"; why: string; hint?: string }
  /** `told`: what is sent, for people. */
  | { kind: "ready"; message: string; told: string };

const NAME = /(?<=^|[\s([{<"'])@(?:"([^"\n]+)"|([^\s"]\S*))/g;

interface TypedFilesOptions {
  finder: Finder;
  /** Most characters of a file. */
  most: number;
  /** Returns the label that stands for an image in the question. */
  addImage: (image: ImageFile) => string;
}

/** Reads the files that a typed line names; a word behind an `@` that names none is text. */
export async function readTypedFiles(
  text: string,
  { finder, most, addImage }: TypedFilesOptions,
): Promise<TypedFiles> {
  const names = new Set<string>();
  for (const [, quoted, word = ""] of text.matchAll(NAME)) {
    const name = await finder.named(quoted ?? word);
    if (name !== undefined) names.add(name);
  }
  if (names.size === 0) return { kind: "none" };
  const blocks: string[] = [];
  const told: string[] = [];
  for (const name of names) {
    const read = await finder.read(name, most);
    if (read.kind === "refused") return read;
    blocks.push(blockOf(read, addImage));
    told.push(`${read.name} (${sizeOf(read)})`);
  }
  const message = withBlocks(text, blocks);
  return {
    kind: "ready",
    message,
    told: `With ${told.join(", ")}: ${counted(codePoints(message), "character")}`,
  };
}
