import type { EditorState } from "./editor-state.ts";
import { isMark } from "./pasted.ts";

/** An `@` with the name behind it, which is being typed. */
export interface Mention {
  at: number;
  end: number;
  /** Without the `@`, and without quotes. */
  typed: string;
}

/** Whether text that was typed at the cursor begins the name of a file: an `@` between blanks, at an end or in brackets. */
export function beginsMention(
  { text, cursor }: Pick<EditorState, "text" | "cursor">,
  typed: string,
): boolean {
  if (typed !== "@") return false;
  return (
    /^$|[\s([{<"'\ufdd0-\ufdef]/.test(text.slice(0, cursor).slice(-1)) &&
    /^(?:$|[\s)\]}>"'])/.test(text.slice(cursor))
  );
}

/** Where the name ends that begins behind an `@`. In double quotes it may have blanks. */
function endOf(text: string, at: number): number {
  const isQuoted = text[at + 1] === '"';
  for (let end = at + (isQuoted ? 2 : 1); end < text.length; end += 1) {
    const character = text[end]!;
    if (isMark(character) || character === "\n") return end;
    if (isQuoted ? character === '"' : /\s/.test(character)) return isQuoted ? end + 1 : end;
  }
  return text.length;
}

export function mentionFrom({ text }: Pick<EditorState, "text">, at: number): Mention {
  const end = endOf(text, at);
  return { at, end, typed: text.slice(at + 1, end).replace(/^"|"$/g, "") };
}

/** The mention in which the cursor is. */
export function mentionAtCursor({ text, cursor, mentions }: EditorState): Mention | undefined {
  const at = mentions.findLast((at) => at < cursor);
  const mention = at === undefined ? undefined : mentionFrom({ text }, at);
  return mention !== undefined && cursor <= mention.end ? mention : undefined;
}

/** Makes the `@` of the word at the cursor a mention, as if it had been typed: the key that completes was pressed on it. */
export function mentionHere(state: EditorState): EditorState {
  const { text, cursor, mentions } = state;
  const at = /(?:^|[\s([{<"'\ufdd0-\ufdef])(@\S*)$/.exec(text.slice(0, cursor));
  if (at === null) return state;
  const from = cursor - at[1]!.length;
  return mentions.includes(from) ? state : { ...state, mentions: [...mentions, from].sort((a, b) => a - b) };
}

/** The mentions after a change of the text: they move with it, and end where something not typed becomes part of them. */
export function mentionsAfter(
  { text, mentions }: Pick<EditorState, "text" | "mentions">,
  change: { from: number; to: number; text: string; isTyped: boolean },
): readonly number[] {
  if (mentions.length === 0) return mentions;
  const { from, to } = change;
  const isHarmless = change.isTyped || change.text === "";
  return mentions.flatMap((at) => {
    if (to <= at) return [at + change.text.length - (to - from)];
    if (from <= at) return [];
    const end = endOf(text, at);
    if (from > end) return [at];
    return isHarmless && to <= end ? [at] : [];
  });
}
