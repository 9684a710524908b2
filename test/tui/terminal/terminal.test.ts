import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { TELL_MODES } from "../../support/terminal-modes.ts";
import { openRealTerminal } from "./real-terminal.ts";

let folder: string;
let program: string;
let terminal: ReturnType<typeof openRealTerminal> | undefined;

beforeAll(async () => {
  // Inside node_modules, so that imports of packages resolve.
  folder = await mkdtemp(join("node_modules", ".terminal-test-"));
  program = join(folder, "program.mjs");
  const entryPoints = ["test/tui/terminal/program.tsx"];
  await build({
    entryPoints,
    outfile: program,
    bundle: true,
    packages: "external",
    format: "esm",
    platform: "node",
    jsx: "automatic",
  });
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  await terminal?.end();
  terminal = undefined;
});

async function start(size?: { columns: number; rows: number }, ...args: string[]) {
  terminal = openRealTerminal(process.execPath, [program, ...args], size);
  await terminal.sees("ready");
  return terminal;
}

/** The program in a shell, so that the terminal's modes can be asked afterwards. */
async function startInShell() {
  terminal = openRealTerminal("/bin/sh", ["-i"]);
  // A shell that edits its line would show text typed before the prompt twice.
  await terminal.sees(/^\$/);
  terminal.type(`${process.execPath} ${program}\r`);
  await terminal.sees("ready");
  return terminal;
}

const count = (lines: string[], words: string) => lines.filter((line) => line.includes(words)).length;

