import { spawn } from "@lydell/node-pty";
import xterm from "@xterm/headless";
import { vi } from "vitest";

/** A program in a pseudo-terminal with an emulator behind it that also answers questions, as a real one does. */
export function openRealTerminal(
  command: string,
  args: string[],
  {
    columns = 80,
    rows = 24,
    env = process.env,
  }: { columns?: number; rows?: number; env?: Record<string, string | undefined> } = {},
) {
  const term = new xterm.Terminal({ cols: columns, rows, scrollback: 5000, allowProposedApi: true });
  const pty = spawn(command, args, {
    cols: columns,
    rows,
    env: { ...env, TERM: "xterm-256color", PS1: "$ " },
  });
  let output = "";
  pty.onData((data) => {
    output += data;
    term.write(data);
  });
  term.onData((data) => pty.write(data));
  const exited = new Promise<{ exitCode: number }>((resolve) => pty.onExit(resolve));

  async function text(): Promise<string[]> {
    await new Promise<void>((resolve) => term.write("", resolve));
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

  /** The rows that are on the screen now. */
  async function screen(): Promise<string[]> {
    await new Promise<void>((resolve) => term.write("", resolve));
    const { active } = term.buffer;
    return Array.from({ length: term.rows }, (_, y) =>
      active.getLine(active.baseY + y)!.translateToString(true),
    );
  }

  return {
    pid: pty.pid,
    exited,
    text,
    output: () => output,
    screen,
    /** Waits until a row of the screen, without the scrollback, has the words. */
    onScreen: (words: string | RegExp) =>
      vi.waitFor(
        async () => {
          const rows = await screen();
          if (!rows.some((row) => (typeof words === "string" ? row.includes(words) : words.test(row))))
            throw new Error(`no ${words} on\n${rows.join("\n")}`);
        },
        { timeout: 25_000, interval: 20 },
      ),
    type: (keys: string) => pty.write(keys),
    /** Waits until a line of screen or scrollback holds the words. */
    sees: (words: string | RegExp) =>
      vi.waitFor(
        async () => {
          const lines = await text();
          if (!lines.some((line) => (typeof words === "string" ? line.includes(words) : words.test(line))))
            throw new Error(`no ${words} in\n${lines.join("\n")}`);
        },
        { timeout: 25_000, interval: 20 },
      ),
    async resize(columns: number, rows: number): Promise<void> {
      await new Promise<void>((resolve) => term.write("", resolve));
      term.resize(columns, rows);
      pty.resize(columns, rows);
    },
    async end(): Promise<void> {
      try {
        pty.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await exited;
    },
  };
}
