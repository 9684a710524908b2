import { program, programEnv, type Home } from "../support/run-program.ts";
import { TELL_MODES } from "../support/terminal-modes.ts";
import { openRealTerminal } from "./terminal/real-terminal.ts";

export interface SessionOptions {
  home: Home;
  args?: string[];
  env?: Record<string, string>;
  columns?: number;
  rows?: number;
}

/**
 * The shell around the program: prints its exit code and the terminal's modes, then stays. When the last process of a
 * terminal ends, its last output can be lost.
 */
const SHELL = `"$0" "$@"; echo "[code $?]"; ${TELL_MODES}; echo [end]; read _`;

/** The built program in a real terminal, with a shell around it. */
export function openSession({ home, args = [], env = {}, columns, rows }: SessionOptions) {
  const terminal = openRealTerminal("/bin/sh", ["-c", SHELL, process.execPath, program, "chat", ...args], {
    columns,
    rows,
    env: programEnv(home, { AI_CHAT_TOKEN: "tok", ...env }),
  });
  return {
    ...terminal,
    /** The process of the program itself. */
    programPid: terminal.child,
    /** Closes the window: the program gets SIGHUP. */
    closeWindow: terminal.end,
    /** Kills the program if it still runs, and waits for its end, after which the home no longer changes. */
    async end(): Promise<void> {
      const pid = await terminal.child().catch(() => undefined);
      if (pid !== undefined) {
        kill(pid);
        await terminal.sees("[end]");
      }
      await terminal.end();
    },
    /** Resolves at the end to the exit code, and whether the terminal is restored. */
    async ended(): Promise<{ code: number; isRestored: boolean }> {
      await terminal.sees("[end]");
      const text = (await terminal.text()).join("\n");
      const output = terminal.output();
      const last = (on: string, off: string) => output.lastIndexOf(on) <= output.lastIndexOf(off);
      const isCooked = ["mode icanon", "mode echo"].every((mode) => text.includes(mode));
      return {
        code: Number(/\[code (\d+)\]/.exec(text)?.[1]),
        isRestored:
          isCooked &&
          last("\u001b[?2004h", "\u001b[?2004l") &&
          last("\u001b[?25l", "\u001b[?25h") &&
          last("\u001b[22;2t", "\u001b[23;2t"),
      };
    },
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The process has ended meanwhile.
  }
}
