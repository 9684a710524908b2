import { openPty } from "./open-pty.ts";
import { programEnv, type Home } from "./run-program.ts";

/** A command at a terminal of 80 columns. */
export interface AtTerminal {
  type: (keys: string) => void;
  kill: (signal: string) => void;
  /** Resolves when the text is in the output; rejects when the command ends without it. */
  sees: (wanted: string) => Promise<void>;
  /** The exit code. */
  ended: Promise<number>;
  /** All output so far. */
  screen: () => string;
}

/** Runs a command, given by its full path, with stdin and stdout at a terminal. */
export function atTerminal(
  [file = "", ...args]: readonly string[],
  { home, env }: { home: Home; env?: Record<string, string> },
): AtTerminal {
  const pty = openPty(file, args, {
    cols: 80,
    rows: 24,
    env: programEnv(home, { TERM: "xterm-256color", AI_CHAT_TOKEN: "tok", ...env }),
  });
  let got = "";
  const waiting = new Set<() => void>();
  pty.onData((data) => {
    got += data;
    for (const look of waiting) look();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => resolve(exitCode));
  });
  const sees = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!got.includes(wanted)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(
        () => reject(new Error(`It ended without ${JSON.stringify(wanted)}: ${JSON.stringify(got)}`)),
        reject,
      );
    });
  const kill = (signal: string) => pty.kill(signal);
  return { type: (keys: string) => pty.write(keys), kill, sees, ended, screen: () => got };
}
