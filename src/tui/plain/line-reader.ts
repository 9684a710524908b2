import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

const SETTLING_MS = 20;

/** Lines from a terminal in line mode, a pipe or a file. */
export interface LineReader {
  /** The next line without its end; undefined at the end of the input. */
  next(): Promise<string | undefined>;
  /**
   * The answer to a prompt at a terminal, which `ask` writes: a line that is typed after it. Lines that were typed
   * before it are returned by later calls of `next`. `hidden`: without echo; undefined also after Ctrl-C or Ctrl-D.
   */
  answer(ask: () => void, options: { hidden: boolean }): Promise<string | undefined>;
  close(): void;
}

/**
 * Reads lines when they are asked for; lines that come earlier are queued. A last line without an end counts. The terminal is in
 * raw mode only during a hidden answer.
 */
export function createLineReader(stdin: NodeJS.ReadStream): LineReader {
  const decoder = new StringDecoder("utf8");
  const lines: string[] = [];
  let partial = "";
  const input = { ended: false };
  let wake: (() => void) | undefined;
  let raw = false;

  const takeChar = (char: string) => {
    if (char === "\r" || char === "\n") {
      lines.push(partial);
      partial = "";
    } else if (char === "\x03" || char === "\x04") input.ended = true;
    else if (char === "\x7f" || char === "\b") partial = Array.from(partial).slice(0, -1).join("");
    else if (char === "\x15") partial = "";
    else if (char >= " ") partial += char;
  };

  const onData = (chunk: Buffer) => {
    const text = decoder.write(chunk);
    if (raw) for (const char of text) takeChar(char);
    else {
      const [first = "", ...rest] = text.split("\n");
      partial += first;
      for (const next of rest) {
        lines.push(partial.replace(/\r$/, ""));
        partial = next;
      }
    }
    wake?.();
  };
  const onEnd = () => {
    if (partial !== "") lines.push(partial);
    partial = "";
    input.ended = true;
    wake?.();
  };

  const next = async (): Promise<string | undefined> => {
    while (lines.length === 0 && !input.ended) {
      stdin.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
    stdin.pause();
    return lines.shift();
  };

  /** Input that waits in the terminal arrives at once. */
  const settled = async () => {
    stdin.resume();
    await sleep(SETTLING_MS);
  };

  stdin.on("data", onData);
  stdin.on("end", onEnd);
  stdin.on("error", onEnd);

  return {
    next,
    async answer(ask, { hidden }) {
      if (!stdin.isTTY) return next();
      raw = hidden;
      if (hidden) stdin.setRawMode(true);
      await settled();
      const [ahead, begun] = [lines.splice(0), hidden ? partial : ""];
      if (hidden) partial = "";
      try {
        ask();
        return await next();
      } finally {
        if (hidden) {
          raw = false;
          stdin.setRawMode(false);
          // Input right after the answer is not part of it. After Ctrl-C the input may be the beginning of a password.
          partial = input.ended ? begun : begun + partial;
        }
        lines.unshift(...ahead);
      }
    },
    close() {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onEnd);
      stdin.pause();
      input.ended = true;
      wake?.();
    },
  };
}
