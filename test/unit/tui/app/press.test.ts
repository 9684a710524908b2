import { describe, expect, it } from "vitest";
import { createPicker } from "../../../../src/tui/app/picker.ts";
import { paste, press, type Effect } from "../../../../src/tui/app/press.ts";
import { createView, giveBack, menuItems, type ViewState } from "../../../../src/tui/app/view-state.ts";
import { characterKey, namedKey, type Key, type KeyName } from "../../../../src/tui/terminal/key.ts";

const calm = { columns: 40, busy: false };
const busy = { columns: 40, busy: true };
const ctrl = (letter: string) => characterKey(letter, { ctrl: true });
const named = (name: KeyName) => namedKey(name);

function keys(
  view: ViewState,
  pressed: (Key | string)[],
  around: Parameters<typeof press>[2] = calm,
): { view: ViewState; effects: Effect[] } {
  const effects: Effect[] = [];
  let now = view;
  for (const key of pressed.flatMap((key) =>
    typeof key === "string" ? Array.from(key, (char) => characterKey(char)) : [key],
  )) {
    const outcome = press(now, key, around);
    now = outcome.view;
    if (outcome.effect.kind !== "none") effects.push(outcome.effect);
  }
  return { view: now, effects };
}

describe("a key in the composer", () => {
  it("sends the typed text with Enter and empties the composer", () => {
    const { view, effects } = keys(createView([]), ["hello", named("enter")]);
    expect(effects).toEqual([{ kind: "send", text: "hello", literal: false }]);
    expect(view.editor.text).toBe("");
  });

  it("does not send blank text", () => {
    expect(keys(createView([]), ["  ", named("enter")]).effects).toEqual([]);
  });

  it("keeps a command that would change the answer while one is coming", () => {
    for (const command of ["/retry", "/new", "/search Rome", "/server local"]) {
      const { view, effects } = keys(createView([]), [command, named("enter")], busy);
      expect(effects, command).toEqual([]);
      expect(view.editor.text.trim()).toBe(command);
    }
  });

  it("runs other commands while an answer is coming", () => {
    for (const command of ["/help", "/balance", "/usage", "/quit"]) {
      const { effects } = keys(createView([]), [command, named("enter")], busy);
      expect(effects, command).toEqual([{ kind: "send", text: command, literal: false }]);
    }
  });

  it("sends a question into the queue while an answer is coming", () => {
    const { view, effects } = keys(createView([]), ["next", named("enter")], busy);
    expect(effects).toEqual([{ kind: "send", text: "next", literal: false }]);
    expect(view.editor.text).toBe("");
  });

  it("takes the last question of the queue back with Up on an empty line, else walks through the history", () => {
    const queue = { questions: ["one", "two"], isStopped: false };
    const at = { ...busy, queue };
    expect(keys(createView(["old"]), [named("up")], at).effects).toEqual([{ kind: "takeBack" }]);
    expect(
      keys(createView(["old"]), [named("up")], { ...at, queue: { ...queue, questions: [] } }).effects,
    ).toEqual([]);
    const { view, effects } = keys(createView(["old"]), ["x", named("up")], at);
    expect(effects).toEqual([]);
    expect(view.editor.text).toBe("old");
  });

  it("sends a stopped queue with Enter on an empty line, and nothing else does", () => {
    const stopped = { ...calm, queue: { questions: ["one"], isStopped: true } };
    expect(keys(createView([]), [named("enter")], stopped).effects).toEqual([{ kind: "sendQueue" }]);
    expect(keys(createView([]), [" ", named("enter")], stopped).effects).toEqual([{ kind: "sendQueue" }]);
    expect(keys(createView([]), [named("enter")], busy).effects).toEqual([]);
    const running = { ...calm, queue: { questions: ["one"], isStopped: false } };
    expect(keys(createView([]), [named("enter"), named("escape")], running).effects).toEqual([
      { kind: "escape" },
    ]);
  });

  it("runs a command from the menu while an answer is coming", () => {
    expect(keys(createView([]), ["/balance", named("enter")], busy).effects).toEqual([
      { kind: "send", text: "/balance", literal: false },
    ]);
  });

  it("begins a new line with Ctrl-J, Alt-Enter, or a backslash and Enter", () => {
    const { view, effects } = keys(createView([]), [
      "a",
      ctrl("j"),
      "b",
      namedKey("enter", { alt: true }),
      "c\\",
      named("enter"),
      "d",
    ]);
    expect(view.editor.text).toBe("a\nb\nc\nd");
    expect(effects).toEqual([]);
  });

  it("stops an answer with Esc, if one is coming", () => {
    expect(keys(createView([]), [named("escape")], busy).effects).toEqual([{ kind: "stop" }]);
    expect(keys(createView([]), [named("escape")]).effects).toEqual([{ kind: "escape" }]);
  });

  it("edits the last question with Esc Esc on an empty line, without another key between", () => {
    const esc = named("escape");
    expect(keys(createView([]), [esc, esc]).effects.at(-1)).toEqual({ kind: "editLast" });
    const between = keys(createView([]), [esc, "x", named("backspace"), esc]);
    expect(between.effects).not.toContainEqual({ kind: "editLast" });
  });

  it("with Esc twice on a line that isn't empty edits nothing and keeps the text", () => {
    const esc = named("escape");
    const { view, effects } = keys(createView([]), ["text", esc, esc]);
    expect(effects).toEqual([{ kind: "escape" }, { kind: "escape" }]);
    expect(view.editor.text).toBe("text");
    // A failed question that comes back between the two.
    const back = giveBack(keys(createView([]), [esc]).view, "back");
    expect(keys(back, [esc]).effects).toEqual([{ kind: "escape" }]);
  });

  it("opens the editor with Ctrl-G, but not while an answer is coming", () => {
    expect(keys(createView([]), [ctrl("g")]).effects).toEqual([{ kind: "openEditor" }]);
    expect(keys(createView([]), [ctrl("g")], busy).effects).toEqual([]);
  });

  it("stops with Ctrl-C, else clears the line, else asks once and then leaves", () => {
    expect(keys(createView([]), ["x", ctrl("c")], busy).effects).toEqual([{ kind: "stop" }]);
    const cleared = keys(createView([]), ["draft", ctrl("c")]);
    expect(cleared.effects).toEqual([]);
    expect(cleared.view.editor.text).toBe("");
    expect(keys(cleared.view, [named("up")]).view.editor.text).toBe("draft");
    expect(keys(cleared.view, [ctrl("c"), ctrl("c")]).effects.map(({ kind }) => kind)).toEqual([
      "arm",
      "leave",
    ]);
    expect(
      keys(cleared.view, [ctrl("c"), "x", ctrl("c"), ctrl("c")]).effects.map(({ kind }) => kind),
    ).toEqual(["arm", "arm"]);
  });

  it("leaves with Ctrl-D on an empty line, else deletes", () => {
    expect(keys(createView([]), [ctrl("d")]).effects).toEqual([{ kind: "leave" }]);
    const { view, effects } = keys(createView([]), ["ab", named("home"), ctrl("d")]);
    expect(effects).toEqual([]);
    expect(view.editor.text).toBe("b");
  });

  it("moves up through the lines, then the history, and back to the draft", () => {
    const view = keys(createView(["first", "second"]), ["a", ctrl("j"), "b"]).view;
    const up = (times: number) =>
      keys(
        view,
        Array.from({ length: times }, () => named("up")),
      ).view;
    expect(up(1).editor.text).toBe("a\nb");
    expect(up(2).editor.text).toBe("second");
    expect(up(3).editor.text).toBe("first");
    expect(up(9).editor.text).toBe("first");
    expect(keys(up(2), [named("down")]).view.editor.text).toBe("a\nb");
  });

  it("redraws with Ctrl-L and suspends with Ctrl-Z", () => {
    expect(keys(createView([]), [ctrl("l"), ctrl("z")]).effects.map(({ kind }) => kind)).toEqual([
      "redraw",
      "suspend",
    ]);
  });
});

