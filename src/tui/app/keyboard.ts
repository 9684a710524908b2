import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { ChatOptions } from "../options.ts";
import type { Key } from "../terminal/key.ts";
import { createKeyParser } from "../terminal/keys.ts";
import { openTerminal, type Terminal } from "../terminal/modes.ts";
import type { Ending } from "./ending.ts";
import type { Screen } from "./screen.ts";

/** The terminal in raw mode; passes its keys to the screen. */
export interface Keyboard {
  readonly terminal: Terminal;
  /** Passes the text typed so far to the screen, and then its keys. */
  attach(screen: Screen): void;
  /** Resolves when text typed before raw mode, and before this call, has been read. */
  settled(): Promise<void>;
  /** Waits for what the terminal has not answered yet, then stops reading and restores the terminal. Idempotent. */
  close(): Promise<void>;
}

/** Input that waits in the terminal arrives at once; what comes later counts as typed now. */
const SETTLING_MS = 20;

/** Opens the keyboard. The terminal is restored by `close` and in any case when the process exits. */
export function openKeyboard(options: ChatOptions, ending: Ending): Keyboard {
  const { stdin, stdout, signal, onExit } = options;
  let screen: Screen | undefined;
  let ahead = "";
  const leave = () => ending.leave();

  /** An error in a key handler must end the session, not the process while it is in raw mode. */
  const guarded =
    <T>(handle: (value: T) => void) =>
    (value: T) => {
      try {
        handle(value);
      } catch (error) {
        ending.crash(error);
      }
    };
  const parser = createKeyParser({
    onKey: guarded((key) => {
      if (screen) screen.key(key);
      else if (key.ctrl && key.name === "c") leave();
      else ahead = typedOn(ahead, key);
    }),
    onPaste: guarded((text) => (screen ? screen.paste(text) : (ahead += text))),
    onReply(reply) {
      terminal.onReply(reply);
      if (reply.kind === "focus" && reply.has) screen?.session.focused();
    },
    isAsking: () => terminal.isAsking,
  });
  const onData = (chunk: Buffer) => parser.feed(chunk);
  const terminal = openTerminal({
    stdin,
    fd: descriptorOf(stdout),
    asksBackground: asksBackground(options),
    hasTitle: options.terminal.title,
  });
  const restore = () => terminal.restore();
  const stopListening = onExit?.(restore);
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted === true) leave();
  options.endReadAhead?.();
  stdin.on("data", onData);
  stdin.on("end", leave);
  if (stdin.readableEnded) leave();
  stdin.resume();
  const settling = sleep(SETTLING_MS);

  return {
    terminal,
    // One more turn reads input that came while the process was busy (see patientTimers).
    settled: () => settling.then(() => turn()),
    attach(to) {
      screen = to;
      // The line end is dropped: nothing is sent before the person has seen the session.
      to.typedAhead(ahead.trimEnd());
    },
    async close() {
      screen = undefined;
      // After raw mode, an answer would be text in the shell.
      await terminal.answers;
      stdin.off("data", onData);
      stdin.off("end", leave);
      stdin.pause();
      parser.end();
      restore();
      stopListening?.();
      signal?.removeEventListener("abort", leave);
    },
  };
}

/** Older Linux consoles print the end of the query. */
function asksBackground({ terminal: { color, theme, term } }: ChatOptions): boolean {
  return color && theme === "auto" && term !== "linux";
}

/** Adds a key to the text typed before there is an editor. */
function typedOn(text: string, key: Key): string {
  if (key.name === "backspace") return Array.from(text).slice(0, -1).join("");
  if (key.name === "enter" || (key.name === "j" && key.ctrl)) return `${text}\n`;
  return text + key.text;
}

/** The types have `fd` only for process.stdout. */
function descriptorOf(stream: NodeJS.WriteStream & { fd?: number }): number {
  return stream.fd ?? 1;
}
