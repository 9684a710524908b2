import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { Text } from "ink";
import { cleanup, render } from "ink-testing-library";
import type { ReactElement } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Boundary } from "../../../../src/tui/app/Boundary.tsx";
import { Composer } from "../../../../src/tui/app/Composer.tsx";
import { formPicture } from "../../../../src/tui/app/form-lines.ts";
import { Lines } from "../../../../src/tui/app/Lines.tsx";
import { LoginForm } from "../../../../src/tui/app/LoginForm.tsx";
import { Menu, menuHeight } from "../../../../src/tui/app/Menu.tsx";
import { StatusLine } from "../../../../src/tui/app/StatusLine.tsx";
import { createEditor } from "../../../../src/tui/composer/editor-state.ts";
import { edit } from "../../../../src/tui/composer/editor.ts";
import { layoutEditor } from "../../../../src/tui/composer/layout.ts";
import { width } from "../../../../src/tui/terminal/width.ts";
import { chooseForm, nextForm, passwordForm, type Form } from "../../../../src/session/form.ts";
import { firstState, type State } from "../../../../src/session/state.ts";

afterEach(cleanup);

/** ink-testing-library draws on 100 columns. */
const display = { columns: 100, color: false, ascii: false, links: false };
const narrow = fc.integer({ min: 20, max: 100 }).map((columns) => ({ ...display, columns }));

/** The rows of a component when it is first drawn. */
function rowsOf(tree: ReactElement): string[] {
  const { lastFrame, unmount } = render(tree);
  const frame = lastFrame() ?? "";
  unmount();
  return stripVTControlCharacters(frame).split("\n");
}

/** The layout of a typed text. */
function typed(text: string, rows = 10) {
  return layoutEditor(edit(createEditor(), { type: "insert", text }, 97), 97, rows);
}

describe("lines", () => {
  it("take one row each, also when empty, and are never as wide as the screen", () => {
    const texts = fc.array(fc.string({ unit: "grapheme-composite", maxLength: 150 }), { maxLength: 8 });
    fc.assert(
      fc.property(texts, narrow, (lines, display) => {
        // The last line is never empty: a frame does not distinguish no row from an empty one.
        const rows = rowsOf(<Lines lines={[...lines, "end"]} display={display} />);
        expect(rows).toHaveLength(lines.length + 1);
        for (const row of rows) expect(width(row)).toBeLessThan(display.columns);
      }),
      { numRuns: 40 },
    );
  });
});

