import { codeBlocks } from "../markdown/code-blocks.ts";
import { commands, usage, whileAnswering, type CommandName } from "./commands.ts";
import type { Choice } from "./saving.ts";
import type { Session } from "./session.ts";
import { resumable } from "./state.ts";

/**
 * What became of a text for the clipboard: a tool of this machine took it; the terminal was told, and doesn't say
 * whether it takes it; too much for the terminal, and no tool here; no way at all.
 */
export type Copied = "copied" | "sent" | "tooLarge" | "none";

/** What a command needs of whoever shows the session. */
export interface Hands {
  /** Prints text as it stands, made safe. */
  print: (text: string) => void;
  /** Puts text on the clipboard. */
  copy: (text: string) => Promise<Copied>;
  /** An empty screen, where there is one; nothing of the scrollback is lost. */
  clearScreen: () => void;
  quit: () => void;
  /** Lets a person choose a conversation, which is then resumed. There is at least one. */
  choose: (choices: readonly Choice[]) => void;
  /** Keys that the help tells, as lines. */
  keys: readonly string[];
}

/** Runs one slash command. While an answer is on its way only those that don't touch it. */
export async function runCommand(
  session: Session,
  name: CommandName,
  argument: string,
  hands: Hands,
): Promise<void> {
  if (session.state.phase.kind !== "idle" && !whileAnswering.has(name)) {
    session.note("dim", `/${name} waits until the answer is through; Esc stops it.`);
    return;
  }
  switch (name) {
    case "help":
      return session.note("info", ...helpLines(hands.keys));
    case "new": {
      const left = resumable(session.state);
      session.clear();
      const wayBack = left === undefined ? [] : [`To go on with the last one: /resume ${left}`];
      return session.note("dim", "A new conversation.", ...wayBack);
    }
    case "resume":
      if (argument !== "") return session.saver.resume(argument);
      return offer(session, await session.saver.choices(), "There is no saved conversation here yet.", hands);
    case "search": {
      if (argument === "") return session.note("dim", "/search takes the words to look for.");
      const found = await session.saver.search(argument);
      return offer(session, found, "No saved conversation holds that.", hands);
    }
    case "rename":
      if (argument === "") return session.note("dim", "/rename takes the new title.");
      return session.saver.rename(argument);
    case "edit":
      return session.edit();
    case "server":
      if (argument === "")
        return session.note(
          "info",
          `This is ${session.server}. /server URL talks to another one, /server local to your own.`,
        );
      return session.moveTo(argument);
    case "clear":
      session.clear();
      return hands.clearScreen();
    case "retry":
      return session.retry();
    case "copy":
      return copy(session, argument, hands);
    case "raw":
      return session.state.answer === ""
        ? session.note("dim", "There is no answer yet.")
        : hands.print(session.state.answer);
    case "balance":
      return session.account.show();
    case "usage":
      return session.account.showUsage(argument);
    case "login":
      return session.openForm();
    case "logout":
      return session.account.logOut();
    case "quit":
      return hands.quit();
  }
}

function offer(session: Session, choices: readonly Choice[], none: string, hands: Hands): void {
  if (choices.length === 0) session.note("dim", none);
  else hands.choose(choices);
}

function helpLines(keys: readonly string[]): string[] {
  const widest = Math.max(...commands.map((command) => usage(command).length));
  const rows = commands.map((command) => `${usage(command).padEnd(widest)}  ${command.help}`);
  return [...rows, `${"//text".padEnd(widest)}  a question that begins with a slash`, ...keys];
}

async function copy(session: Session, argument: string, hands: Hands): Promise<void> {
  const { answer } = session.state;
  if (answer === "") return session.note("dim", "There is no answer to copy yet.");
  const blocks = codeBlocks(answer);
  const text = argument === "" ? answer : blocks[Number(argument) - 1];
  if (text === undefined) {
    if (blocks.length === 0)
      return session.note("warn", "The last answer has no code block; /copy takes it whole.");
    const many = blocks.length === 1 ? "1 code block" : `${blocks.length} code blocks`;
    return session.note("warn", `The last answer has ${many}: /copy takes a number of one.`);
  }
  const what = argument === "" ? "the answer" : `code block ${Number(argument)}`;
  const outcome = await hands.copy(text);
  session.note(outcome === "copied" || outcome === "sent" ? "dim" : "warn", copyWords[outcome](what));
}

const copyWords: Record<Copied, (what: string) => string> = {
  copied: (what) => `Copied ${what}.`,
  sent: (what) =>
    `Sent ${what} to your terminal's clipboard; if it isn't there, the terminal doesn't allow it: /raw prints the answer.`,
  tooLarge: (what) => `No clipboard here takes as much as ${what}; /raw prints the answer.`,
  none: () => "The clipboard can't be reached from here; /raw prints the answer.",
};
