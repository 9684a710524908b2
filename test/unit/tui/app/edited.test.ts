import { describe, expect, it } from "vitest";
import { takeEdited } from "../../../../src/tui/app/edited.ts";
import { createView } from "../../../../src/tui/app/view-state.ts";
import { createEditor } from "../../../../src/tui/composer/editor-state.ts";
import { textAt, older } from "../../../../src/tui/composer/history.ts";
import type { Edited } from "../../../../src/tui/options.ts";

const typed = (text: string) => ({ ...createView([]), editor: createEditor(text) });

describe("an editor", () => {
  it("leaves its text in the composer, and what stood there is one Up away", () => {
    const view = takeEdited(typed("before"), { kind: "text", text: "after\n\n" });
    expect(view.editor.text).toBe("after");
    expect(view.hint).toBeUndefined();
    expect(textAt(older(view.walk, "after")!)).toBe("before");
  });

  it.each<[Edited, string]>([
    [{ kind: "unset" }, "No editor is set"],
    [{ kind: "missing", command: "nonesuch" }, '"nonesuch" can\'t be started'],
    [{ kind: "failed", end: "exit code 3" }, "failed (exit code 3)"],
    [{ kind: "unreachable" }, "folder for temporary files"],
    [{ kind: "text", text: " \n" }, "returned no text"],
  ])("that comes to %o says so and loses nothing", (edited, words) => {
    const view = takeEdited(typed("before"), edited);
    expect(view.editor.text).toBe("before");
    expect(view.hint).toContain(words);
  });
});
