import type { ChatOptions } from "../options.ts";
import { createKeyParser } from "../terminal/keys.ts";
import { openTerminal, type Terminal } from "../terminal/modes.ts";
import type { Ending } from "./ending.ts";
import type { Screen } from "./screen.ts";

/** The terminal in the session's modes, and its keys on their way to the screen. */
export interface Keyboard {
  readonly terminal: Terminal;
  /** From now on keys go there. */
  attach(screen: Screen): void;
  /** Stops reading and makes the terminal what it was. Idempotent. */
  close(): void;
}

/** Opens the keyboard; the terminal is restored by `close`, and whatever happens when the process exits. */
export function openKeyboard({ stdin, stdout, signal }: ChatOptions, ending: Ending): Keyboard {
  let screen: Screen | undefined;
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
    onKey: guarded((key) => screen?.key(key)),
    onPaste: guarded((text) => screen?.paste(text)),
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
    attach(to) {
      screen = to;
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

/** Of a terminal's stream; the types know it of process.stdout alone. */
function descriptorOf(stream: NodeJS.WriteStream & { fd?: number }): number {
  return stream.fd ?? 1;
}
