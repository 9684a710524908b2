import { writeSync } from "node:fs";
import type { Background, Reply } from "./sequences.ts";
import { patientTimers, type Timers } from "./timers.ts";

export type TerminalAnswers = {
  /** It supports the kitty keyboard protocol, so Shift-Enter is a key of its own. */
  kitty: boolean;
  /** Its secondary device attributes (see reflowOfAnswers). */
  device: string | undefined;
  /** It answered nothing. */
  silent: boolean;
};

export type Terminal = {
  /** Takes a reply that the key parser has read. */
  onReply: (reply: Reply) => void;
  /** Resolves when the terminal has answered everything, or after a timeout. Never rejects. */
  readonly answers: Promise<TerminalAnswers>;
  /** Not every query has been answered yet. */
  readonly isAsking: boolean;
  /** Undefined as long as the terminal has not told it. */
  readonly background: Background | undefined;
  /** Whether the window has the focus. Undefined as long as the terminal has not told it. */
  readonly hasFocus: boolean | undefined;
  /** Sets the title of the window, if it has one; restore() brings the title before back. The text must be safe. */
  setTitle(text: string): void;
  /**
   * Restores the terminal. Synchronous, idempotent, never throws: for every end of the process (exit, signals, uncaught
   * errors), before an editor, and before SIGTSTP.
   */
  restore(): void;
  /** Sets the modes again after restore(). */
  resume(): void;
};

export type TerminalOptions = {
  stdin: Pick<NodeJS.ReadStream, "setRawMode">;
  /** The file descriptor of the terminal, for synchronous writes while the process exits. */
  fd: number;
  /** Whether to ask for the background (OSC 11). Default: no. */
  asksBackground?: boolean;
  /** Whether its window has a title that can be set. Default: no. */
  hasTitle?: boolean;
  /** Milliseconds to wait for answers (1,000: over a slow connection they are late). */
  answerTimeout?: number;
  timers?: Timers;
};

// Bracketed paste, focus reports.
const MODES_ON = "\u001b[?2004h\u001b[?1004h";
const MODES_OFF = "\u001b[?2004l\u001b[?1004l";
// "Disambiguate" (text keys still send text) and "alternate keys": also the key of a US keyboard, for Ctrl and Alt on
// layouts without Latin letters.
const KITTY_ON = "\u001b[>5u";
const KITTY_OFF = "\u001b[<u";
// XTWINOPS: the terminal keeps the title. One that can't do that shows its own title when it gets an empty one.
const KEEP_TITLE = "\u001b[22;2t";
const OLD_TITLE = "\u001b]2;\u0007\u001b[23;2t";
const ASK_BACKGROUND = "\u001b]11;?\u0007";
// Kitty keyboard protocol, model, primary attributes. Every terminal answers the last one, which ends the wait.
const QUESTIONS = "\u001b[?u\u001b[>c\u001b[c";
// Closes an open synchronized block, resets the attributes, shows the cursor.
const PLAIN = "\u001b[?2026l\u001b[0m\u001b[?25h";

/** Puts the terminal into raw mode with bracketed paste and focus reports, and asks what it supports. The caller must call restore(). */
export function openTerminal({
  stdin,
  fd,
  asksBackground = false,
  hasTitle = false,
  answerTimeout = 1000,
  timers = patientTimers,
}: TerminalOptions): Terminal {
  let active = false;
  let kitty = false;
  let device: string | undefined;
  let background: Background | undefined;
  let hasFocus: boolean | undefined;
  let title: string | undefined;
  let isAsking = true;
  let resolve: (answers: TerminalAnswers) => void = () => {};
  const answers = new Promise<TerminalAnswers>((settle) => {
    resolve = settle;
  });
  const endWait = (isSilent: boolean) => {
    isAsking = false;
    resolve({ kitty, device, silent: isSilent });
  };

  const write = (text: string) => writeWhole(fd, text);
  const writeTitle = () => {
    if (active && hasTitle && title !== undefined) write(`\u001b]2;${title}\u0007`);
  };
  function enter(): void {
    active = true;
    stdin.setRawMode(true);
    write((hasTitle ? KEEP_TITLE : "") + MODES_ON + (kitty ? KITTY_ON : ""));
    writeTitle();
  }

  enter();
  write((asksBackground ? ASK_BACKGROUND : "") + QUESTIONS);
  const timer = timers.set(
    () => endWait(!kitty && device === undefined && background === undefined),
    answerTimeout,
  );

  return {
    answers,
    get isAsking() {
      return isAsking;
    },
    get background() {
      return background;
    },
    get hasFocus() {
      return hasFocus;
    },
    setTitle(text) {
      if (text === title) return;
      title = text;
      writeTitle();
    },
    onReply(reply) {
      if (reply.kind === "focus") hasFocus = reply.has;
      if (reply.kind === "background") background = reply.background;
      if (reply.kind === "device") device = reply.parameters;
      if (reply.kind === "kitty" && !kitty) {
        kitty = true;
        if (active) write(KITTY_ON);
      }
      if (reply.kind !== "attributes") return;
      timers.clear(timer);
      endWait(false);
    },
    restore() {
      if (!active) return;
      active = false;
      try {
        // First, because it stops a process in the background (SIGTTOU), which must write nothing there.
        stdin.setRawMode(false);
      } catch {
        // The terminal has been closed; there is nothing to restore.
      }
      write(MODES_OFF + (kitty ? KITTY_OFF : "") + (hasTitle ? OLD_TITLE : "") + PLAIN);
    },
    resume() {
      if (!active) enter();
    },
  };
}

/** Writes the whole text, also to a non-blocking descriptor. Other errors mean that the terminal has been closed. */
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
