import { describe, expect, it } from "vitest";
import { edit, type EditorAction } from "../../../../src/tui/composer/editor.ts";
import {
  createEditor,
  filesIn,
  fullText,
  type EditorState,
} from "../../../../src/tui/composer/editor-state.ts";
import { attach, joinRanges } from "../../../../src/tui/composer/files.ts";
import { keptAgain, keptText } from "../../../../src/tui/composer/kept-text.ts";
import { mentionAtCursor, mentionHere } from "../../../../src/tui/composer/mentions.ts";

const paste = (text: string): EditorAction => ({ type: "paste", text });
const type = (text: string): EditorAction[] =>
  Array.from(text, (character) => ({ type: "insert", text: character, isTyped: true }));
const after = (...actions: (EditorAction | EditorAction[])[]): EditorState =>
  actions.flat().reduce((state, action) => edit(state, action, 80), createEditor());
const mention = (...actions: (EditorAction | EditorAction[])[]) => mentionAtCursor(after(...actions))?.typed;

describe("a mention", () => {
  it("is an @ with what is typed behind it", () => {
    expect(mention(type("@"))).toBe("");
    expect(mention(type("see @src/ä.ts#2-3"))).toBe("src/ä.ts#2-3");
    expect(mention(type("(@a"))).toBe("a");
    expect(mention(type('@"my notes'))).toBe("my notes");
    expect(mention(type("@ab"), { type: "left" }, { type: "backspace" })).toBe("b");
    expect(mention(type("@a @b"))).toBe("b");
  });

  it("is none within a word, behind its end, or once its @ is gone", () => {
    expect(mention(type("jane@example.org"))).toBeUndefined();
    expect(mention(type("@a b"))).toBeUndefined();
    expect(mention(type("@a"), { type: "home" })).toBeUndefined();
    expect(mention(type("@a"), { type: "killLineStart" }, type("a"))).toBeUndefined();
  });

  it("is never anything pasted, in whole or in part, wherever that comes from", () => {
    const pastes: EditorState[] = [
      after(paste("@/etc/passwd")),
      after(paste("@"), type("a")),
      after(paste("@/etc/passwd"), type("x")),
      after(type("@"), paste("/etc/passwd")),
      after(type("@etc"), paste("/passwd")),
      after(type("@a"), { type: "left" }, paste("/etc/")),
      after(paste("/etc/passwd"), { type: "home" }, type("@")),
      after(type("@ "), paste("/etc/passwd"), { type: "home" }, { type: "right" }, { type: "delete" }),
      after({ type: "insert", text: "@/etc/passwd" }),
      after({ type: "set", text: "@/etc/passwd" }),
      after({ type: "recall", text: "@/etc/passwd" }),
      after(paste("@/etc/passwd"), { type: "killLineStart" }, { type: "yank" }),
      after(paste("@/etc/passwd"), { type: "killLineStart" }, { type: "undo" }),
    ];
    expect(pastes.map(({ mentions }) => mentions)).toEqual(pastes.map(() => []));
  });

  it("moves with the text before it", () => {
    const state = after(type("@ab"), { type: "home" }, paste("well, "), { type: "end" });
    expect(mentionAtCursor(state)).toEqual({ at: 6, end: 9, typed: "ab" });
  });

  it("begins where the key that completes is pressed on a word", () => {
    expect(mentionAtCursor(mentionHere(after(paste("see @ab"))))?.typed).toBe("ab");
    expect(mentionHere(after(paste("jane@ab"))).mentions).toEqual([]);
  });
});

const withFile = (name: string, ...behind: EditorAction[][]) => {
  const typed = after(type("see @a"));
  return behind
    .flat()
    .reduce((state, action) => edit(state, action, 80), attach(typed, mentionAtCursor(typed)!, name));
};

describe("a file", () => {
  it("is one character, and its name in the text that is sent", () => {
    const state = withFile("src/a b.ts", type(" now"));
    expect(state.text).toHaveLength("see x now".length);
    expect(fullText(state)).toBe("see @src/a b.ts now");
    expect(filesIn(state)).toEqual([{ name: "src/a b.ts" }]);
    expect(filesIn(edit(withFile("a"), { type: "backspace" }, 80))).toEqual([]);
  });

  it("becomes lines of it by what is typed behind it", () => {
    for (const range of ["#20-45", "#L7"]) {
      const state = joinRanges(withFile("a.ts", type(`${range} x`)));
      expect(filesIn(state)).toEqual([{ name: `a.ts${range}` }]);
      expect(fullText(state)).toBe(`see @a.ts${range} x`);
      expect(state.cursor).toBe(state.text.length);
    }
    for (const behind of [",", ").", "?"]) {
      const state = joinRanges(withFile("a.ts", type(`#2-3${behind} x`)));
      expect(filesIn(state)).toEqual([{ name: "a.ts#2-3" }]);
      expect(fullText(state)).toBe(`see @a.ts#2-3${behind} x`);
    }
    expect(filesIn(joinRanges(withFile("a.ts", type("#top"))))).toEqual([{ name: "a.ts" }]);
    expect(filesIn(joinRanges(withFile("a.ts#1", type("#2"))))).toEqual([{ name: "a.ts#1" }]);
  });

  it("is one again in a text that comes back from the history or a draft", () => {
    const kept = keptText(withFile("a.ts", type(" @b.ts")));
    const back = after({ type: "recall", text: kept });
    expect(fullText(back)).toBe("see @a.ts @b.ts");
    expect(filesIn(back)).toEqual([{ name: "a.ts" }]);
    // However often it is walked past.
    const often = Array.from({ length: 100 }).reduce<EditorState>(
      (state) => edit(edit(state, { type: "recall", text: "x" }, 1), { type: "recall", text: kept }, 1),
      back,
    );
    expect(filesIn(often)).toEqual([{ name: "a.ts" }]);
  });

  it("can't be made by text that holds what marks it there", () => {
    const kept = keptText(withFile("a.ts"));
    for (const type of ["paste", "set", "insert"] as const)
      expect(filesIn(after({ type, text: kept }))).toEqual([]);
  });

  it("stays one through an editor, which makes no other", () => {
    const kept = keptAgain("@a.ts @a.tsx @b.ts \ufdd0@c.ts\ufdd0", ["a.ts", "a.tsx"]);
    expect(filesIn(after({ type: "recall", text: kept })).map(({ name }) => name)).toEqual(["a.ts", "a.tsx"]);
  });
});
