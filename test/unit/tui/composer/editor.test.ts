import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edit, type EditorAction, pressEnter } from "../../../../src/tui/composer/editor.ts";
import { createEditor, type EditorState, fullText } from "../../../../src/tui/composer/editor-state.ts";
import { layoutEditor } from "../../../../src/tui/composer/layout.ts";

/** `one|two` is the text "onetwo" with the cursor at the bar. */
function editorAt(marked: string): EditorState {
  return { ...createEditor(marked.replace("|", "")), cursor: marked.indexOf("|") };
}

function show({ text, cursor }: EditorState): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function run(state: EditorState, ...actions: (EditorAction["type"] | EditorAction)[]): EditorState {
  let now = state;
  for (const action of actions)
    now = edit(now, typeof action === "string" ? ({ type: action } as EditorAction) : action, 20);
  return now;
}

const insert = (text: string): EditorAction => ({ type: "insert", text });
const paste = (text: string): EditorAction => ({ type: "paste", text });
const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join("\n");

describe("the editor", () => {
  it("moves, deletes and cuts by graphemes, words and lines", () => {
    const rows: [from: string, action: EditorAction["type"], to: string][] = [
      ["ab|c", "backspace", "a|c"],
      ["|abc", "backspace", "|abc"],
      ["ab|c", "delete", "ab|"],
      ["abc|", "delete", "abc|"],
      ["a👨‍👩‍👧|b", "backspace", "a|b"],
      ["a|👨‍👩‍👧b", "delete", "a|b"],
      ["e\u0301|", "backspace", "|"],
      ["각|", "backspace", "|"],
      ["ทำ|", "backspace", "ท|"],
      ["น้ำ|x", "backspace", "น้|x"],
      ["ນ້|", "backspace", "ນ|"],
      ["क्षि|", "backspace", "क्ष|"],
      ["|น้ำx", "delete", "|x"],
      ["น้ำ|x", "left", "|น้ำx"],
      ["한글|", "left", "한|글"],
      ["a\n|b", "backspace", "a|b"],
      ["a|\nb", "delete", "a|b"],
      ["a\n|b", "left", "a|\nb"],
      ["a|\nb", "right", "a\n|b"],
      ["one two|", "wordLeft", "one |two"],
      ["one, |two", "wordLeft", "|one, two"],
      ["|one, two", "wordRight", "one|, two"],
      ["one|, two three", "wordRight", "one, two| three"],
      ["größe 한글|", "wordLeft", "größe |한글"],
      ["one\ntw|o", "home", "one\n|two"],
      ["one\ntw|o\nx", "end", "one\ntwo|\nx"],
      ["one\ntw|o", "textStart", "|one\ntwo"],
      ["o|ne\ntwo", "textEnd", "one\ntwo|"],
      ["one\ntw|o", "killLineStart", "one\n|o"],
      ["one\n|two", "killLineStart", "one|two"],
      ["o|ne\ntwo", "killLineEnd", "o|\ntwo"],
      ["one|\ntwo", "killLineEnd", "one|two"],
      ["git push --force|", "killBlankWord", "git push |"],
      ["git push --force|", "killWordBefore", "git push --|"],
      ["git |push --force", "killWordAfter", "git | --force"],
      ["a|b", "newline", "a\n|b"],
    ];
    for (const [from, action, to] of rows)
      expect(show(run(editorAt(from), action)), `${action} in ${from}`).toBe(to);
  });

  it("returns the same object if nothing changes", () => {
    const empty = createEditor();
    for (const type of [
      "up",
      "down",
      "left",
      "right",
      "backspace",
      "delete",
      "killLineEnd",
      "yank",
      "undo",
    ] as const)
      expect(run(empty, type)).toBe(empty);
    const oneRow = editorAt("hel|lo");
    expect(run(oneRow, "up")).toBe(oneRow);
    expect(run(oneRow, "down")).toBe(oneRow);
  });

  it("keeps the column when it moves up and down through short and wrapped lines", () => {
    const state = editorAt("0123456789\nab\n0123456|789");
    expect(show(run(state, "up"))).toBe("0123456789\nab|\n0123456789");
    expect(show(run(state, "up", "up"))).toBe("0123456|789\nab\n0123456789");
    expect(show(run(state, "up", "up", "down", "down"))).toBe(show(state));
    const long = editorAt(`${"x".repeat(25)}|`);
    expect(run(long, "up").cursor).toBe(5);
    expect(run(long, "up", "down").cursor).toBe(25);
    const full = run(editorAt(`${"x".repeat(40)}\n${"y".repeat(20)}|`), "up", "up");
    expect(full.cursor).toBeLessThanOrEqual(40);
  });

  it("never stops inside a wide character when it moves up and down", () => {
    expect(show(run(editorAt("한글한글\nabc|"), "up"))).toBe("한|글한글\nabc");
  });

  it("inserts with Ctrl-Y what was cut; consecutive cuts are inserted together", () => {
    const killed = run(editorAt("one two three|"), "killBlankWord", "killBlankWord");
    expect(show(run(killed, "home", "yank"))).toBe("two three|one ");
    expect(show(run(editorAt("|one two"), "killWordAfter", "killWordAfter", "yank", "yank"))).toBe(
      "one twoone two|",
    );
    expect(show(run(editorAt("a b|"), "killBlankWord", "left", "killBlankWord", "yank"))).toBe("a| ");
  });

  it("undoes a typed word in one step, and deletions one by one", () => {
    const typed = run(createEditor(), ...Array.from("hi you", insert), "backspace", "killBlankWord");
    expect(typed.text).toBe("hi ");
    expect(run(typed, "undo").text).toBe("hi yo");
    expect(run(typed, "undo", "undo").text).toBe("hi you");
    expect(run(typed, "undo", "undo", "undo").text).toBe("hi");
    expect(run(typed, "undo", "undo", "undo", "undo").text).toBe("");
    expect(run(createEditor("draft"), { type: "set", text: "" }, "undo").text).toBe("draft");
  });

  it("treats a large paste as one character and sends it whole", () => {
    const text = lines(143);
    const state = run(editorAt("see |!"), paste(text));
    expect(state.text).toHaveLength("see !".length + 1);
    expect(fullText(state)).toBe(`see ${text}!`);
    expect(fullText(run(state, "backspace"))).toBe("see !");
    expect(fullText(run(state, "killLineStart", "end", "yank"))).toBe(`!see ${text}`);
    expect(fullText(run(state, "backspace", "undo"))).toBe(`see ${text}!`);
    expect(fullText(run(createEditor(), ...Array.from({ length: 40 }, () => paste(text))))).toBe(
      text.repeat(40),
    );
  });

  it("keeps a small paste as text, without control characters", () => {
    expect(run(createEditor(), paste("a\r\nb\u001b[31m\u0007\ufdd0\tc")).text).toBe("a\nb[31m\tc");
    expect(run(createEditor(), paste("x".repeat(2000))).text).toHaveLength(1);
  });

  it("marks a text that begins with pasted text as literal", () => {
    const pasted = run(createEditor(), paste("/quit"));
    expect(pasted.literal).toBe(true);
    expect(run(pasted, insert("x")).literal).toBe(true);
    expect(run(pasted, "home", insert("/")).literal).toBe(false);
    expect(run(pasted, { type: "set", text: "" }, insert("/quit")).literal).toBe(false);
    expect(run(createEditor("/edit "), paste("x")).literal).toBe(false);
    expect(run(pasted, "killLineStart", insert("/quit")).literal).toBe(false);
  });

  it("begins a new line on Enter after a backslash, else sends the text", () => {
    expect(pressEnter(createEditor("hello"))).toEqual({ kind: "send", text: "hello" });
    const outcome = pressEnter(editorAt("one\\|two"));
    expect(outcome.kind === "continue" && show(outcome.state)).toBe("one\n|two");
  });

  const actions = fc.oneof(
    fc.record({
      type: fc.constantFrom("insert", "paste", "set"),
      text: fc.string({ unit: "grapheme", maxLength: 8 }),
    }),
    fc.constant(paste(lines(9))),
    fc.record({
      type: fc.constantFrom(
        ...([
          "newline",
          "yank",
          "undo",
          "left",
          "right",
          "wordLeft",
          "wordRight",
          "home",
          "end",
          "up",
          "down",
        ] as const),
        ...([
          "backspace",
          "delete",
          "killLineStart",
          "killLineEnd",
          "killBlankWord",
          "killWordBefore",
        ] as const),
        ...(["killWordAfter", "textStart", "textEnd"] as const),
      ),
    }),
  ) as fc.Arbitrary<EditorAction>;

  it("keeps the cursor inside the text after any actions, and undo restores the first text", () => {
    fc.assert(
      fc.property(fc.array(actions, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (list, columns) => {
        let state = createEditor("start");
        for (const action of list) {
          state = edit(state, action, columns);
          expect(state.cursor).toBeGreaterThanOrEqual(0);
          expect(state.cursor).toBeLessThanOrEqual(state.text.length);
          // Never between the halves of a surrogate pair.
          expect(state.text.slice(0, state.cursor).isWellFormed()).toBe(true);
        }
        while (state.undo.length > 0) state = edit(state, { type: "undo" }, columns);
        expect(state.text).toBe("start");
      }),
    );
  });
});

it("shows a restored text of 180 KB as one line and sends it whole", () => {
  const text = "one line\n".repeat(20_000).trimEnd();
  const state = edit(createEditor(), { type: "set", text }, 80);
  expect(layoutEditor(state, 80, 10).rows.map((row) => row.text)).toEqual(["[Pasted 20,000 lines]"]);
  expect(fullText(state)).toBe(text);
  expect(fullText(edit(state, { type: "insert", text: "!" }, 80))).toBe(`${text}!`);
});
