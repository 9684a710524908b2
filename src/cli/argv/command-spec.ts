import type { Call } from "./call.ts";
import type { OptionName } from "./options.ts";

/** What a word names; completion offers what is known of it on this machine. */
export type WordKind = "command" | "conversation" | "setting" | "settingValue" | "folder" | "text";

/** A choice for a command's first word. */
export interface ActionSpec {
  summary: string;
  /** What the words after it name, in their order. */
  words: readonly WordKind[];
}

/** One command: what it takes, what its help shows, and where its work is done (loaded when it is called). */
export interface CommandSpec {
  summary: string;
  /** Its words in the usage line; absent if it takes none. */
  words?: string;
  /** The choices for its first word, in the order of the help. */
  actions?: Readonly<Record<string, ActionSpec>>;
  options: readonly OptionName[];
  /** Its help lists the settings. */
  settings?: true;
  /** The common options that it takes; all by default. */
  common?: readonly OptionName[];
  /** Options without a flag. */
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
