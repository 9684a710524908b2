import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { press } from "../../../../src/tui/app/press.ts";
import { createView } from "../../../../src/tui/app/view-state.ts";
import { keyLabel } from "../../../../src/tui/composer/key-name.ts";
import { commandInList, commandOf, keyActions, keyHelp } from "../../../../src/tui/composer/keymap.ts";
import { actionNames, keymapOf } from "../../../../src/tui/composer/own-keys.ts";
import { readKey } from "../../../../src/tui/composer/read-key.ts";
import { characterKey, namedKey } from "../../../../src/tui/terminal/key.ts";

const ctrl = (letter: string) => characterKey(letter, { ctrl: true });
const enter = namedKey("enter");
const meaning = (command: ReturnType<typeof commandOf>) =>
  command?.kind === "edit" ? command.action.type : command?.command;

describe("the name of a key", () => {
  it("is read as people write it", () => {
    const rows: [typed: string, key: string][] = [
      ["Ctrl-R", "ctrl+r"],
      ["ctrl+r", "ctrl+r"],
      ["Control-Alt-J", "ctrl+alt+j"],
      ["Alt-Shift-B", "alt+shift+b"],
      ["Shift-Enter", "shift+enter"],
      ["Return", "enter"],
      ["Esc", "escape"],
      ["F12", "f12"],
      ["Page-Up", "pageup"],
      ["PgDn", "pagedown"],
      ["Ctrl-Space", "ctrl+space"],
      ["Ctrl-\\", "ctrl+\\"],
      ["Alt--", "alt+-"],
      ["Ctrl-_", "ctrl+_"],
    ];
    for (const [typed, key] of rows) expect(readKey(typed), typed).toEqual({ key });
  });

  it("is refused if a terminal cannot tell the key from another one", () => {
    const rows: [typed: string, why: string][] = [
      ["Ctrl-I", "is Tab to a terminal: name that"],
      ["Ctrl-M", "is Enter to a terminal: name that"],
      ["Ctrl-H", "is Backspace to a terminal: name that"],
      ["Ctrl-[", "is Esc to a terminal: name that"],
      ["Ctrl-/", "is Ctrl-_ to a terminal: name that"],
      ["Ctrl--", "is Ctrl-_ to a terminal: name that"],
      ["Ctrl-Shift-R", "is Ctrl-R to most terminals"],
      ["Ctrl-3", "is another key, or none, to most terminals"],
      ["Alt-[", "begins other keys of a terminal"],
      ["a", "types a character"],
      ["Space", "types a character"],
      ["Ctrl", "is no key"],
      ["Hyper-X", "is no key"],
      ["", "is no key"],
      ["F99", "is no key"],
    ];
    for (const [typed, why] of rows) expect(readKey(typed), typed).toEqual({ why });
  });

  it("of each key in the table is read as the help writes it", () => {
    for (const key of keyActions.flatMap(({ keys }) => keys))
      expect(readKey(keyLabel(key)), key).toEqual({ key });
  });
});

