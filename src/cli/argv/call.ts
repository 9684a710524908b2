import type { Places } from "../../client/kept/places.ts";
import type { Output } from "../io/output.ts";
import type { Program } from "./program.ts";
import type { Resolved } from "./resolve.ts";

/**
 * Ends what bin/ai-chat.js began before the program was loaded (docs/session.md#typed-ahead): what was typed since goes to
 * the next reader of stdin. `echo`: it is also shown, and the terminal leaves raw mode.
 */
export type EndReadAhead = (how: { echo: boolean }) => Promise<void>;

/** One call of a command, after its arguments and settings were read and checked. */
export interface Call extends Resolved {
  command: string;
  /** The words after the command. The last `literal` of them came after `--`. */
  words: readonly string[];
  literal: number;
  program: Program;
  output: Output;
  stdin: NodeJS.ReadStream;
  /** Of a session that is drawn: to be called before stdin is read. */
  endReadAhead?: EndReadAhead | undefined;
  places: Places;
  /** Why the default server is not known; then no server may be assumed. */
  serverFault: string | undefined;
  env: Record<string, string | undefined>;
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP, and when stdout is closed by its reader. */
  signal: AbortSignal;
  /** Removes the program's SIGINT handler, so that the command can handle SIGINT. */
  releaseInterrupts: () => void;
  /** Calls `handle` at the second signal, instead of an immediate exit; that is at the third then. Undefined: at the second. */
  onSecondSignal: (handle: (() => void) | undefined) => void;
  /** Calls `handle` at each SIGHUP, also for one that came before, if SIGHUP does not end the command. */
  onHangup: (handle: () => void) => void;
  /** Reads configuration file, key files and settings again. Throws `usage` if they are invalid. */
  readAgain: () => Resolved;
}
