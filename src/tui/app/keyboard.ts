import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import type { ChatOptions } from "../options.ts";
import type { Key } from "../terminal/key.ts";
import { createKeyParser } from "../terminal/keys.ts";
import { openTerminal, type Terminal } from "../terminal/modes.ts";
import type { Ending } from "./ending.ts";
import type { Screen } from "./screen.ts";

/** The terminal in the session's modes, and its keys on their way to the screen. */
export interface Keyboard {
  readonly terminal: Terminal;
  /** From now on keys go there, after what was typed until now. */
  attach(screen: Screen): void;
  /** Resolves when what was typed before the terminal was ours has come. */
  readonly settled: Promise<void>;
  /** Stops reading and makes the terminal what it was. Idempotent. */
  close(): void;
}

/** What waits in a terminal is there at once; over a slow line it is as if it were typed now. */
const SETTLING_MS = 20;

/** Opens the keyboard; the terminal is restored by `close`, and whatever happens when the process exits. */
export function openKeyboard({ stdin, stdout, signal }: ChatOptions, ending: Ending): Keyboard {
  let screen: Screen | undefined;
  let ahead = "";
  const leave = () => ending.leave();

  /** A fault in a key handler must end the session in order, not the process in raw mode. */
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
    onKey: guarded((key) => (screen ? screen.key(key) : (ahead = typedOn(ahead, key)))),
    onPaste: guarded((text) => (screen ? screen.paste(text) : (ahead += text))),
    onReply: (reply) => terminal.onReply(reply),
  });
  const onData = (chunk: Buffer) => parser.feed(chunk);
  const terminal = openTerminal({ stdin, fd: descriptorOf(stdout) });
  const restore = () => terminal.restore();
  process.once("exit", restore);
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted === true) leave();
  stdin.on("data", onData);
  stdin.on("end", leave);
  stdin.resume();

  return {
    terminal,
    // A turn later, what came is read, also where we were busy for longer than that (see patientTimers).
    settled: sleep(SETTLING_MS).then(() => turn()),
    attach(to) {
      screen = to;
      // The line's end was meant to send it; but nobody had seen yet whom it would be sent to.
      to.typedAhead(ahead.trimEnd());
    },
    close() {
      screen = undefined;
      stdin.off("data", onData);
      stdin.off("end", leave);
      stdin.pause();
      parser.end();
      restore();
      process.off("exit", restore);
      signal?.removeEventListener("abort", leave);
    },
  };
}

/** Text that grows key by key before there is an editor. */
function typedOn(text: string, key: Key): string {
  if (key.name === "backspace") return Array.from(text).slice(0, -1).join("");
  if (key.name === "enter" || (key.name === "j" && key.ctrl)) return `${text}\n`;
  return text + key.text;
}

/** Of a terminal's stream; the types know it of process.stdout alone. */
function descriptorOf(stream: NodeJS.WriteStream & { fd?: number }): number {
  return stream.fd ?? 1;
}
