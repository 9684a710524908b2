import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareRows } from "../../../../src/tui/app/budget.ts";
import { formPicture } from "../../../../src/tui/app/form-lines.ts";
import { noteText, questionText } from "../../../../src/tui/app/words.ts";
import { workingLines } from "../../../../src/tui/app/working.ts";
import type { Phase } from "../../../../src/session/state.ts";
import { wrappedLines } from "../../../../src/tui/markdown/wrap.ts";
import { styles, type Display } from "../../../../src/tui/markdown/display.ts";
import { width } from "../../../../src/tui/terminal/width.ts";
import { passwordForm } from "../../../../src/session/form.ts";

const display = { columns: 60, color: false, ascii: false, links: false };
const rows = fc.integer({ min: 0, max: 60 });

describe("the live area", () => {
  it("is never as high as the screen, and always has a row for the composer", () => {
    const wanted = fc.record({
      composer: fc.integer({ min: 1, max: 60 }),
      menu: rows,
      hint: rows,
      working: rows,
      form: fc.constant(0),
    });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 80 }), wanted, (screen, want) => {
        const share = shareRows(screen, want);
        const sum = Object.values(share).reduce((a, b) => a + b, 0);
        expect(sum).toBeLessThan(screen);
        expect(share.composer).toBeGreaterThan(0);
      }),
    );
  });

  it("shows composer, status and menu on six rows", () => {
    const share = shareRows(6, { composer: 1, menu: 10, hint: 0, working: 0, form: 0 });
    expect(share).toMatchObject({ composer: 1, status: 1 });
    expect(share.menu).toBeGreaterThan(0);
  });

  it("has a blank row at its top, unless one is above it", () => {
    const needed = { composer: 1, menu: 0, hint: 0, working: 1, form: 0 };
    expect(shareRows(24, needed).gap).toBe(1);
    expect(shareRows(24, { ...needed, gap: 0 }).gap).toBe(0);
  });
});

describe("a screen of five rows", () => {
  it("shows the list rather than the hint about it", () => {
    const share = shareRows(5, { composer: 1, menu: 8, hint: 2, working: 0, form: 0 });
    expect(share).toMatchObject({ composer: 1, status: 1, menu: 2, hint: 0 });
  });

  it("shows two rows of a longer question", () => {
    expect(shareRows(5, { composer: 3, menu: 0, hint: 0, working: 0, form: 0 }).composer).toBe(2);
  });
});

describe("a hint", () => {
  it("is complete on any screen and never as wide", () => {
    const hint = "Kept: /retry sends it again, Up shows it; the editor waits until the answer is through.";
    for (let columns = 20; columns < 100; columns += 1) {
      const lines = wrappedLines(hint, styles.plain, { ...display, columns });
      expect(lines.join(" ")).toBe(hint);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    }
  });
});

