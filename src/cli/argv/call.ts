import type { Places } from "../../client/kept/places.ts";
import type { Output } from "../io/output.ts";
import type { Program } from "./program.ts";
import type { Resolved } from "./resolve.ts";

/** One call of one command, everything read and checked. */
export interface Call extends Resolved {
  /** Its name. */
  command: string;
  /** The words after the command; the last `literal` of them stood after `--`. */
  words: readonly string[];
  literal: number;
  program: Program;
  output: Output;
  stdin: NodeJS.ReadStream;
  places: Places;
  /** Why the default server is not known. Then no server may be guessed. */
  serverFault: string | undefined;
  env: Record<string, string | undefined>;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the reader of stdout has gone. */
  signal: AbortSignal;
  /** Stops the program from handling SIGINT; the command handles it. */
  spareInterrupts: () => void;
}