describe("the menu of commands", () => {
  it("is shown for a typed command; Up and Down choose, Enter runs the chosen one", () => {
    const { view } = keys(createView(["old"]), ["/lo"]);
    expect(menuItems(view).map(({ name }) => name)).toEqual(["login", "logout"]);
    expect(keys(view, [named("down"), named("enter")]).effects).toEqual([
      { kind: "send", text: "/logout", literal: false },
    ]);
    expect(keys(view, [named("up"), named("up"), named("enter")]).effects).toEqual([
      { kind: "send", text: "/login", literal: false },
    ]);
  });

  it("completes with Tab and closes with Esc", () => {
    const { view } = keys(createView([]), ["/co"]);
    expect(keys(view, [named("tab")]).view.editor.text).toBe("/copy ");
    const closed = keys(view, [named("escape")], busy);
    expect(menuItems(closed.view)).toEqual([]);
    expect(closed.effects).toEqual([]);
  });

  it("is not shown for an entry of the history, so that Up continues there", () => {
    const { view } = keys(createView(["old", "/balance"]), [named("up")]);
    expect(menuItems(view)).toEqual([]);
    expect(keys(view, [named("up")]).view.editor.text).toBe("old");
  });
});

describe("pasted text", () => {
  it("is never sent and never run as a command by itself", () => {
    const view = paste(createView([]), "/quit", calm);
    expect(menuItems(view)).toEqual([]);
    expect(keys(view, [named("enter")]).effects).toEqual([{ kind: "send", text: "/quit", literal: true }]);
  });
});

