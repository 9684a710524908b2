import { stripVTControlCharacters } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { cropFrame, rowsAboveCursor } from "../../../../src/tui/terminal/frame.ts";
import { reflowOf, reflowOfAnswers } from "../../../../src/tui/terminal/reflow.ts";
import { graphemesOf, rowsOf } from "../../../../src/tui/terminal/width.ts";

describe("a frame", () => {
  it("loses the lines at its top that don't fit, and a cursor there with them", () => {
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
  it.each([
    ["exact", 60, 2 + 1],
    ["exact", 100, 1],
    ["xterm.js", 60, 2 + 1],
    ["xterm.js", 40, 3 + 2],
    ["none", 40, 1],
  ] as const)("begins where a terminal (%s) leaves it at %d columns", (reflow, columns, rows) => {
    expect(rowsAboveCursor(frame, columns, reflow)).toBe(rows);
  });

  it("is never taken to begin higher than it does where xterm.js got shorter too", () => {
    expect(rowsAboveCursor(frame, 40, "xterm.js", true)).toBe(3);
    expect(rowsAboveCursor(frame, 40, "exact", true)).toBe(rowsAboveCursor(frame, 40, "exact"));
  });

  it("begins its reflowed height above a cursor below it", () => {
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, 60, "exact")).toBe(2 + 1 + 2);
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, 60, "xterm.js")).toBe(2 + 1 + 2);
    expect(rowsAboveCursor({ ...frame, cursor: undefined }, 60, "none")).toBe(3);
  });
});

describe("a terminal's way to reflow", () => {
  it.each([
    [{}, "exact"],
    [{ TERM_PROGRAM: "vscode" }, "xterm.js"],
    [{ TMUX: "/tmp/tmux", TERM_PROGRAM: "vscode" }, "exact"],
    [{ STY: "1.pts" }, "none"],
    [{ TERM: "linux" }, "none"],
    [{ TERM: "xterm-256color", XTERM_VERSION: "XTerm(390)" }, "none"],
  ] as const)("is known by its environment %j", (env, reflow) => {
    expect(reflowOf(env)).toBe(reflow);
  });

  it.each([
    ["0;276;0", "xterm.js"],
    ["41;390;0", "none"],
    ["83;50000;0", "none"],
    ["65;7600;1", undefined],
    ["84;0;0", undefined],
  ])("is known by its answer %s", (parameters, reflow) => {
    expect(reflowOfAnswers({ device: parameters, silent: false })).toBe(reflow);
  });
});

describe("a terminal that answers nothing", () => {
  it("is taken for xterm.js behind a recorder", () => {
    expect(reflowOfAnswers({ device: undefined, silent: true })).toBe("xterm.js");
    expect(reflowOfAnswers({ device: undefined, silent: false })).toBeUndefined();
  });
});

describe("the width of a line", () => {
  it.each([
    ["", 0, 1],
    ["0123456789", 10, 1],
    ["0123456789a", 11, 2],
    ["\u001b[31m0123456789\u001b[39m", 10, 1],
    ["한글한글한", 10, 1],
    ["a한글한글한", 11, 2],
    ["123456789한", 11, 2],
    ["👨‍👩‍👧".repeat(6), 12, 2],
    ["\u001b]8;;https://example.org/a/long/address\u0007link\u001b]8;;\u0007", 4, 1],
  ])("%j is %d cells, %d rows of 10", (line, width, rows) => {
    const graphemes = graphemesOf(stripVTControlCharacters(line));
    expect(graphemes.reduce((cells, grapheme) => cells + grapheme.width, 0)).toBe(width);
    expect(rowsOf(line, 10)).toBe(rows);
  });

  it("never gives a long line to the segmenter as a whole, whose cost is more than linear", () => {
    const segment = vi.spyOn(Intl.Segmenter.prototype, "segment");
    const line = "漢字かな한글".repeat(2_000);
    expect(graphemesOf(line)).toHaveLength(line.length);
    expect(Math.max(...segment.mock.calls.map(([text]) => text.length))).toBeLessThan(1_000);
    segment.mockRestore();
  });

  it("finds the same graphemes in a long line as the segmenter does", () => {
    const line =
      "한글 e\u0301 👨‍👩‍👧 漢字かな abc ".repeat(50) +
      "한글\u1100\uac01".repeat(200) +
      "🎉👍🏽🇩🇪👩‍💻🏳️‍🌈☝🏿🧑🏿‍🤝‍🧑🏻‍👍x\u200d🎉".repeat(100);
    const expected = Array.from(new Intl.Segmenter().segment(line), ({ segment, index }) => [index, segment]);
    expect(graphemesOf(line).map(({ start, text }) => [start, text])).toEqual(expected);
  });
});
