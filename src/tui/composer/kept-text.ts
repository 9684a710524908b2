import { replace, set } from "./changes.ts";
import type { EditorState } from "./editor-state.ts";
import { fileMark } from "./files.ts";
import { cleanText, expandMarks, type Pasted } from "./pasted.ts";

/** Stands before and behind a file in a kept text. No text that was typed or pasted has it. */
const EDGE = "\ufdd0";
const FILE = /\ufdd0@([^\ufdd0]*)\ufdd0/;

/** The text for the history and for a draft, which tells a file from an `@` that names none. */
export function keptText({ text, pastes }: Pick<EditorState, "text" | "pastes">): string {
  const kept = pastes.map((paste): Pasted =>
    paste.file === undefined ? paste : { ...paste, text: keptFile(paste.file.name) },
  );
  return expandMarks(text, kept);
}

const keptFile = (name: string) => `${EDGE}@${name}${EDGE}`;

/** The same for a text that comes back from an editor: the files that were in it before are still files. */
export function keptAgain(text: string, names: readonly string[]): string {
  const longestFirst = names.toSorted((one, other) => other.length - one.length);
  const parts = longestFirst.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  if (parts.length === 0) return cleanText(text);
  return cleanText(text).replaceAll(new RegExp(`@(${parts.join("|")})`, "g"), (_, name: string) =>
    keptFile(name),
  );
}

/** Replaces the whole text by a kept one; a file in it is one again. */
export function recall(state: EditorState, kept: string): EditorState {
  const parts = kept.split(FILE);
  if (parts.length === 1) return set(state, cleanText(kept));
  let { pastes } = state;
  const text = parts.map((part, at) => {
    if (at % 2 === 0) return cleanText(part);
    const made = fileMark(pastes, cleanText(part));
    if (made === undefined) return `@${cleanText(part)}`;
    ({ pastes } = made);
    return made.mark;
  });
  const next = replace({ ...state, pastes }, 0, state.text.length, text.join(""), "other");
  return { ...next, literal: false, mentions: [] };
}
