import type { Call } from "./call.ts";
import type { OptionName } from "./options.ts";

/** The kind of a word; completion offers the known values of that kind. */
export type WordKind =
  | "command"
  | "conversation"
  | "apiKey"
  | "setting"
  | "settingValue"
  | "folder"
  | "file"
  | "text";

/** A subcommand. */
export interface ActionSpec {
  summary: string;
  /** The kinds of the words after it, in order. */
  words: readonly WordKind[];
  /** The last of its words may come several times. */
  repeats?: true;
}

/** One command: its arguments, its help, and a loader for its code (called only when the command runs). */
export interface CommandSpec {
  summary: string;
  /** Its words in the usage line; absent if it takes none. */
  words?: string;
  /** The subcommands, in the order of the help. */
  actions?: Readonly<Record<string, ActionSpec>>;
  options: readonly OptionName[];
  /** Its help lists the settings. */
  settings?: true;
  /** The common options that the command takes; default: all. */
  common?: readonly OptionName[];
  /** Options without a flag. */
  secrets: readonly OptionName[];
  /** The lines leave out the program's name. */
  examples: readonly (readonly [line: string, what: string])[];
  notes?: string;
  /** Milliseconds that the command may run after a signal; Infinity if it always ends by itself. */
  grace: number;
  run(): Promise<(call: Call) => Promise<number | void>>;
}