describe("the progress line", () => {
  const linesOf = (phase: Phase, now: number, look: Partial<Display> = {}, thought = "") =>
    workingLines({ phase, reasoning: { text: thought }, lastData: 0, now }, { ...display, ...look });

  it("names the phase, its time and what Esc does", () => {
    const rows: [phase: Phase, now: number, lines: string[]][] = [
      [{ kind: "idle" }, 0, []],
      [{ kind: "asking", since: 0 }, 3_000, ["⠈ waiting · 3 s · Esc stops"]],
      [{ kind: "streaming", since: 0 }, 3_000, ["⣿ answering · 3 s · Esc stops"]],
      [{ kind: "streaming", since: 0 }, 25_000, ["⠿ no data for 25 seconds · Esc stops"]],
      [
        { kind: "asking", since: 0, wait: { until: 9_000, reason: "Too many." } },
        3_000,
        ["⠈ asks again in 6 s · Esc gives up · Too many"],
      ],
      [{ kind: "settling", since: 0 }, 3_000, ["⠈ stopped, asking what it cost"]],
    ];
    for (const [phase, now, lines] of rows) expect(linesOf(phase, now), JSON.stringify(phase)).toEqual(lines);
  });

  it("tells waiting, thinking and answering apart by colour and spinner", () => {
    const kinds = ["asking", "thinking", "streaming"] as const;
    const lines = kinds.map((kind) => linesOf({ kind, since: 0, from: 0 }, 1_000, { color: true })[0] ?? "");
    const looks = lines.map((line) => /^(\x1b\[\d+m)?(.) (\w+)/u.exec(line)?.slice(1) ?? []);
    expect(looks.map(([, , name]) => name)).toEqual(["waiting", "thinking", "answering"]);
    for (const part of [0, 1]) expect(new Set(looks.map((look) => look[part])).size).toBe(3);
  });

  it("shows on a narrow screen how long it waits and how to give up", () => {
    const wait = { until: 9_000, reason: "Too many questions from this account at once." };
    const lines = linesOf({ kind: "asking", since: 0, wait }, 3_000, { columns: 40 });
    expect(lines[0]).toContain("asks again in 6 s · Esc gives up");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(40);
  });

  describe("while the AI thinks", () => {
    const phase: Phase = { kind: "thinking", since: 0, from: 1_000 };

    it("has the seconds of it and its last words, on one line", () => {
      expect(linesOf(phase, 3_000, {}, "Hm,\n 1 + 1.")).toEqual([
        "⠴ thinking · 2 s · Esc stops · Hm, 1 + 1.",
      ]);
      const long = `${"so ".repeat(1_000_000)}it must be 2.`;
      expect(linesOf(phase, 3_000, { columns: 50 }, long)).toEqual([
        "⠴ thinking · 2 s · Esc stops · …so it must be 2.",
      ]);
    });

    it.each(["word ".repeat(100), "w".repeat(500), "世界".repeat(100), "\x1b[31m👩‍🚀 \u202e".repeat(50)])(
      "never is wider than the screen: %j",
      (thought) => {
        for (let columns = 20; columns < 100; columns += 1) {
          const lines = linesOf(phase, 3_000, { columns }, thought);
          expect(Math.max(...lines.map(width))).toBeLessThan(columns);
          expect(lines.join(" ")).toContain("thinking · 2 s · Esc");
          expect(lines.join("")).not.toMatch(/[\x1b\u202e\ud800-\udbff]$/);
          expect(lines.length).toBeLessThanOrEqual(columns < 45 ? 2 : 1);
        }
      },
    );

    it("says that no data comes", () => {
      expect(linesOf(phase, 25_000, {}, "Hm")[0]).toContain("no data for 25 seconds · Esc stops");
    });
  });

  it("is ASCII on a terminal without Unicode", () => {
    for (let now = 0; now < 3_000; now += 200)
      expect(linesOf({ kind: "asking", since: 0 }, now, { ascii: true })).toEqual([
        expect.stringMatching(/^[\x20-\x7e]+$/),
      ]);
  });
});

describe("the form on the screen", () => {
  it("looks the same for passwords of any length", () => {
    const form = passwordForm("jane", "Log in.");
    expect(formPicture({ ...form, password: "correct horse battery" }, "local", display)).toEqual(
      formPicture(form, "local", display),
    );
  });

  it("puts the cursor after the typed text", () => {
    const form = { ...passwordForm(null, "Log in."), username: "jane" };
    const { lines, cursor } = formPicture(form, "local", display);
    expect(lines[cursor.y]?.slice(0, cursor.x)).toBe("Username: jane");
  });

  it("is never wider than the screen", () => {
    for (const error of [undefined, "a long error that somebody's server gave for some reason or other"]) {
      const { lines } = formPicture({ ...passwordForm("jane", "why ".repeat(30)), error }, "local", {
        ...display,
        columns: 30,
      });
      for (const line of lines) expect(line.length).toBeLessThan(30);
    }
  });
});

describe("text in the scrollback", () => {
  it("breaks a note of several parts between them", () => {
    const parts = ["gpt-4o-mini", "your own server on this machine", "3,900 tokens"];
    const rows = (columns: number) =>
      noteText("info", [parts], { ...display, columns })
        .trimEnd()
        .split("\n");
    expect(rows(61)).toEqual([parts.join(" · ")]);
    expect(rows(60)).toEqual(["gpt-4o-mini · your own server on this machine", "3,900 tokens"]);
    expect(rows(30)).toEqual(["gpt-4o-mini", "your own server on this", "machine", "3,900 tokens"]);
    expect(noteText("info", [[]], display)).toBe("");
  });

  it("contains no control sequences", () => {
    expect(
      noteText("error", ["bad \u001b[2J\u009b1m"], display) + questionText("hi\u001b]0;x\u0007", display),
    ).not.toMatch(/[\u001b\u009b\u0007]/);
  });

  it("shows the beginning of a long question and the number of hidden lines", () => {
    const question = Array.from({ length: 143 }, (_, i) => `line ${i + 1}`).join("\n");
    expect(questionText(question, display)).toMatch(
      /^\n> line 1\n> line 2\n[^]*line 9\n> … 134 more lines\n\n$/,
    );
    expect(questionText("😀".repeat(30_000), display)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(questionText(`${"x".repeat(30_000)}\nlast`, display)).toBe(
      `\n> ${"x".repeat(4_000)}\n> … 2 more lines\n\n`,
    );
    expect(questionText("word ".repeat(30_000), display)).toMatch(/^\n(> word.*\n){40}> … 1 more line\n\n$/);
  });

  it("has a bar beside each row of a question, which is a space in what is copied", () => {
    const question = "Why does this fail?\n\n    if (x)\n\tgo()\n" + "and so on ".repeat(20);
    const rows = questionText(question, { ...display, color: true })
      .slice(1, -2)
      .split("\n");
    const bar = "\x1b[7;36m \x1b[0m ";
    for (const row of rows) expect(`${row} `.startsWith(bar)).toBe(true);
    const copied = rows.map((row) => stripVTControlCharacters(row).slice(2));
    expect(copied.slice(0, 4)).toEqual(["Why does this fail?", "", "    if (x)", "    go()"]);
    expect(copied.slice(4).join(" ")).toBe("and so on ".repeat(20).trim());
    for (const row of copied) expect(row.length).toBeLessThanOrEqual(57);
  });

  it("wraps a question at 100 columns on a wider screen, and keeps a long address whole", () => {
    const wide = { ...display, columns: 200 };
    const rows = questionText("some words ".repeat(30), wide).trim().split("\n");
    expect(Math.max(...rows.map(width))).toBeLessThan(100);
    expect(Math.max(...rows.map(width))).toBeGreaterThan(85);
    const address = `https://example.org/${"a".repeat(150)}`;
    expect(questionText(`See ${address} please`, wide)).toBe(`\n> See\n> ${address}\n> please\n\n`);
  });
});
