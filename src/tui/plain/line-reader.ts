import { StringDecoder } from "node:string_decoder";

/** Lines from a terminal in line mode, a pipe or a file. */
export interface LineReader {
  /** The next line without its end; undefined at the end of the input. */
  next(): Promise<string | undefined>;
  /** The same without echo where it is a terminal; undefined too when Ctrl-C or Ctrl-D is pressed. */
  hidden(): Promise<string | undefined>;
  close(): void;
}

/**
 * Reads lines when they are asked for; what comes earlier waits. A last line without an end counts. The terminal is in
 * raw mode only during `hidden`.
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

  stdin.on("data", onData);
  stdin.on("end", onEnd);
  stdin.on("error", onEnd);

  return {
    next,
    async hidden() {
      if (!stdin.isTTY || lines.length > 0) return next();
      raw = true;
      stdin.setRawMode(true);
      try {
        return await next();
      } finally {
        raw = false;
        stdin.setRawMode(false);
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
