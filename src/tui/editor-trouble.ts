import type { Edited } from "./options.ts";

/** What went wrong with an editor; undefined if it ended well. */
export function editorTrouble(edited: Edited): string | undefined {
  switch (edited.kind) {
    case "text":
      return undefined;
    case "unset":
      return "No editor is set. Set VISUAL or EDITOR before you start the session.";
    case "missing":
      return `The editor "${edited.command}" can't be started. Set VISUAL or EDITOR to another one.`;
    case "failed":
      return `The editor failed (${edited.end}).`;
    case "unreachable":
      return "No file for the editor could be written. Is the folder for temporary files full?";
  }
}
