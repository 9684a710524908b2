import { describe, expect, it } from "vitest";
import { takeEdited } from "../../../../src/tui/app/edited.ts";
import { createView } from "../../../../src/tui/app/view-state.ts";
import { createEditor } from "../../../../src/tui/composer/editor-state.ts";
import { textAt, older } from "../../../../src/tui/composer/history.ts";
import type { Edited } from "../../../../src/tui/options.ts";

const typed = (text: string) => ({ ...createView([]), editor: createEditor(text) });

describe("an editor", () => {
  it("puts its text into the composer and the old text into the history", () => {
    const view = takeEdited(typed("before"), { kind: "text", text: "after\n\n" });
    expect(view.editor.text).toBe("after");
    expect(view.hint).toBeUndefined();
    expect(textAt(older(view.walk, "after")!)).toBe("before");
  });

  it("that fails or returns nothing leaves the text and sets a hint", () => {
    const rows: [edited: Edited, words: string][] = [
      [{ kind: "unset" }, "No editor is set"],
      [{ kind: "missing", command: "nonesuch" }, '"nonesuch" can\'t be started'],
      [{ kind: "failed", end: "exit code 3" }, "failed (exit code 3)"],
      [{ kind: "unreachable" }, "folder for temporary files"],
      [{ kind: "text", text: " \n" }, "returned no text"],
    ];
    for (const [edited, words] of rows) {
      const view = takeEdited(typed("before"), edited);
      expect(view.editor.text, words).toBe("before");
      expect(view.hint).toContain(words);
    }
  });
});
