import { readFile } from "node:fs/promises";
import xterm from "@xterm/headless";
import { vi } from "vitest";
import { openPty } from "../../support/open-pty.ts";

/** Longest wait for something to appear on the screen, on a busy machine. */
const PATIENCE = { timeout: 60_000, interval: 20 };

/** An environment without the terminal, language and shell settings of whoever runs the tests. */
const plainEnv = { PATH: process.env.PATH ?? "", LANG: "C.UTF-8" };

/** A program in a pseudo-terminal with an emulator that also replies to queries, as a real terminal does. */
export function openRealTerminal(
  command: string,
  args: string[],
  {
    columns = 80,
    rows = 24,
    env = plainEnv,
  }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
) {
  const term = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
  const pty = openPty(command, args, {
    cols: columns,
    rows,
    env: { TERM: "xterm-256color", PS1: "$ ", ...env },
  });
  let output = "";
  pty.onData((data) => {
    output += data;
    term.write(data);
  });
  term.onData((data) => pty.write(data));
  const exited = new Promise<{ exitCode: number }>((resolve) => pty.onExit(resolve));

  /** Resolves when the output so far is on the screen; an unfinished synchronized update is not shown. */
  async function shown(): Promise<void> {
    // Terminals stop waiting too: the program that began the update may have ended.
    const end = performance.now() + 2_000;
    do await new Promise<void>((resolve) => term.write("", resolve));
    while (term.modes.synchronizedOutputMode && performance.now() < end);
  }

  async function text(): Promise<string[]> {
    await shown();
    const buffer = term.buffer.active;
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y++) {
      const row = buffer.getLine(y)!;
      const part = row.translateToString(true);
      if (row.isWrapped) lines.push((lines.pop() ?? "") + part);
      else lines.push(part);
    }
    return lines;
  }

  /** The current rows of the screen. */
  async function screen(): Promise<string[]> {
    await shown();
    const { active } = term.buffer;
    return Array.from({ length: term.rows }, (_, y) =>
      active.getLine(active.baseY + y)!.translateToString(true),
    );
  }

  const has = (line: string, words: string | RegExp) =>
    typeof words === "string" ? line.includes(words) : words.test(line);

  /** Waits until the wanted number of lines has the words; "some" is one or more. */
  const waitFor = (lines: () => Promise<string[]>, words: string | RegExp, wanted: number | "some") =>
    vi.waitFor(async () => {
      const now = await lines();
      const found = now.filter((line) => has(line, words)).length;
      if (wanted === "some" ? found === 0 : found !== wanted)
        throw new Error(`${found} and not ${wanted} of ${words} in\n${now.join("\n")}`);
    }, PATIENCE);

  return {
    pid: pty.pid,
    exited,
    text,
    output: () => output,
    screen,
    /** Waits until a row of the screen, without the scrollback, has the words; or `count` rows. */
    onScreen: (words: string | RegExp, count: number | "some" = "some") => waitFor(screen, words, count),
    /** Waits until no row of the screen has the words. */
    offScreen: (words: string | RegExp) => waitFor(screen, words, 0),
    type: (keys: string) => pty.write(keys),
    /** Waits until a line of screen or scrollback has the words; or `count` lines. */
    sees: (words: string | RegExp, count: number | "some" = "some") => waitFor(text, words, count),
    /** The process id of the shell's first child. */
    child: async (): Promise<number> => {
      const children = await readFile(`/proc/${pty.pid}/task/${pty.pid}/children`, "utf8");
      const pid = Number(children.trim().split(" ")[0]);
      if (!(pid > 0)) throw new Error("It runs nothing now.");
      return pid;
    },
    async resize(columns: number, rows: number): Promise<void> {
      await new Promise<void>((resolve) => term.write("", resolve));
      term.resize(columns, rows);
      pty.resize(columns, rows);
    },
    end: async (): Promise<void> => {
      try {
        pty.kill("SIGKILL");
      } catch {
        // The process has ended.
      }
      await exited;
    },
  };
}
