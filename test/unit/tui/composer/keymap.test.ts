import { describe, expect, it } from "vitest";
import { commandOf, keyActions, keyHelp } from "../../../../src/tui/composer/keymap.ts";
import { createKeyParser } from "../../../../src/tui/terminal/keys.ts";

/** The action of one key press, given as the bytes of a terminal. */
function meaning(bytes: string) {
  const commands: unknown[] = [];
  const parser = createKeyParser({
    onKey: (key) => {
      const command = commandOf(key);
      commands.push(
        command?.kind === "edit"
          ? command.action.type === "insert"
            ? command.action
            : command.action.type
          : command?.command,
      );
    },
    onPaste: () => {},
  });
  parser.feed(Buffer.from(bytes));
  parser.end();
  return commands.length === 1 ? commands[0] : commands;
}

const presses: [key: string, bytes: string, action: unknown][] = [
  ["Enter", "\r", "enter"],
  ["keypad Enter", "\u001bOM", "enter"],
  ["Alt-Enter", "\u001b\r", "newline"],
  ["Ctrl-J", "\n", "newline"],
  ["Ctrl-J (kitty)", "\u001b[106;5u", "newline"],
  ["Shift-Enter (kitty)", "\u001b[13;2u", "newline"],
  ["Shift-Enter (xterm)", "\u001b[27;2;13~", "newline"],
  ["Ctrl-A", "\u0001", "home"],
  ["Ctrl-E", "\u0005", "end"],
  ["Ctrl-B", "\u0002", "left"],
  ["Ctrl-F", "\u0006", "right"],
  ["Ctrl-U", "\u0015", "killLineStart"],
  ["Ctrl-K", "\u000b", "killLineEnd"],
  ["Ctrl-W", "\u0017", "killBlankWord"],
  ["Ctrl-Y", "\u0019", "yank"],
  ["Alt-B", "\u001bb", "wordLeft"],
  ["Alt-F", "\u001bf", "wordRight"],
  ["Alt-D", "\u001bd", "killWordAfter"],
  ["Ctrl-Left", "\u001b[1;5D", "wordLeft"],
  ["Ctrl-Right", "\u001b[1;5C", "wordRight"],
  ["Ctrl-_", "\u001f", "undo"],
  ["Ctrl-_ (kitty)", "\u001b[45;6u", "undo"],
  ["Alt-<", "\u001b<", "textStart"],
  ["Ctrl-Z", "\u001a", "suspend"],
  ["Ctrl-C", "\u0003", "interrupt"],
  ["Ctrl-C (kitty)", "\u001b[99;5u", "interrupt"],
  ["Ctrl-D", "\u0004", "deleteOrLeave"],
  ["Ctrl-R", "\u0012", "searchHistory"],
  ["Ctrl-G", "\u0007", "openEditor"],
  ["Ctrl-L", "\u000c", "redraw"],
  ["Ctrl-V", "\u0016", "pasteImage"],
  ["Alt-V", "\u001bv", "pasteImage"],
  ["Tab", "\t", "complete"],
  ["Escape", "\u001b", "escape"],
  ["Backspace", "\u007f", "backspace"],
  ["a space", " ", { type: "insert", text: " ", isTyped: true }],
  ["a letter", "ü", { type: "insert", text: "ü", isTyped: true }],
  ["an @", "@", { type: "insert", text: "@", isTyped: true }],
  ["F5", "\u001b[15~", undefined],
  ["Alt-Q", "\u001bq", undefined],
];

describe("the key bindings", () => {
  it("name the action of each key press, as terminals send it", () => {
    for (const [key, bytes, action] of presses) expect(meaning(bytes), key).toEqual(action);
  });

  it("give each key and each name to one action only", () => {
    const keys = keyActions.flatMap((action) => action.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(keyActions.map(({ name }) => name)).size).toBe(keyActions.length);
  });

  it("are described in the help by the keys of the table", () => {
    expect(keyHelp()).toEqual([
      "Enter sends; Alt-Enter, Ctrl-J or \\ and Enter begin a new line.",
      "Esc stops the answer; Ctrl-C stops, then clears the line, then leaves; Ctrl-D leaves.",
      "Up and Down walk through what was typed before, Ctrl-R searches it; Ctrl-G opens an editor.",
      "Esc Esc edits the last question; Ctrl-V pastes an image; Ctrl-L redraws; Ctrl-Z suspends.",
      "@ and a name add a file to the question; Tab completes it.",
    ]);
  });
});
