import { createInterface } from "node:readline";
import { ClientError } from "../../client/failure.ts";

/** The terminal that a prompt talks to: questions go to stderr, so that stdout stays the answer's. */
export interface PromptTerminal {
  stdin: NodeJS.ReadStream;
  stderr: NodeJS.WriteStream;
  signal: AbortSignal;
}

const interrupted = () => new ClientError("interrupted", "Interrupted.", { hint: "Nothing was sent." });

/** One line that is seen while it is typed. Ctrl-C and Ctrl-D throw `interrupted`. */
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

/** What keys do to a line that nobody sees; `rest` is what came behind its end. */
export type Typing =
  | { kind: "more"; line: string }
  | { kind: "done"; line: string; rest: string }
  | { kind: "stop" };

/**
 * Takes what a raw terminal sent. Backspace takes one character back, Ctrl-U all; Enter ends; Ctrl-C stops, and so
 * does Ctrl-D on an empty line. Sequences of other keys and the marks of a paste aren't part of a password.
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

/** Asks for one line that isn't shown, nor how long it is. */
export type AskSecret = (label: string) => Promise<string>;

/**
 * Runs `use` with the terminal's echo off, from before the first label to after the last line: what is typed ahead
 * isn't seen either, and belongs to the next question. The terminal is as it was when the promise settles.
 */
export async function withoutEcho<T>(
  { stdin, stderr, signal }: PromptTerminal,
  use: (ask: AskSecret) => Promise<T>,
): Promise<T> {
  let ahead = "";
  let heard: (() => void) | undefined;
  const onData = (data: Buffer | string) => {
    ahead += data.toString();
    heard?.();
  };

  const ask: AskSecret = (label) =>
    new Promise((resolve, reject) => {
      let line = "";
      const settle = (result: () => void) => {
        heard = undefined;
        signal.removeEventListener("abort", onAbort);
        stderr.write("\n");
        result();
      };
      const onAbort = () => settle(() => reject(interrupted()));
      heard = () => {
        const typing = typed(line, ahead);
        ahead = typing.kind === "done" ? typing.rest : "";
        if (typing.kind === "more") line = typing.line;
        else if (typing.kind === "done") settle(() => resolve(typing.line));
        else onAbort();
      };
      stderr.write(label);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else heard();
    });

  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.on("data", onData);
  stdin.resume();
  try {
    return await use(ask);
  } finally {
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  }
}
