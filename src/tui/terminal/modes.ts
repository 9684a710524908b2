import { writeSync } from "node:fs";
import type { Reply } from "./sequences.ts";
import { patientTimers, type Timers } from "./timers.ts";

/** What the terminal answered. */
export type TerminalAnswers = {
  /** It speaks the kitty keyboard protocol, so Shift-Enter is a key of its own. */
  kitty: boolean;
  /** Its secondary device attributes (see reflowOfAnswers). */
  device: string | undefined;
  /** It answered nothing at all. */
  silent: boolean;
};

/** A terminal in raw mode, with bracketed paste. */
export type Terminal = {
  /** Takes what the key parser read as an answer. */
  onReply: (reply: Reply) => void;
  /** Resolves when the terminal has answered all, or after the time-out; it never fails. */
  readonly answers: Promise<TerminalAnswers>;
  /**
   * Makes the terminal what it was: synchronous, idempotent, never throws. For the end of the process in every way
   * (exit, signals, uncaught errors), before an editor, and before SIGTSTP.
   */
  restore(): void;
  /** Sets the modes again after restore(). */
  resume(): void;
};

export type TerminalOptions = {
  stdin: Pick<NodeJS.ReadStream, "setRawMode">;
  /** The descriptor of the terminal, to write to it also while the process ends. */
  fd: number;
  /** Milliseconds to wait for answers (1,000: over a slow line they are late; nothing waits for them). */
  answerTimeout?: number;
  timers?: Timers;
};

const PASTE_ON = "\u001b[?2004h";
const PASTE_OFF = "\u001b[?2004l";
const KITTY_ON = "\u001b[>1u"; // only "disambiguate": text keys go on sending text
const KITTY_OFF = "\u001b[<u";
// Kitty keyboard? Which model? And what every terminal answers, so that we needn't wait for the first two.
const QUESTIONS = "\u001b[?u\u001b[>c\u001b[c";
// An open synchronized block is closed, attributes reset, the cursor shown.
const PLAIN = "\u001b[?2026l\u001b[0m\u001b[?25h";

/** Puts the terminal into the session's modes and asks what it can do. The caller calls restore() at every end. */
export function openTerminal({
  stdin,
  fd,
  answerTimeout = 1000,
  timers = patientTimers,
}: TerminalOptions): Terminal {
  let active = false;
  let kitty = false;
  let device: string | undefined;
  let resolve: (answers: TerminalAnswers) => void = () => {};
  const answers = new Promise<TerminalAnswers>((settle) => {
    resolve = settle;
  });

  const write = (text: string) => writeWhole(fd, text);
  function enter(): void {
    active = true;
    stdin.setRawMode(true);
    write(PASTE_ON + (kitty ? KITTY_ON : ""));
  }

  enter();
  write(QUESTIONS);
  const timer = timers.set(
    () => resolve({ kitty, device, silent: !kitty && device === undefined }),
    answerTimeout,
  );

  return {
    answers,
    onReply(reply) {
      if (reply.kind === "device") device = reply.parameters;
      if (reply.kind === "kitty" && !kitty) {
        kitty = true;
        if (active) write(KITTY_ON);
      }
      if (reply.kind !== "attributes") return;
      timers.clear(timer);
      resolve({ kitty, device, silent: false });
    },
    restore() {
      if (!active) return;
      active = false;
      write(PASTE_OFF + (kitty ? KITTY_OFF : "") + PLAIN);
      try {
        stdin.setRawMode(false);
      } catch {
        // The terminal is gone; there is nothing left to restore.
      }
    },
    resume() {
      if (!active) enter();
    },
  };
}

/** Writes all of it, also to a descriptor that doesn't block; what fails is dropped: the terminal is gone then. */
function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  for (let tries = 0; written < bytes.length && tries < 100; tries++) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
    }
  }
}
