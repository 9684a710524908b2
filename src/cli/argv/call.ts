import type { Places } from "../../client/kept/places.ts";
import type { Output } from "../io/output.ts";
import type { Program } from "./program.ts";
import type { Resolved } from "./resolve.ts";

/** One call of one command, everything read and checked. */
export interface Call extends Resolved {
  /** Its name. */
  command: string;
  /** Behind the command, in their order; the last `literal` of them stood behind `--`. */
  words: readonly string[];
  literal: number;
  program: Program;
  output: Output;
  stdin: NodeJS.ReadStream;
  places: Places;
  /** Why the settings can't tell which server is meant, where nothing else tells it: nobody is to guess. */
  serverFault: string | undefined;
  env: Record<string, string | undefined>;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the reader of stdout has gone. */
  signal: AbortSignal;
  /** From now on SIGINT is this command's own business. */
  spareInterrupts: () => void;
}
