import { mostCharacters } from "../../session/context.ts";
import type { State } from "../../session/state.ts";
import { codePoints } from "../../text/code-points.ts";
import { counted, grouped } from "../../text/numbers.ts";
import { filesIn, fullText, type EditorState } from "../composer/editor-state.ts";
import { marked } from "../composer/pasted.ts";
import { lineText } from "../line-text.ts";
import type { Display } from "../markdown/display.ts";

/** Of texts, which never change: each redraw asks. */
const counts = new WeakMap<EditorState, number>();

/** Characters of the question as it would be sent; undefined while a file of it is not measured. */
function sizeOf(editor: EditorState): number | undefined {
  const sizes = filesIn(editor).map(({ size }) => size);
  if (sizes.includes(undefined)) return undefined;
  const words = counts.get(editor) ?? codePoints(fullText(editor).trim());
  counts.set(editor, words);
  return sizes.reduce<number>((sum, size) => sum + "\n\n".length + (size ?? 0), words);
}

/**
 * What a question with files or large pastes would cost, and how long it is, before it is sent: `4,321 characters · 100 tokens`.
 * Undefined if all of it is on the screen.
 */
export function sizeLine(
  editor: EditorState,
  state: Pick<State, "price" | "extensions" | "limits">,
  display: Pick<Display, "ascii">,
): { text: string; isOver: boolean } | undefined {
  if (marked(editor.text, editor.pastes).length === 0) return undefined;
  const size = sizeOf(editor);
  if (size === undefined) return undefined;
  const most = mostCharacters(state);
  const isOver = most !== undefined && size > most;
  const price = state.price === null ? [] : [counted(state.price, "token")];
  const parts = [counted(size, "character"), ...(isOver ? [`at most ${grouped(most)}`] : price)];
  return { text: lineText(parts, display), isOver };
}