describe("a question that was not answered", () => {
  it("returns to an empty composer as a question, even if it begins with a slash", () => {
    const view = giveBack(createView([]), "/etc/passwd?");
    expect(view.editor.text).toBe("/etc/passwd?");
    expect(keys(view, [named("enter")]).effects).toEqual([
      { kind: "send", text: "/etc/passwd?", literal: true },
    ]);
  });

  it("returns as it was sent, with a large paste as a mark", () => {
    const log = "a line of some log\n".repeat(100);
    const typed = paste(keys(createView([]), ["why? "]).view, log, calm);
    const { view, effects } = keys(typed, [named("enter")]);
    const back = giveBack(view, `why? ${log}`.trim());
    expect(back.editor.text).toBe(typed.editor.text);
    expect(back.editor.text.length).toBeLessThan(10);
    expect(keys(back, [named("enter")]).effects).toEqual(effects);
    // Another text is not the one that was sent.
    expect(giveBack(view, log).editor.text).toBe(log);
  });

  it("does not replace a text that was typed meanwhile, and is in the history", () => {
    const sent = keys(createView([]), ["one", named("enter")]).view;
    const view = giveBack(keys(sent, ["two"]).view, "one");
    expect(view.editor.text).toBe("two");
    expect(keys(view, [named("up")]).view.editor.text).toBe("one");
    expect(keys(view, [named("up"), named("down")]).view.editor.text).toBe("two");
  });
});

describe("Ctrl-R", () => {
  const history = ["what is Rome", "how far is Rome", "a monad"];

  it("finds older entries; Enter takes one without sending it", () => {
    const found = keys(createView(history), [ctrl("r"), "rome"]);
    expect(found.view.editor.text).toBe("how far is Rome");
    const older = keys(found.view, [ctrl("r")]);
    expect(older.view.editor.text).toBe("what is Rome");
    const taken = keys(older.view, [named("enter")]);
    expect(taken.view.editor.text).toBe("what is Rome");
    expect(taken.view.searching).toBeUndefined();
    expect(taken.effects).toEqual([]);
  });

  it("restores text and cursor with Esc", () => {
    const before = keys(createView(history), ["draft", named("left")]).view;
    const after = keys(before, [ctrl("r"), "rome", named("escape")]).view;
    expect(after.editor).toBe(before.editor);
  });

  it("ends with any other key, which then has its usual effect", () => {
    const { view, effects } = keys(createView(history), [ctrl("r"), "monad", ctrl("a"), "not "]);
    expect(view.editor.text).toBe("not a monad");
    expect(effects).toEqual([]);
  });
});

describe("the list of conversations", () => {
  const choices = [
    { id: "aaaaaaa1", title: "trip to Rome", detail: "3 days ago", words: "" },
    { id: "aaaaaaa2", title: "monads", detail: "1 week ago", words: "What is a burrito?" },
    { id: "aaaaaaa3", title: "Rome's emperors", detail: "2 weeks ago", words: "" },
  ];
  const open = { ...createView([]), picker: createPicker(choices) };

  it("is filtered by typed text; Up and Down choose, Enter resumes the chosen one", () => {
    const { view, effects } = keys(open, ["rome", named("down"), named("down"), named("enter")]);
    expect(effects).toEqual([{ kind: "resume", id: "aaaaaaa3" }]);
    expect(view.picker).toBeUndefined();
  });

  it("is filtered by the first words too", () => {
    const { effects } = keys(open, ["burrito", named("enter")]);
    expect(effects).toEqual([{ kind: "resume", id: "aaaaaaa2" }]);
  });

  it("chooses nothing without a match, and Esc closes it and keeps the composer", () => {
    const { view, effects } = keys(open, ["zzz", named("enter"), named("escape")]);
    expect(effects).toEqual([]);
    expect(view.picker).toBeUndefined();
    expect(view.editor).toBe(open.editor);
  });
});
