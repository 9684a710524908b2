import { createInterface } from "node:readline";
import { ClientError } from "../../client/failure.ts";
import { setRawAgain } from "../../tui/terminal/suspend.ts";

/** The terminal of a prompt. Prompts go to stderr; stdout is for results. */
export interface PromptTerminal {
  stdin: NodeJS.ReadStream;
  stderr: NodeJS.WriteStream;
  signal: AbortSignal;
}

const interrupted = () => new ClientError("interrupted", "Interrupted.", { hint: "Nothing was sent." });

/** Reads one line with echo. Ctrl-C and Ctrl-D throw `interrupted`. */
export function askLine(label: string, { stdin, stderr, signal }: PromptTerminal): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdin, output: stderr, terminal: true, historySize: 0 });
    let answered = false;
    const stop = () => lines.close();
    signal.addEventListener("abort", stop, { once: true });
    lines.on("SIGINT", stop);
    lines.on("close", () => {
      signal.removeEventListener("abort", stop);
      stdin.pause();
      if (answered) return;
      stderr.write("\n");
      reject(interrupted());
    });
    lines.question(label, (line) => {
      answered = true;
      lines.close();
      resolve(line.trim());
    });
  });
}

/** The result of keys typed without echo. `rest` is the input after the end of the line. */
export type Typing =
  | { kind: "more"; line: string }
  | { kind: "done"; line: string; rest: string }
  | { kind: "stop" };

/**
 * Applies input from a terminal in raw mode to a line. Backspace deletes a character, Ctrl-U the line; Enter ends it;
 * Ctrl-C stops, and Ctrl-D does on an empty line. Escape sequences of other keys and of bracketed paste are ignored.
 */
export function typed(line: string, data: string): Typing {
  const plain = data.replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/g, "");
  let at = 0;
  for (const char of plain) {
    at += char.length;
    if (char === "\r" || char === "\n") return { kind: "done", line, rest: plain.slice(at) };
    if (char === "\x03" || (char === "\x04" && line === "")) return { kind: "stop" };
    if (char === "\x7f" || char === "\b") line = Array.from(line).slice(0, -1).join("");
    else if (char === "\x15") line = "";
    else if (char >= " ") line += char;
  }
  return { kind: "more", line };
}

/** Reads one line without showing it or its length. */
export type AskSecret = (label: string) => Promise<string>;

/**
 * Runs `use` with echo off, from before the first prompt until after the last line. Input typed ahead is not shown and
 * goes to the next prompt. The terminal is restored when the promise settles.
 */
export async function withoutEcho<T>(
  { stdin, stderr, signal }: PromptTerminal,
  use: (ask: AskSecret) => Promise<T>,
): Promise<T> {
  let ahead = "";
  let onInput: (() => void) | undefined;
  const onData = (data: Buffer | string) => {
    ahead += data.toString();
    onInput?.();
  };

  const ask: AskSecret = (label) =>
    new Promise((resolve, reject) => {
      let line = "";
      const settle = (result: () => void) => {
        onInput = undefined;
        signal.removeEventListener("abort", onAbort);
        stderr.write("\n");
        result();
      };
      const onAbort = () => settle(() => reject(interrupted()));
      onInput = () => {
        const typing = typed(line, ahead);
        ahead = typing.kind === "done" ? typing.rest : "";
        if (typing.kind === "more") line = typing.line;
        else if (typing.kind === "done") settle(() => resolve(typing.line));
        else onAbort();
      };
      stderr.write(label);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else onInput();
    });

  // After SIGSTOP and fg the terminal would show the password.
  const again = () => setRawAgain(stdin);
  process.on("SIGCONT", again);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.on("data", onData);
  stdin.resume();
  try {
    return await use(ask);
  } finally {
    process.off("SIGCONT", again);
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  }
}
