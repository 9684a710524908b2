import { splitRange } from "../../client/files/named-file.ts";
import { replace } from "./changes.ts";
import type { EditorState } from "./editor-state.ts";
import type { Mention } from "./mentions.ts";
import { fileAsMark, markAt, nextMark, type MarkedFile, type Pasted } from "./pasted.ts";

/** The mark of a file: one that is there already, or a new one. Undefined if there are no more marks. */
export function fileMark(
  pastes: readonly Pasted[],
  name: string,
): { mark: string; pastes: readonly Pasted[] } | undefined {
  const known = pastes.findIndex(({ file }) => file?.name === name && file.block === undefined);
  if (known !== -1) return { mark: markAt(known), pastes };
  const mark = nextMark(pastes);
  return mark === undefined ? undefined : { mark, pastes: [...pastes, fileAsMark({ name })] };
}

/** Replaces a part of the text by the mark of a file; the cursor stays where it is. The same object if there are no more marks. */
function putFile(state: EditorState, from: number, to: number, name: string): EditorState {
  const made = fileMark(state.pastes, name);
  if (made === undefined) return state;
  const { cursor } = state;
  const next = replace({ ...state, pastes: made.pastes }, from, to, made.mark, "other", true);
  if (cursor < from) return { ...next, cursor };
  return cursor > to ? { ...next, cursor: cursor - (to - from) + made.mark.length } : next;
}

/** Makes what was typed behind an `@` a file. */
export const attach = (state: EditorState, { at, end }: Mention, name: string): EditorState => {
  const next = putFile(state, at, end, name);
  return { ...next, mentions: next.mentions.filter((mention) => mention !== at) };
};

/** Makes `#20-45`, which was written right behind a file, lines of that file. */
export function joinRanges(state: EditorState): EditorState {
  for (const { index, 0: found, 1: range } of state.text.matchAll(
    /[\ufdd0-\ufdef](#[L\d-]+)(?=[.,;:!?)\]}>'"]*(?:\s|$))/g,
  )) {
    const file = state.pastes.find((_, at) => markAt(at) === found[0])?.file;
    if (file === undefined || file.block !== undefined || splitRange(file.name) !== undefined) continue;
    const name = `${file.name}${range}`;
    if (splitRange(name) === undefined) continue;
    const next = putFile(state, index, index + found.length, name);
    return next === state ? state : joinRanges(next);
  }
  return state;
}

/** What is known of a file now, by its name; `size`: of what is read of it, for people. */
export function describe(state: EditorState, file: MarkedFile, size?: string): EditorState {
  const pastes = state.pastes.map((paste) =>
    paste.file?.name === file.name && paste.file.block === undefined ? fileAsMark(file, size) : paste,
  );
  return { ...state, pastes };
}

/** The files are read again when this is sent. */
export function thawed(state: EditorState): EditorState {
  const pastes = state.pastes.map((paste) =>
    paste.file === undefined ? paste : { ...paste, file: { ...paste.file, block: undefined } },
  );
  return { ...state, pastes };
}
