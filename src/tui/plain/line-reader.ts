import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

import { width } from "../terminal/width.ts";

const SETTLING_MS = 20;

/** Lines from a terminal in line mode, a pipe or a file. */
export interface LineReader {
  /** The next line without its end; undefined at the end of the input. */
  next(): Promise<string | undefined>;
  /**
   * The answer to a prompt at a terminal, which `ask` writes: a line that is typed after it. What was typed before it is
   * dropped, because it may be a password; `isDropped`: there was any. `hidden`: without echo; undefined also after
   * Ctrl-C or Ctrl-D.
   */
  answer(
    ask: (before: { isDropped: boolean }) => void,
    options: { hidden: boolean },
  ): Promise<string | undefined>;
  /** While it is on, a terminal does not echo what is typed; `next` shows it then. Does nothing for a pipe. */
  setQuiet(isQuiet: boolean): void;
  /** Removes and returns the lines that came too early. */
  takeEarly(): string[];
  close(): void;
}

interface LineReaderOptions {
  /** Writes to the terminal what it did not echo itself. */
  echo?: (text: string) => void;
  /** Called for Ctrl-C and Ctrl-Z while the terminal is quiet, or a line that was begun then is finished. */
  onInterrupt?: () => void;
  onSuspend?: () => void;
}

/**
 * Who shows what is typed: `terminal` itself; nobody (`hidden`: an answer that stays secret, `quiet`: until the next
 * prompt); or this reader, for the rest of a line that was begun while it was quiet.
 */
type Echo = "terminal" | "hidden" | "quiet" | "reader";

/**
 * Reads lines when they are asked for; lines that come earlier are queued. A last line without an end counts. The terminal is in
 * raw mode unless it echoes itself.
 */
export function createLineReader(
  stdin: NodeJS.ReadStream,
  { echo = () => {}, onInterrupt = () => {}, onSuspend = () => {} }: LineReaderOptions = {},
): LineReader {
  const decoder = new StringDecoder("utf8");
  const lines: { text: string; isUnseen: boolean }[] = [];
  let partial = "";
  const input = { ended: false };
  let wake: (() => void) | undefined;
  let by: Echo = "terminal";

  const setEcho = (to: Echo) => {
    if ((by === "terminal") !== (to === "terminal")) stdin.setRawMode(to !== "terminal");
    by = to;
  };

  const erase = (kept: string) => {
    if (by === "reader") echo("\b \b".repeat(width(partial) - width(kept)));
    partial = kept;
  };

  const takeControl = (char: string) => {
    if (char === "\x7f" || char === "\b") erase(Array.from(partial).slice(0, -1).join(""));
    else if (char === "\x15") erase("");
    else if (by === "hidden") input.ended ||= char === "\x03" || char === "\x04";
    else if (char === "\x04") input.ended ||= partial === "";
    else if (char === "\x1a") onSuspend();
    else if (char === "\x03") {
      erase("");
      onInterrupt();
    }
  };

  const takeChar = (char: string) => {
    if (char === "\r" || char === "\n") {
      lines.push({ text: partial, isUnseen: by === "quiet" });
      partial = "";
      if (by !== "reader") return;
      echo("\n");
      setEcho("terminal");
    } else if (char < " " || char === "\x7f") takeControl(char);
    else {
      partial += char;
      if (by === "reader") echo(char);
    }
  };

  const takeLines = (text: string) => {
    const [first = "", ...rest] = text.split("\n");
    partial += first;
    for (const next of rest) {
      lines.push({ text: partial.replace(/\r$/, ""), isUnseen: false });
      partial = next;
    }
  };

  const onData = (chunk: Buffer) => {
    const text = decoder.write(chunk);
    if (by === "terminal") takeLines(text);
    else for (const char of text) if (!input.ended) takeChar(char);
    wake?.();
  };
  const onEnd = () => {
    if (partial !== "") lines.push({ text: partial, isUnseen: by === "quiet" });
    partial = "";
    input.ended = true;
    wake?.();
  };

  const next = async (): Promise<string | undefined> => {
    if (stdin.isTTY && by === "terminal" && lines.length === 0 && partial !== "") {
      setEcho("reader");
      echo(partial);
    }
    while (lines.length === 0 && !input.ended) {
      stdin.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
    if (by === "reader") setEcho("terminal");
    stdin.pause();
    const line = lines.shift();
    if (line?.isUnseen) echo(`${line.text}\n`);
    return line?.text;
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
      if (hidden) setEcho("hidden");
      await settled();
      const isDropped = lines.splice(0).length > 0;
      if (hidden) partial = "";
      try {
        ask({ isDropped });
        return await next();
      } finally {
        if (hidden) {
          setEcho("terminal");
          // Input right after the answer is not part of it. After Ctrl-C the input may be the beginning of a password.
          if (input.ended) partial = "";
        }
      }
    },
    setQuiet(isQuiet) {
      if (!stdin.isTTY || by !== (isQuiet ? "terminal" : "quiet") || (isQuiet && input.ended)) return;
      setEcho(isQuiet ? "quiet" : "terminal");
      if (isQuiet) stdin.resume();
      else stdin.pause();
    },
    takeEarly: () => lines.splice(0).map(({ text }) => text),
    close() {
      setEcho("terminal");
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onEnd);
      stdin.pause();
      input.ended = true;
      wake?.();
    },
  };
}
