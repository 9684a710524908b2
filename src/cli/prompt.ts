import { createInterface } from "node:readline";
import { ClientError } from "../client/client-error.ts";

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

/** What a key does to a line that nobody sees. */
export type Typing = { kind: "more"; line: string } | { kind: "done"; line: string } | { kind: "stop" };

/**
 * Takes what a raw terminal sent. Backspace takes one character back, Ctrl-U all; Enter ends; Ctrl-C stops, and so
 * does Ctrl-D on an empty line. Sequences of other keys and the marks of a paste aren't part of a password.
 */
export function typed(line: string, data: string): Typing {
  const plain = data.replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|.)?/g, "");
  for (const char of plain) {
    if (char === "\r" || char === "\n") return { kind: "done", line };
    if (char === "\x03" || (char === "\x04" && line === "")) return { kind: "stop" };
    if (char === "\x7f" || char === "\b") line = Array.from(line).slice(0, -1).join("");
    else if (char === "\x15") line = "";
    else if (char >= " ") line += char;
  }
  return { kind: "more", line };
}

/** One line that isn't shown, nor how long it is. The terminal is as it was when the promise settles. */
export function askSecret(label: string, { stdin, stderr, signal }: PromptTerminal): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = "";
    const finish = () => {
      stdin.off("data", onData);
      signal.removeEventListener("abort", onAbort);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    };
    const onAbort = () => {
      finish();
      reject(interrupted());
    };
    const onData = (data: Buffer | string) => {
      const typing = typed(line, data.toString());
      if (typing.kind === "more") {
        line = typing.line;
        return;
      }
      finish();
      if (typing.kind === "done") resolve(typing.line);
      else reject(interrupted());
    };
    if (signal.aborted) {
      reject(interrupted());
      return;
    }
    // Echo off before the label: what is typed at once must not be seen either.
    stdin.setRawMode(true);
    stdin.setEncoding("utf8");
    stderr.write(label);
    signal.addEventListener("abort", onAbort, { once: true });
    stdin.on("data", onData);
    stdin.resume();
  });
}
