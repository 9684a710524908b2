import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { cropFrame, rowsAboveCursor } from "../../../../src/tui/terminal/frame.ts";
import { reflowOf, reflowOfAnswers, type Reflow } from "../../../../src/tui/terminal/reflow.ts";
import { graphemesOf, rowsOf, width } from "../../../../src/tui/terminal/width.ts";

describe("a frame", () => {
  it("loses the top lines that do not fit, and a cursor in them", () => {
    const frame = { lines: ["a", "b", "c", "d"], cursor: { x: 1, y: 2 } };
    expect(cropFrame(frame, 80, 5)).toBe(frame);
    expect(cropFrame(frame, 80, 4)).toEqual({ lines: ["b", "c", "d"], cursor: { x: 1, y: 1 } });
    expect(cropFrame(frame, 80, 2)).toEqual({ lines: ["d"], cursor: undefined });
    expect(cropFrame({ lines: ["x".repeat(100), "y".repeat(100), "z"] }, 40, 5).lines).toEqual([
      "y".repeat(100),
      "z",
    ]);
  });

  const frame = {
    lines: ["x".repeat(100), "y".repeat(30), "z".repeat(100)],
    cursor: { x: 90, y: 1 },
    columns: 100,
  };
  it("begins the right number of rows above the cursor after each kind of reflow", () => {
    const rows: [reflow: Reflow, columns: number, above: number][] = [
      ["exact", 60, 2 + 1],
      ["exact", 100, 1],
      ["xterm.js", 60, 2 + 1],
      ["xterm.js", 40, 3 + 2],
      ["none", 40, 1],
    ];
    for (const [reflow, columns, above] of rows)
      expect(rowsAboveCursor(frame, [columns], reflow), `${reflow} at ${columns} columns`).toBe(above);
  });

  it("is not assumed to begin too high if xterm.js also became shorter", () => {
    expect(rowsAboveCursor(frame, [40], "xterm.js", true)).toBe(3);
    expect(rowsAboveCursor(frame, [40], "exact", true)).toBe(rowsAboveCursor(frame, [40], "exact"));
  });

  it("begins its reflowed height above a cursor that is below it", () => {
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, [60], "exact")).toBe(2 + 1 + 2);
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, [60], "xterm.js")).toBe(2 + 1 + 2);
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, [60], "none")).toBe(3);
  });
});

describe("the reflow of a terminal", () => {
  it("is derived from the environment", () => {
    const rows: [env: Record<string, string>, reflow: Reflow][] = [
      [{}, "exact"],
      [{ TERM_PROGRAM: "vscode" }, "xterm.js"],
      [{ TMUX: "/tmp/tmux", TERM_PROGRAM: "vscode" }, "exact"],
      [{ STY: "1.pts" }, "none"],
      [{ TERM: "linux" }, "none"],
      [{ TERM: "xterm-256color", XTERM_VERSION: "XTerm(390)" }, "none"],
    ];
    for (const [env, reflow] of rows) expect(reflowOf(env), JSON.stringify(env)).toBe(reflow);
  });

  it("is derived from the device attributes", () => {
    const rows: [device: string, reflow: Reflow | undefined][] = [
      ["0;276;0", "xterm.js"],
      ["41;390;0", "none"],
      ["83;50000;0", "none"],
      ["65;7600;1", undefined],
      ["84;0;0", undefined],
    ];
    for (const [device, reflow] of rows)
      expect(reflowOfAnswers({ device, silent: false }), device).toBe(reflow);
  });
});

describe("a terminal that answers nothing", () => {
  it("counts as xterm.js behind a recorder", () => {
    expect(reflowOfAnswers({ device: undefined, silent: true })).toBe("xterm.js");
    expect(reflowOfAnswers({ device: undefined, silent: false })).toBeUndefined();
  });
});

describe("the width of a line", () => {
  it("counts cells, and the rows of ten columns", () => {
    const rows: [line: string, cells: number, height: number][] = [
      ["", 0, 1],
      ["0123456789", 10, 1],
      ["0123456789a", 11, 2],
      ["\u001b[31m0123456789\u001b[39m", 10, 1],
      ["한글한글한", 10, 1],
      ["a한글한글한", 11, 2],
      ["123456789한", 11, 2],
      ["👨‍👩‍👧".repeat(6), 12, 2],
      ["\u001b]8;;https://example.org/a/long/address\u0007link\u001b]8;;\u0007", 4, 1],
    ];
    for (const [line, cells, height] of rows) {
      expect(width(stripVTControlCharacters(line)), line).toBe(cells);
      expect(rowsOf(line, 10), line).toBe(height);
    }
  });

  it("is measured without passing a long line whole to the segmenter, whose time is not linear", () => {
    const segment = vi.spyOn(Intl.Segmenter.prototype, "segment");
    const line = "漢字かな한글".repeat(2_000);
    expect(graphemesOf(line)).toHaveLength(line.length);
    expect(Math.max(...segment.mock.calls.map(([text]) => text.length))).toBeLessThan(1_000);
    segment.mockRestore();
  });

  it("is based on the same graphemes that the segmenter finds in a long line", () => {
    const line =
      "한글 e\u0301 👨‍👩‍👧 漢字かな abc ".repeat(50) +
      "한글\u1100\uac01".repeat(200) +
      "🎉👍🏽🇩🇪👩‍💻🏳️‍🌈☝🏿🧑🏿‍🤝‍🧑🏻‍👍x\u200d🎉".repeat(100);
    const expected = Array.from(new Intl.Segmenter().segment(line), ({ segment, index }) => [index, segment]);
    expect(graphemesOf(line).map(({ start, text }) => [start, text])).toEqual(expected);
  });
});