describe("a user's keys", () => {
  it("do what the file says, and the others stay", () => {
    const { keymap, faults } = keymapOf({ "Ctrl-O": "open-editor", "ctrl+g": null, "Ctrl-T": "undo" });
    expect(faults).toEqual([]);
    const of = (letter: string) => meaning(commandOf(ctrl(letter), keymap));
    expect([of("o"), of("g"), of("t"), of("_"), of("r")]).toEqual([
      "openEditor",
      undefined,
      "undo",
      "undo",
      "searchHistory",
    ]);
  });

  it("are what the help shows", () => {
    const { keymap } = keymapOf({
      Enter: "newline",
      "Ctrl-S": "send",
      "Ctrl-G": null,
      "Ctrl-T": "search-history",
    });
    expect(keyHelp(keymap)).toEqual([
      "Ctrl-S sends; Enter, Alt-Enter or \\ and Ctrl-S begin a new line.",
      "Esc stops the answer; Ctrl-C stops, then clears the line, then leaves; Ctrl-D leaves.",
      "Up and Down walk through what was typed before, Ctrl-T searches it;",
      "Esc Esc edits the last question; Ctrl-V pastes an image; Ctrl-L redraws; Ctrl-Z suspends.",
      "@ and a name add a file to the question; Tab completes it.",
    ]);
  });

  it("are told where they are wrong, and the rest holds", () => {
    const { keymap, faults } = keymapOf({
      "Ctrl-I": "undo",
      "Ctrl-T": "serch-history",
      "Ctrl-O": "constructor",
      "Ctrl-Q": 7,
      "Ctrl-X": "undo",
      "ctrl+x": "redraw",
      "\u001b[2J": "undo",
      F5: "redraw",
    });
    expect(faults).toEqual([
      '"Ctrl-I" is Tab to a terminal: name that.',
      '"Ctrl-T" has the action "serch-history", which does not exist: search-history?',
      '"Ctrl-O" has the action "constructor", which does not exist.',
      '"Ctrl-Q" has neither an action in quotes nor null.',
      "Ctrl-X is there twice: the last one counts.",
      '"\\u001b[2J" is no key.',
    ]);
    expect(meaning(commandOf(namedKey("f5"), keymap))).toBe("redraw");
    expect(meaning(commandOf(ctrl("x"), keymap))).toBe("redraw");
    expect(meaning(commandOf(namedKey("tab"), keymap))).toBe("complete");
  });

  it("cannot take away all that sends, stops or leaves", () => {
    const rows: [content: Record<string, string | null>, kept: string[]][] = [
      [{ Enter: null, Esc: null, "Ctrl-C": null }, ["send", "cancel", "interrupt"]],
      // Only a terminal with the kitty protocol can send these.
      [{ Enter: "newline", "Ctrl-Enter": "send", "Shift-Enter": "send" }, ["send"]],
      [{ Esc: "send", Enter: null }, ["cancel", "send"]],
      [{ Enter: "newline", "Alt-Enter": "send" }, []],
      [{ "Ctrl-C": null, "Ctrl-Q": "interrupt" }, []],
    ];
    for (const [content, kept] of rows) {
      const { keymap, faults } = keymapOf(content);
      expect(faults.map((fault) => fault.split(" ")[0])).toEqual(kept);
      for (const name of ["enter", "escape", "interrupt"] as const)
        expect(keymap.labelOf(name), JSON.stringify(content)).not.toBe("");
    }
    expect(keymapOf({ Enter: null }).faults).toEqual([
      "send needs a key that every terminal can send: Enter does that, as by default.",
    ]);
  });

  it("leave Enter, Esc and Ctrl-C to lists", () => {
    const { keymap } = keymapOf({
      Enter: "newline",
      "Alt-Enter": "send",
      Esc: "undo",
      "Ctrl-O": "cancel",
      "Ctrl-N": "up",
    });
    expect(meaning(commandOf(enter, keymap))).toBe("newline");
    expect(meaning(commandInList(enter, keymap))).toBe("enter");
    expect(meaning(commandInList(namedKey("escape"), keymap))).toBe("escape");
    expect(meaning(commandInList(ctrl("n"), keymap))).toBe("up");
  });

  it("send and leave in the composer, whose hint names them", () => {
    const { keymap } = keymapOf({
      Enter: "newline",
      "Ctrl-S": "send",
      "Ctrl-C": null,
      "Ctrl-Q": "interrupt",
    });
    const around = { columns: 40, busy: false, keys: keymap };
    const typed = press(createView([]), characterKey("a"), around).view;
    expect(press(typed, enter, around).effect.kind).toBe("none");
    expect(press(typed, ctrl("s"), around).effect).toEqual({ kind: "send", text: "a", literal: false });
    const armed = press(createView([]), ctrl("q"), around);
    expect(armed.view.hint).toBe("Press Ctrl-Q again to leave.");
    expect(press(armed.view, ctrl("q"), around).effect.kind).toBe("leave");
  });

  it("can name every action, and the documentation does", async () => {
    const page = await readFile("docs/session.md", "utf8");
    const table = page.slice(page.indexOf("### Keys of your own"), page.indexOf("### Pasted text"));
    for (const name of actionNames.keys()) expect(table).toContain(`\`${name}\``);
    for (const key of keyActions.flatMap(({ keys }) => keys)) expect(table).toContain(keyLabel(key));
    expect([...actionNames.values()]).toEqual(keyActions.map(({ name }) => name));
    for (const name of actionNames.keys()) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});
