import type { Choice } from "./finding.ts";
import type { Session } from "./session.ts";
import type { ShownCommand } from "./shown-command.ts";

/**
 * The result of copying a text: `copied` by a tool of this machine; `sent` to the terminal, which does not
 * say whether it accepts it; `tooLarge` for the terminal, and no tool here; `none`: there is no clipboard.
 */
export type Copied = "copied" | "sent" | "tooLarge" | "none";

/** What became of a file; `path` is the whole path, `why` goes on after `PATH can't be written: `. */
export type Written =
  | { kind: "written"; path: string }
  | { kind: "exists"; path: string }
  | { kind: "failed"; path: string; why: string };

/** Files under the names that a person types: `~/` is the home folder, other names are in the working folder. */
export interface TextFiles {
  /** The whole path, if a file has that name. */
  existing(name: string): string | undefined;
  /** Writes a file, for its owner alone if it is new. One that exists is only replaced if `isReplaced`. Never rejects. */
  write(name: string, text: string, isReplaced: boolean): Promise<Written>;
}

/** What a command needs of what shows the session: the drawn one, or the line mode. */
export interface CommandUi {
  /** Prints text, made safe for the terminal. */
  print: (text: string) => void;
  /** Puts text on the clipboard. */
  copy: (text: string) => Promise<Copied>;
  /** Without it, no file can be written. */
  files?: TextFiles | undefined;
  /** The code blocks of an answer, numbered as they are shown. */
  codeBlocks: (markdown: string) => string[];
  /** Clears the screen, if there is one; the scrollback stays. */
  clearScreen: () => void;
  quit: () => void;
  /** Shows conversations to choose from; the chosen one is then resumed. There is at least one. */
  choose: (choices: readonly Choice[]) => void;
  /** Shows models to choose from; there is at least one. */
  chooseModel: (choices: readonly Choice[]) => void;
  /** Shows roles to choose from; there is at least one. */
  chooseRole: (choices: readonly Choice[]) => void;
  /** Opens a file in the user's editor and waits for its end; what went wrong, if anything did. Without it, there is no editor. */
  editFile?: ((path: string) => string | undefined) | undefined;
  /** Shows versions of turns to choose from; the session then goes on with the chosen one. There is at least one. */
  chooseVersion: (choices: readonly Choice[]) => void;
  /** Shows answers and code blocks to choose from; the chosen one is then copied. There are at least two. */
  chooseText: (choices: readonly Choice[]) => void;
  /** The lines of the help about keys. */
  keys: readonly string[];
}

/** A slash command of the session. To add one, add an object to `commands` in commands.ts. */
export interface SessionCommand extends Omit<ShownCommand, "isCompleted"> {
  /** Whether it is not printed above its output: it clears the screen, or has no output. */
  readonly silent?: (session: Session) => boolean;
  /** What it would take away, as a sentence: the face asks before it runs. Undefined: nothing. */
  readonly asks?: (session: Session, argument: string, ui: CommandUi) => string | undefined;
  /** `isAgreed`: the user agreed to what `asks` said. */
  run(session: Session, argument: string, ui: CommandUi, isAgreed?: boolean): Promise<void> | void;
}
