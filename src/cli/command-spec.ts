import type { Call } from "./call.ts";
import type { OptionName } from "./options.ts";

/** One command: what it takes, what its help shows, and where its work is done (loaded when it is called). */
export interface CommandSpec {
  summary: string;
  /** What stands behind it in the usage line; absent where it takes no words. */
  words?: string;
  /** The first of them belongs to the command's name: options may stand behind it. */
  twoWords?: boolean;
  options: readonly OptionName[];
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
