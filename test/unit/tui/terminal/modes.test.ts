import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { osc52 } from "../../../../src/tui/terminal/clipboard.ts";
import { openTerminal } from "../../../../src/tui/terminal/modes.ts";

describe("a terminal", () => {
  let folder: string;
  let fd: number;
  let raw: boolean[];
  let isOpen: boolean;
  const written = () => readFileSync(join(folder, "tty"), "utf8");
  const stdin = {
    setRawMode(on: boolean) {
      raw.push(on);
      return undefined as never;
    },
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modes-"));
    fd = openSync(join(folder, "tty"), "w");
    isOpen = true;
    raw = [];
  });
  afterEach(() => {
    if (isOpen) closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it("gets its modes and queries, and is restored once however often restore() is called", () => {
    const terminal = openTerminal({ stdin, fd });
    expect(written()).toBe("\u001b[?2004h\u001b[?1004h\u001b[?u\u001b[>c\u001b[c");
    terminal.restore();
    terminal.restore();
    expect(written().slice("\u001b[?2004h\u001b[?1004h\u001b[?u\u001b[>c\u001b[c".length)).toBe(
      "\u001b[?2004l\u001b[?1004l\u001b[?2026l\u001b[0m\u001b[?25h",
    );
    expect(raw).toEqual([true, false]);
  });

  it("gets its title back at the end, before an editor and in the shell, and the session's one after that", () => {
    const terminal = openTerminal({ stdin, fd, hasTitle: true });
    const titles = () => {
      const all = written().matchAll(/\u001b\[2[23];2t|\u001b\]2;.*?\u0007/g);
      return Array.from(all, ([sequence]) => sequence);
    };
    const [kept, old] = ["\u001b[22;2t", ["\u001b]2;\u0007", "\u001b[23;2t"]];
    terminal.setTitle("trip");
    terminal.setTitle("trip");
    terminal.restore();
    expect(titles()).toEqual([kept, "\u001b]2;trip\u0007", ...old]);
    terminal.setTitle("home");
    expect(titles()).toHaveLength(4);
    terminal.resume();
    terminal.restore();
    expect(titles().slice(4)).toEqual([kept, "\u001b]2;home\u0007", ...old]);
  });

  it("tells whether it has the focus once it has reported that", () => {
    const terminal = openTerminal({ stdin, fd });
    expect(terminal.hasFocus).toBeUndefined();
    terminal.onReply({ kind: "focus", has: false });
    expect(terminal.hasFocus).toBe(false);
    terminal.onReply({ kind: "focus", has: true });
    expect(terminal.hasFocus).toBe(true);
  });

  it("is asked for its background on request, and may tell it late", async () => {
    let expire = () => {};
    const timers = { set: (callback: () => void) => (expire = callback), clear: () => {} };
    const terminal = openTerminal({ stdin, fd, timers, asksBackground: true });
    expect(written()).toBe("\u001b[?2004h\u001b[?1004h\u001b]11;?\u0007\u001b[?u\u001b[>c\u001b[c");
    expect([terminal.isAsking, terminal.background]).toEqual([true, undefined]);
    expire();
    expect(await terminal.answers).toMatchObject({ silent: true });
    expect(terminal.isAsking).toBe(false);
    terminal.onReply({ kind: "background", background: "light" });
    expect(terminal.background).toBe("light");
  });

  it("gets the kitty protocol only after its answer; restore() and resume() undo and set it", async () => {
    const terminal = openTerminal({ stdin, fd });
    terminal.onReply({ kind: "kitty", flags: 0 });
    terminal.onReply({ kind: "device", parameters: "1;4000;35" });
    terminal.onReply({ kind: "attributes", parameters: "62" });
    expect(await terminal.answers).toEqual({ kitty: true, device: "1;4000;35", silent: false });
    terminal.onReply({ kind: "kitty", flags: 1 });
    terminal.restore();
    terminal.resume();
    terminal.resume();
    terminal.restore();
    const modes = Array.from(written().matchAll(/\u001b\[([<>]5?u|\?2004[hl])/g), ([, mode]) => mode);
    expect(modes).toEqual(["?2004h", ">5u", "?2004l", "<u", "?2004h", ">5u", "?2004l", "<u"]);
    expect(raw).toEqual([true, false, true, false]);
  });

  it("counts as silent after a timeout, and may still answer later", async () => {
    let expire = () => {};
    const timers = { set: (callback: () => void) => (expire = callback), clear: () => {} };
    const terminal = openTerminal({ stdin, fd, timers });
    expire();
    expect(await terminal.answers).toEqual({ kitty: false, device: undefined, silent: true });
    terminal.onReply({ kind: "kitty", flags: 0 });
    expect(written()).toContain("\u001b[>5u");
  });

  it("is restored without an error after it was closed", () => {
    const terminal = openTerminal({
      fd,
      stdin: {
        setRawMode(on: boolean) {
          if (!on) throw new Error("EIO");
          return undefined as never;
        },
      },
    });
    closeSync(fd);
    isOpen = false;
    expect(() => terminal.restore()).not.toThrow();
  });
});

describe("OSC 52", () => {
  it("is plain, doubled for tmux and wrapped for GNU screen", () => {
    const rows: [inside: { tmux?: boolean; screen?: boolean }, sequence: string][] = [
      [{}, "\u001b]52;c;aMOp\u0007"],
      [{ tmux: true }, "\u001b]52;c;aMOp\u0007\u001bPtmux;\u001b\u001b]52;c;aMOp\u0007\u001b\\"],
      [{ screen: true }, "\u001bP\u001b]52;c;aMOp\u0007\u001b\\"],
    ];
    for (const [inside, sequence] of rows) expect(osc52("hé", inside), JSON.stringify(inside)).toBe(sequence);
  });

  it("is split into pieces for GNU screen", () => {
    const sequence = osc52("x".repeat(1000), { screen: true })!;
    const pieces = sequence.split("\u001b\\").slice(0, -1);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(242);
    expect(pieces.map((piece) => piece.slice(2)).join("")).toBe(osc52("x".repeat(1000)));
  });

  it("is not made for more than 100 KB", () => {
    expect(osc52("x".repeat(100_000))).toBeDefined();
    expect(osc52("x".repeat(100_001))).toBeUndefined();
    expect(osc52("한".repeat(40_000))).toBeUndefined();
  });
});