describe("the menu of commands", () => {
  it("shows the chosen one, the only one that is marked, within its rows", () => {
    const menus = fc
      .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), fc.nat())
      .map(([length, rows, index]) => ({ length, rows, index: index % length }));
    fc.assert(
      fc.property(menus, narrow, ({ length, rows, index }, display) => {
        const items = Array.from({ length }, (_, i) => ({ label: `/command-${i}.`, help: `does ${i}` }));
        const shown = rowsOf(<Menu items={items} index={index} rows={rows} display={display} />);
        expect(shown).toHaveLength(Math.min(rows, menuHeight(length)));
        expect(shown.filter((row) => row.startsWith("> "))).toEqual([
          expect.stringContaining(`/command-${index}.`),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  it("shows 8 commands at most, and how many are above and below", () => {
    const items = Array.from({ length: 18 }, (_, i) => ({ label: `/c${i}`, help: "." }));
    const last = (index: number, rows = menuHeight(18), look = display) => {
      const shown = rowsOf(<Menu items={items} index={index} rows={rows} display={look} />);
      expect(shown.length).toBeLessThanOrEqual(rows);
      return shown.at(-1);
    };
    expect(last(0)).toBe("  ↓ 10 more");
    expect(last(9)).toBe("  ↑ 2 · ↓ 8 more");
    expect(last(17)).toBe("  ↑ 10 more");
    expect(last(9, 4)).toBe("  ↑ 7 · ↓ 8 more");
    expect(last(9, 1)).toBe("> /c9  .");
    expect(last(9, 9, { ...display, ascii: true })).toBe("  ^ 2 - v 8 more");
    expect(menuHeight(8)).toBe(8);
  });

  it("shows the chosen one inverse, as wide as the widest, where there is colour", () => {
    const items = [
      { label: "/a", help: "short" },
      { label: "/b", help: "a longer help" },
    ];
    const { lastFrame, unmount } = render(
      <Menu items={items} index={0} rows={2} display={{ ...display, color: true }} />,
    );
    expect(lastFrame()?.split("\n")[0]).toBe("\x1b[7m> /a  short         \x1b[27m");
    unmount();
  });

  it("shows the help beside a long label", () => {
    const [row] = rowsOf(
      <Menu
        items={[{ label: `/${"x".repeat(80)}`, help: "what it does" }]}
        index={0}
        rows={1}
        display={display}
      />,
    );
    expect(row).toContain("what it does");
  });
});

describe("the composer", () => {
  it("shows a placeholder only while it is empty", () => {
    const { lastFrame, rerender } = render(<Composer layout={typed("")} display={display} top={0} isEmpty />);
    expect(lastFrame()).toBe("> Ask, or type / for commands");
    rerender(<Composer layout={typed("W")} display={display} top={0} isEmpty={false} />);
    expect(lastFrame()).toBe("> W");
  });

  it("marks its first row, and whether rows above are hidden", () => {
    const poem = "one\ntwo\nthree";
    expect(rowsOf(<Composer layout={typed(poem)} display={display} top={0} isEmpty={false} />)).toEqual([
      "> one",
      "  two",
      "  three",
    ]);
    expect(rowsOf(<Composer layout={typed(poem, 2)} display={display} top={0} isEmpty={false} />)).toEqual([
      "^ two",
      "  three",
    ]);
  });
});

describe("the form", () => {
  const show = (form: Form) =>
    rowsOf(
      <LoginForm picture={formPicture(form, "chat.school.org", display)} display={display} top={0} />,
    ).join("\n");

  it("looks the same for every typed password", () => {
    const asked = passwordForm("jane", "Your login is no longer valid.");
    const before = show(asked);
    expect(before).toContain("Your login is no longer valid.");
    expect(before).toContain("Password of jane:");
    const passwords = fc.string({ unit: "grapheme", maxLength: 120 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(passwords, (text) => {
        expect(show(nextForm(asked, { type: "insert", text }).form)).toBe(before);
      }),
      { numRuns: 40 },
    );
  });

  it("asks to register or log in, marks the choice, and shows the typed name", () => {
    let { form } = nextForm(chooseForm(false), { type: "other" });
    expect(show(form)).toContain("Sign in to chat.school.org");
    expect(show(form)).toContain("> 2  I have an account: log in");
    for (const event of [{ type: "enter" }, { type: "insert", text: "jane" }] as const)
      ({ form } = nextForm(form, event));
    expect(show(form)).toContain("Username: jane");
  });

  it("shows the code of an invitation as it is typed, and an error above the choice", () => {
    const asked = { ...chooseForm(false), step: "invite", invite: "7k3m9" } as const;
    expect(show(asked)).toMatch(
      /Register at chat\.school\.org\nCode of your invitation: 7k3m9\ncase, spaces/,
    );
    const closed = { ...chooseForm(false), error: "No new accounts." };
    expect(show(closed)).toMatch(/Sign in to chat\.school\.org\nNo new accounts\.\n> 1 /);
  });

  it("shows an error above the field, and that it is busy", () => {
    const asked = passwordForm("jane", "Your login is no longer valid.");
    const refused = nextForm(asked, {
      type: "refused",
      error: "Wrong password.",
      step: "password",
      password: "",
    }).form;
    expect(show(refused)).toMatch(/Wrong password\.\nPassword of jane:/);
    const typedIn = nextForm(refused, { type: "insert", text: "correct horse" }).form;
    expect(show(nextForm(typedIn, { type: "enter" }).form)).toContain("one moment…");
  });
});

describe("the status line", () => {
  const state: State = {
    ...firstState({ username: "jane" }),
    tokens: 3900,
    price: 100,
    model: "gpt-4o-mini",
  };
  const show = (columns: number) =>
    rowsOf(<StatusLine state={state} server="chat.school.org" display={{ ...display, columns }} />);

  it("shows model, questions, user and server", () => {
    expect(show(100)).toEqual(["gpt-4o-mini · 39 questions left · jane@chat.school.org"]);
  });

  it("is one row at any width and always contains what is left", () => {
    for (let columns = 20; columns <= 100; columns += 1) {
      const rows = show(columns);
      expect(rows, `${columns} columns`).toHaveLength(1);
      expect(width(rows[0]!), `${columns} columns`).toBeLessThan(columns);
      expect(rows[0], `${columns} columns`).toContain("39 questions");
    }
  });
});

describe("the boundary", () => {
  it("draws nothing after an error while drawing, and reports it once", () => {
    const onCrash = vi.fn<(error: unknown) => void>();
    const silent = vi.spyOn(console, "error").mockReturnValue();
    const fault = new TypeError("a fault");
    function Part({ broken }: { broken: boolean }) {
      if (broken) throw fault;
      return <Text>whole</Text>;
    }
    const tree = (broken: boolean) => (
      <Boundary onCrash={onCrash}>
        <Part broken={broken} />
      </Boundary>
    );
    const { lastFrame, rerender } = render(tree(false));
    expect(lastFrame()).toBe("whole");
    rerender(tree(true));
    rerender(tree(true));
    expect(lastFrame()?.trim()).toBe("");
    expect(onCrash.mock.calls).toEqual([[fault]]);
    silent.mockRestore();
  });
});
