import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { choiceLines } from "../../../../src/tui/app/choice-lines.ts";
import { createPicker, picked, pressInPicker, type Picker } from "../../../../src/tui/app/picker.ts";
import { choicesAtOnce, pickerHint } from "../../../../src/tui/app/picker-hint.ts";
import { createPickerSearch } from "../../../../src/tui/app/picker-search.ts";
import { characterKey, namedKey, type KeyName } from "../../../../src/tui/terminal/key.ts";

const display = { columns: 80, color: false, ascii: false, links: false };
const PAGE = 12;
const choices = Array.from({ length: 302 }, (_, at) => ({
  id: `c${String(at).padStart(7, "0")}`,
  title: at === 40 ? "Ein Café" : `title ${at}.`,
  detail: ["3 days ago", "2 turns"],
  words: "",
}));

function press(picker: Picker, ...keys: (KeyName | { text: string })[]): Picker {
  const all = keys.flatMap((key) =>
    typeof key === "string" ? [namedKey(key)] : Array.from(key.text, (one) => characterKey(one)),
  );
  let now = picker;
  for (const key of all) {
    const outcome = pressInPicker(now, key, PAGE);
    if (outcome.kind === "open") now = outcome.picker;
  }
  return now;
}

describe("a long list", () => {
  it.each<[KeyName[], number]>([
    [["pagedown"], 12],
    [["pagedown", "pagedown", "pageup"], 12],
    [["pageup"], 0],
    [["end"], 301],
    [["end", "pagedown"], 301],
    [["end", "pageup"], 289],
    [["end", "home", "down"], 1],
  ])("is walked with %j", (keys, index) => {
    expect(press(createPicker(choices), ...keys).index).toBe(index);
  });

  it.each([
    [80, 24, "1–12 of 302 · Type to filter; Up and Down choose, Enter opens, Esc closes."],
    [40, 24, "1–6 of 302 · Type to filter; Enter opens, Esc closes."],
    [80, 10, "1–5 of 302 · Type to filter; Up and Down choose, Enter opens, Esc closes."],
  ])("tells on a screen of %i by %i which part of it is shown", (columns, rows, words) => {
    expect(pickerHint(createPicker(choices), rows, { ...display, columns })).toBe(words);
  });

  it("tells the part that the rows show, wherever it is", () => {
    for (const keys of [[], ["pagedown", "down"], ["end"], ["end", "pageup", "up"]] as KeyName[][]) {
      const picker = press(createPicker(choices), ...keys);
      const rows = choiceLines(choices, picker.index, choicesAtOnce(24, display), display, picker.top);
      const [, from, to] = /^(\d+)–(\d+) of 302/.exec(pickerHint(picker, 24, display)) ?? [];
      expect(rows[0]).toContain(`title ${Number(from) - 1}.`);
      expect(rows.at(-1)).toContain(`title ${Number(to) - 1}.`);
    }
  });

  it("moves the part that is shown with a page, and with a line only at its edges", () => {
    const partAfter = (...keys: KeyName[]) =>
      /^\S+/.exec(pickerHint(press(createPicker(choices), ...keys), 24, display))?.[0];
    expect(partAfter("pagedown")).toBe("13–24");
    expect(partAfter("pagedown", "down", "up")).toBe("13–24");
    expect(partAfter("pagedown", "up")).toBe("12–23");
    expect(partAfter("pagedown", "pageup")).toBe("1–12");
    expect(partAfter("end")).toBe("291–302");
    expect(partAfter("end", "up")).toBe("291–302");
    expect(partAfter("end", "pageup")).toBe("279–290");
  });

  it("has words for what it does not hold, and ASCII where nothing else can be drawn", () => {
    const nothing = press(createPicker(choices), { text: "zzz" });
    expect(pickerHint(nothing, 24, display)).toBe("No conversation holds these words. Esc closes.");
    expect(pickerHint({ ...nothing, of: "models" }, 24, display)).toBe("No model has this name. Esc closes.");
    expect(pickerHint({ ...nothing, isSearching: true }, 24, display)).toBe("searching…");
    expect(pickerHint(createPicker(choices), 24, { ...display, ascii: true })).toContain(
      "1-12 of 302 - Type",
    );
  });

  it("is filtered by words in any order, whatever their case and accents", () => {
    expect(picked(press(createPicker(choices), { text: "CAFE ein" }))).toMatchObject([{ title: "Ein Café" }]);
    for (const text of ["  ", "\u0301\u0301"])
      expect(picked(press(createPicker(choices), { text }))).toHaveLength(302);
  });

  it("has those that were found in turns behind the others, once, with the words around", () => {
    const found = [
      { id: "c0000040", words: "a café", focus: 2 },
      { id: "c0000009", words: "the café", focus: 4 },
    ];
    const picker = { ...press(createPicker(choices), { text: "cafe" }), found };
    expect(picked(picker)).toMatchObject([
      { title: "Ein Café", words: "" },
      { title: "title 9.", words: "the café", focus: 4 },
    ]);
    expect(press(picker, { text: "s" }).found).toEqual([]);
    expect(press(picker, "down").found).toBe(found);
  });
});

describe("the search through turns", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function open() {
    let picker: Picker | undefined = createPicker(choices.slice(0, 3));
    const searches: { text: string; ids: string[]; signal: AbortSignal }[] = [];
    /** IDs of the conversations that hold a text, by that text. */
    const holders: Record<string, string[]> = { ca: ["c0000002"], caf: ["c0000002"], "caf x": [] };
    const search = createPickerSearch({
      async *search(text, ids, signal) {
        searches.push({ text, ids: [...ids], signal });
        for (const id of holders[text] ?? []) yield { id, words: `… ${text} …`, focus: 2 };
      },
      change: (edit) => void (picker &&= edit(picker)),
      crash: (error) => {
        throw error;
      },
    });
    const type = (text: string) => {
      picker = picker && press(picker, { text });
      search.follow(picker);
    };
    const close = () => search.follow((picker = undefined));
    return { type, close, searches, shown: () => picker };
  }

  it("begins after a pause, adds what it finds, and looks for longer words in those alone", async () => {
    const { type, searches, shown } = open();
    type("c");
    await vi.runAllTimersAsync();
    expect(searches).toEqual([]);
    type("a");
    expect(shown()?.isSearching).toBe(true);
    await vi.runAllTimersAsync();
    expect(searches).toMatchObject([{ text: "ca", ids: ["c0000000", "c0000001", "c0000002"] }]);
    expect(shown()).toMatchObject({ isSearching: false, found: [{ id: "c0000002" }] });
    type("f");
    expect(shown()?.found).toEqual([]);
    await vi.runAllTimersAsync();
    expect(searches[1]).toMatchObject({ text: "caf", ids: ["c0000002"] });
    expect(picked(shown()!)).toMatchObject([{ id: "c0000002", words: "… caf …" }]);
  });

  it("is stopped by the next key and by the end of the list", async () => {
    const { type, close, searches, shown } = open();
    type("ca");
    type("f");
    await vi.advanceTimersByTimeAsync(119);
    expect(searches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    type(" x");
    await vi.runAllTimersAsync();
    expect(searches.map(({ text, signal }) => [text, signal.aborted])).toEqual([
      ["caf", true],
      ["caf x", false],
    ]);
    close();
    expect(searches[1]?.signal.aborted).toBe(true);
    expect(shown()).toBeUndefined();
  });
});
