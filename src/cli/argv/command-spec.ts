import type { Call } from "./call.ts";
import type { OptionName } from "./options.ts";

/** What a word names; completion offers what is known of it on this machine. */
export type WordKind = "command" | "conversation" | "setting" | "settingValue" | "folder" | "text";

/** A command's first word, where it is one of a few. */
export interface ActionSpec {
  summary: string;
  /** What the words behind it name, in their order. */
  words: readonly WordKind[];
}

/** One command: what it takes, what its help shows, and where its work is done (loaded when it is called). */
export interface CommandSpec {
  summary: string;
  /** What stands behind it in the usage line; absent where it takes no words. */
  words?: string;
  /** What its first word may be, where it is one of a few; in the order of the help. */
  actions?: Readonly<Record<string, ActionSpec>>;
  options: readonly OptionName[];
  /** Its help lists the settings. */
  settings?: true;
  /** Of the options of every command, those that mean something here; all where it does not say. */
  common?: readonly OptionName[];
  /** Settings that come by environment alone. */
  secrets: readonly OptionName[];
  /** Without the program's name. */
  examples: readonly (readonly [line: string, what: string])[];
  notes?: string;
  /**
   * Milliseconds that it may take to end by itself after a signal; Infinity where it ends by itself in any case.
   */
  grace: number;
  run(): Promise<(call: Call) => Promise<number | void>>;
}