describe("a session in a real terminal", () => {
  it("loses and repeats no streamed line while the window changes to 100, 60, 40, 90 columns", async () => {
    const terminal = await start({ columns: 100, rows: 24 });
    // The stream pauses at each resize: a frame that is already sent when the terminal reflows has the old width,
    // and no program can revoke it.
    terminal.type("/stream 200 40 80 120 160\r");
    for (const [line, columns] of [
      [40, 60],
      [80, 40],
      [120, 90],
      [160, 50],
    ] as const) {
      await terminal.sees(`held at ${line}`);
      await terminal.resize(columns, 24);
      terminal.type("/go\r");
    }
    await terminal.sees("streamed");
    const lines = await terminal.text();
    const wrong = Array.from({ length: 200 }, (_, index) => index + 1).filter(
      (n) => count(lines, `LINE-${n}-`) !== 1,
    );
    expect(wrong).toEqual([]);
    expect(count(lines, "tokens")).toBe(1);
    expect(terminal.output()).not.toContain("\u001b[3J");
  });

  it("loses no line and clears nothing when the width changes during the stream", async () => {
    const terminal = await start({ columns: 100, rows: 24 });
    // The pauses make sure that it still streams at each resize, however slow this test is.
    terminal.type("/stream 200 40 80 120 160\r");
    for (const [line, columns] of [
      [40, 60],
      [80, 40],
      [120, 90],
      [160, 50],
    ] as const) {
      await terminal.sees(`held at ${line}`);
      terminal.type("/go\r");
      await terminal.sees(`LINE-${line + 1}-`);
      await terminal.resize(columns, 24);
    }
    await terminal.sees("streamed");
    const lines = await terminal.text();
    const lost = Array.from({ length: 200 }, (_, index) => index + 1).filter(
      (n) => count(lines, `LINE-${n}-`) < 1,
    );
    expect(lost).toEqual([]);
    expect(terminal.output()).not.toContain("\u001b[3J");
  });

  it("loses no line and clears nothing when the window shrinks to 80x8", async () => {
    const terminal = await start();
    terminal.type("/stream 150\r");
    await terminal.sees("LINE-60-");
    await terminal.resize(80, 8);
    await terminal.sees("LINE-110-");
    await terminal.resize(80, 24);
    await terminal.sees("streamed");
    const lines = await terminal.text();
    const lost = Array.from({ length: 150 }, (_, index) => index + 1).filter(
      (n) => count(lines, `LINE-${n}-`) < 1,
    );
    expect(lost).toEqual([]);
    expect(terminal.output()).not.toContain("\u001b[3J");
  });

  /** Sizes of a window of which somebody drags a corner, and which comes to rest. */
  const dragged = Array.from({ length: 60 }, (_, i) => {
    const step = Math.abs(30 - i);
    return { columns: 40 + 2 * step, rows: 8 + Math.floor(step / 2) };
  });
  const toggled = Array.from({ length: 40 }, (_, i) =>
    i % 2 === 0 ? { columns: 50, rows: 10 } : { columns: 100, rows: 30 },
  );
  it.each([
    ["is dragged at 16 ms", dragged, 16],
    ["is toggled every 25 ms", toggled, 25],
    ["is toggled and ends small", toggled.slice(1), 25],
    ["is toggled for longer than a second", [...toggled, ...toggled], 25],
  ])(
    "loses and repeats no streamed line, and leaves no stale row, when the window %s",
    async (_, sizes, ms) => {
      // On a busy machine, the time between two sizes is longer than it should be.
      const terminal = await start({ columns: 100, rows: 30 }, "2000");
      terminal.type("/stream 300 60\r");
      // No frame is under way at the first change: it could not be revoked.
      await terminal.sees("held at 60");
      for (const [i, { columns, rows }] of sizes.entries()) {
        await terminal.resize(columns, rows);
        if (i === 1) terminal.type("/go\r");
        await new Promise((resolve) => setTimeout(resolve, ms));
      }
      await terminal.sees("streamed");
      const lines = await terminal.text();
      const wrong = Array.from({ length: 300 }, (_, index) => index + 1)
        .map((n) => [n, count(lines, `LINE-${n}-`)])
        .filter(([, times]) => times !== 1);
      expect(wrong).toEqual([]);
      expect(count(lines, "tokens")).toBe(1);
      expect(lines.filter((line) => line.trim() === ">")).toHaveLength(1);
      expect(terminal.output()).not.toContain("\u001b[3J");
    },
  );

  it("recognizes every key, paste and report, and survives them", async () => {
    const terminal = await start();
    terminal.type("\u001b[1;5P\u001b[1;5I\u001b[I\u001b[<0;1;1M\u001b]11;rgb:00/00/00\u0007\u001b[24;80R");
    terminal.type("hello\r");
    await terminal.sees('sent "hello"');
    terminal.type("\u001b[200~one\rtwo\r\u001b[201~");
    terminal.type("\u001b\rthree\u001b[13;2ufour\\\r");
    await terminal.sees("four");
    terminal.type("end\r");
    await terminal.sees(String.raw`sent "one\ntwo\n\nthree\nfour\nend"`);
    terminal.type("한글 x\u001b[D\u007f\u007f👍\r");
    await terminal.sees('sent "한👍x"');
    terminal.type("\u001b");
    await terminal.sees("[escape]");
    expect(count(await terminal.text(), "sent")).toBe(3);
  });

  it("prints console output of a library above the frame", async () => {
    const terminal = await start();
    terminal.type("/log\r");
    await terminal.sees("written by a library");
    const lines = (await terminal.text()).filter((line) => line !== "");
    expect(lines.slice(-3)).toEqual(["written by a library", ">", expect.stringContaining("ready")]);
  });

  it.each([
    ["Ctrl-C", "\u0003"],
    ["a crash", "/crash\r"],
  ])("restores the terminal after %s", async (_, keys) => {
    const terminal = await startInShell();
    terminal.type(keys);
    await terminal.sees(/^\$ $|^\$$/);
    terminal.type(`${TELL_MODES}\r`);
    for (const mode of ["isig", "icanon", "echo"]) await terminal.sees(`mode ${mode}`);
    expect(modesLeft(terminal.output())).toEqual({ cursorHidden: false, bracketedPaste: false });
  });

  it("resets the terminal's modes on SIGTERM", async () => {
    // The shell stays: when the last process of a terminal ends, its last output can be lost.
    const script = `"$0" "$@"; echo "[code $?]"; read _`;
    terminal = openRealTerminal("/bin/sh", ["-c", script, process.execPath, program]);
    await terminal.sees("ready");
    process.kill(await terminal.child(), "SIGTERM");
    await terminal.sees("[code 143]");
    expect(modesLeft(terminal.output())).toEqual({ cursorHidden: false, bracketedPaste: false });
  });

  it("stops on Ctrl-Z, leaves the shell usable, and is complete again after fg", async () => {
    const terminal = await startInShell();
    terminal.type("draft");
    await terminal.sees("> draft");
    terminal.type("\u001a");
    await terminal.sees("Stopped");
    terminal.type(`${TELL_MODES}\r`);
    await terminal.sees("mode icanon");
    terminal.type("fg\r");
    await terminal.sees("> draft");
    terminal.type(" goes on\r");
    await terminal.sees('sent "draft goes on"');
    expect(count(await terminal.text(), "tokens")).toBe(1);
  });
});

/** The modes that the program left on. */
function modesLeft(output: string) {
  const isOn = (on: string, off: string) => output.lastIndexOf(on) > output.lastIndexOf(off);
  return {
    cursorHidden: isOn("\u001b[?25l", "\u001b[?25h"),
    bracketedPaste: isOn("\u001b[?2004h", "\u001b[?2004l"),
  };
}
