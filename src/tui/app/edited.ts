import { edit } from "../composer/editor.ts";
import { createEditor, filesIn, fullText } from "../composer/editor-state.ts";
import { remember } from "../composer/history.ts";
import { keptAgain, keptText } from "../composer/kept-text.ts";
import { editorTrouble } from "../editor-trouble.ts";
import type { Edited } from "../options.ts";
import type { ViewState } from "./view-state.ts";

/** Puts the text of an editor into the composer. If it is empty or the editor failed, only sets a hint. */
export function takeEdited(view: ViewState, edited: Edited): ViewState {
  if (edited.kind !== "text")
    return {
      ...view,
      hint: `${editorTrouble(edited)}${edited.kind === "failed" ? " Your text is still here." : ""}`,
    };
  const text = edited.text.replace(/\n+$/, "");
  const before = fullText(view.editor);
  if (text.trim() === "" && before !== "")
    return {
      ...view,
      hint: "The editor returned no text, so your text is still here. Ctrl-C clears it.",
    };
  const walk = before === "" || before === text ? view.walk : remember(view.walk, keptText(view.editor));
  // What was written in the editor names no file, but what was a file before still is one.
  const kept = keptAgain(
    text,
    filesIn(view.editor).map(({ name }) => name),
  );
  const editor = edit(createEditor(), { type: "recall", text: kept }, 1);
  return { ...view, walk, editor: { ...editor, literal: view.editor.literal } };
}
