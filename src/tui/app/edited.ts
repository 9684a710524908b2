import { createEditor, fullText } from "../composer/editor-state.ts";
import { remember } from "../composer/history.ts";
import type { Edited } from "../options.ts";
import type { ViewState } from "./view-state.ts";

/** Puts what an editor left into the composer. Where it left nothing or failed, the composer stays, and a hint says why. */
export function takeEdited(view: ViewState, edited: Edited): ViewState {
  if (edited.kind !== "text") return { ...view, hint: words(edited) };
  const text = edited.text.replace(/\n+$/, "");
  const before = fullText(view.editor);
  if (text.trim() === "" && before !== "")
    return {
      ...view,
      hint: "The editor left nothing, so what you had typed is still here; Ctrl-C clears it.",
    };
  const walk = before === "" || before === text ? view.walk : remember(view.walk, before);
  return { ...view, walk, editor: { ...createEditor(text), literal: view.editor.literal } };
}

function words(edited: Exclude<Edited, { kind: "text" }>): string {
  switch (edited.kind) {
    case "unset":
      return "No editor is set: VISUAL or EDITOR names one, before the session starts.";
    case "missing":
      return `The editor "${edited.command}" can't be started: VISUAL or EDITOR names another.`;
    case "failed":
      return `The editor failed (${edited.end}): what you had typed is still here.`;
    case "unreachable":
      return "The editor couldn't be given a file to write in: is the folder for temporary files full?";
  }
}
