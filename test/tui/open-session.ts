import { readFile } from "node:fs/promises";
import { program, programEnv, type Home } from "../support/run-program.ts";
import { openRealTerminal } from "./terminal/real-terminal.ts";

export interface SessionOptions {
  home: Home;
  args?: string[];
  env?: Record<string, string>;
  columns?: number;
  rows?: number;
}

/** The built program in a real terminal, with a shell around it that tells its exit code and the terminal's modes. */
export function openSession({ home, args = [], env = {}, columns, rows }: SessionOptions) {
  const script = `"$0" "$@"; echo "[code $?]"; stty -a | tr ';' '\\n' | grep -E 'icanon|echo'; echo [end]`;
  const terminal = openRealTerminal("/bin/sh", ["-c", script, process.execPath, program, "chat", ...args], {
    columns,
    rows,
    env: programEnv(home, { AI_CHAT_TOKEN: "tok", ...env }),
  });
  return {
    ...terminal,
    /** The process of the program itself. */
    async programPid(): Promise<number> {
      const children = await readFile(`/proc/${terminal.pid}/task/${terminal.pid}/children`, "utf8");
      return Number(children.trim().split(" ")[0]);
    },
    /** The end: its exit code, and whether the terminal is as it was. */
    async ended(): Promise<{ code: number; isRestored: boolean }> {
      await terminal.sees("[end]");
      const text = (await terminal.text()).join("\n");
      const output = terminal.output();
      const last = (on: string, off: string) => output.lastIndexOf(on) <= output.lastIndexOf(off);
      const isCooked = / icanon/.test(text) && / echo /.test(text) && !/ -icanon/.test(text);
      return {
        code: Number(/\[code (\d+)\]/.exec(text)?.[1]),
        isRestored: isCooked && last("\u001b[?2004h", "\u001b[?2004l") && last("\u001b[?25l", "\u001b[?25h"),
      };
    },
  };
}
